use std::net::{Ipv4Addr, Ipv6Addr, TcpListener as StdListener, TcpStream as StdStream};
use std::time::Duration;

use tokio::time::Instant;

use super::*;

fn live() -> (SocketAddr, StdListener) {
    let listener = StdListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    (listener.local_addr().unwrap(), listener)
}

fn refusing() -> SocketAddr {
    live().0
}

/// An IPv6 address where nobody answers: its backlog is full.
async fn dead() -> (SocketAddr, TcpListener, Vec<StdStream>) {
    let listener = listen((Ipv6Addr::LOCALHOST, 0), 1).await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut waiting = Vec::new();
    while let Ok(stream) = StdStream::connect_timeout(&address, Duration::from_millis(200)) {
        waiting.push(stream);
    }
    (address, listener, waiting)
}

/// RFC 8305 section 5: an address that leads nowhere costs a quarter of a second, not its timeout.
#[tokio::test(start_paused = true)]
async fn a_dead_address_is_overtaken() {
    let (dead, _listener, _waiting) = dead().await;
    let (live, _live_listener) = live();
    let start = Instant::now();
    let stream = race(vec![dead, live], None).await.unwrap();
    assert_eq!(stream.peer_addr().unwrap(), live);
    assert_eq!(start.elapsed(), ATTEMPT_DELAY);
}

/// An address that is refused costs nothing: eight of them would take two seconds otherwise.
#[tokio::test]
async fn a_refusal_is_not_waited_for() {
    let (live, _listener) = live();
    let mut addresses: Vec<_> = (0..8).map(|_| refusing()).collect();
    addresses.push(live);
    let start = Instant::now();
    let stream = race(addresses, None).await.unwrap();
    assert_eq!(stream.peer_addr().unwrap(), live);
    assert!(start.elapsed() < Duration::from_millis(1500));
}

#[tokio::test]
async fn the_last_failure_is_told() {
    let error = race(vec![refusing(), refusing()], None).await;
    assert_eq!(error.unwrap_err().kind(), io::ErrorKind::ConnectionRefused);
    let error = race(Vec::new(), None).await;
    assert_eq!(error.unwrap_err().kind(), io::ErrorKind::AddrNotAvailable);
}

/// Addresses of the other family can't be reached from the local address, and are passed over.
#[tokio::test]
async fn the_local_address_decides_on_the_family() {
    let (live, _listener) = live();
    let other = StdListener::bind((Ipv6Addr::LOCALHOST, 0)).unwrap();
    let addresses = vec![other.local_addr().unwrap(), live];
    let local = Ipv4Addr::LOCALHOST.into();
    let stream = race(addresses, Some(local)).await.unwrap();
    assert_eq!(stream.peer_addr().unwrap(), live);
}
