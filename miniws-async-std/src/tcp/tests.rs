//! Reaching a host that has several addresses, with addresses that do what a test needs.

use std::net::{Ipv4Addr, TcpListener};
use std::time::{Duration, Instant};

use super::*;
use crate::bind::bind;

/// A listener that accepts.
fn reachable() -> (SocketAddr, TcpListener) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    (listener.local_addr().unwrap(), listener)
}

/// An address where nobody listens.
fn refusing() -> SocketAddr {
    reachable().0
}

/// A listener whose backlog is full, so that whoever else connects is never answered.
fn silent() -> (SocketAddr, TcpListener, Vec<TcpStream>) {
    let listener = bind([SocketAddr::from((Ipv4Addr::LOCALHOST, 0))], 1).unwrap();
    let address = listener.local_addr().unwrap();
    let mut waiting = Vec::new();
    while let Ok(stream) = TcpStream::connect_timeout(&address, Duration::from_millis(200)) {
        waiting.push(stream);
    }
    (address, listener, waiting)
}

fn race(addresses: impl Into<Vec<SocketAddr>>) -> (io::Result<SocketAddr>, Duration) {
    let start = Instant::now();
    let won = futures_lite::future::block_on(super::race(addresses.into(), None));
    let address = won.and_then(|stream| stream.get_ref().peer_addr());
    (address, start.elapsed())
}

#[test]
fn the_first_is_taken_when_it_answers() {
    let ((first, _first), (second, second_listener)) = (reachable(), reachable());
    assert_eq!(race([first, second]).0.unwrap(), first);
    second_listener.set_nonblocking(true).unwrap();
    let untouched = second_listener.accept().unwrap_err();
    assert_eq!(untouched.kind(), io::ErrorKind::WouldBlock);
}

/// RFC 8305 section 5: the next attempt begins a quarter of a second after the one before.
#[test]
fn one_that_is_silent_costs_a_quarter_of_a_second() {
    let ((first, _first, _waiting), (second, _second)) = (silent(), reachable());
    let (won, took) = race([first, second]);
    assert_eq!(won.unwrap(), second);
    assert!(took >= ATTEMPT_DELAY, "{took:?}");
    assert!(took < 20 * ATTEMPT_DELAY, "{took:?}");
}

#[test]
fn one_that_refuses_costs_nothing() {
    let ((last, _last), refusing) = (reachable(), refusing());
    let mut addresses = vec![refusing; 20];
    addresses.push(last);
    let (won, took) = race(addresses);
    assert_eq!(won.unwrap(), last);
    assert!(took < 20 * ATTEMPT_DELAY, "{took:?}");
}

#[test]
fn when_all_fail_the_last_failure_is_told() {
    let refused = race([refusing(), refusing()]).0.unwrap_err();
    assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
    let none = race([]).0.unwrap_err();
    assert_eq!(none.kind(), io::ErrorKind::AddrNotAvailable);
}

#[test]
fn the_first_address_that_can_be_had_is_listened_on() {
    let (taken, _listener) = reachable();
    let free = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let listener = bind([taken, free], 1).unwrap();
    assert_ne!(listener.local_addr().unwrap(), taken);
    assert!(bind([taken], 1).is_err());
    assert!(bind([], 1).is_err());
}
