//! A server on a machine that is out of descriptors: in a process that may have few.

use std::fs::File;
use std::io::Write;
use std::net::TcpStream;
use std::pin::pin;
use std::time::Duration;

use async_channel::{Sender, unbounded};

use super::support::alone::alone_with_files;
use super::support::{assert_took, join, listen, once, run, run_on_test_clock, wire, yield_now};
use crate::miniws::{Accept, Listener, Server, connect};
use crate::runtime::Instant;

/// A listener with a handshake under way, which is done when it is released.
async fn with_a_handshake() -> (Listener, String, Sender<()>, TcpStream) {
    let (enter, entered) = unbounded();
    let (release, released) = unbounded();
    let server = Server::new().verify(move |_| {
        let _ = enter.try_send(()); // Only the first is waited for.
        let released = released.clone();
        async move {
            released.recv().await.unwrap();
            Ok(Accept::new())
        }
    });
    let (mut listener, url) = listen(server).await;
    let mut peer = TcpStream::connect(listener.local_addr()).unwrap();
    peer.write_all(wire::request("").as_bytes()).unwrap();
    while entered.is_empty() {
        assert!(once(listener.accept()).await.is_none());
        yield_now().await;
    }
    (listener, url, release, peer)
}

/// All the descriptors that there are.
fn take_all() -> Vec<File> {
    std::iter::from_fn(|| File::open("/dev/null").ok()).collect()
}

/// It neither gives up nor spins: it tries again after a while, and handshakes go on meanwhile.
#[test]
fn it_waits_for_better_times() {
    let test = async {
        let (mut listener, url, release, under_way) = with_a_handshake().await;
        let waiting = TcpStream::connect(listener.local_addr()).unwrap();
        let taken = take_all();
        // If it spun, this would not return.
        for _ in 0..10 {
            assert!(once(listener.accept()).await.is_none());
            yield_now().await;
        }
        release.try_send(()).unwrap();
        assert!(listener.accept().await.unwrap().is_ok());

        drop((taken, waiting, under_way));
        assert!(
            listener.accept().await.unwrap().is_err(),
            "the one that waited has gone"
        );
        release.try_send(()).unwrap();
        let (server, client) = join(listener.accept(), connect(&url)).await;
        assert!(server.unwrap().is_ok() && client.is_ok());
    };
    alone_with_files(64, "exhausted::it_waits_for_better_times", || run(test));
}

/// Who waits for better times is told of a handshake as soon as that is done.
#[test]
fn a_handshake_does_not_wait_for_better_times() {
    let test = async {
        let (mut listener, _, release, _under_way) = with_a_handshake().await;
        let _waiting = TcpStream::connect(listener.local_addr()).unwrap();
        let _taken = take_all();
        let mut accepting = pin!(listener.accept());
        // It takes some turns until the runtime has noticed that somebody waits.
        for _ in 0..500 {
            assert!(once(accepting.as_mut()).await.is_none());
            yield_now().await;
        }
        release.try_send(()).unwrap();
        let start = Instant::now();
        assert!(accepting.await.unwrap().is_ok());
        assert_took(start, Duration::ZERO);
    };
    alone_with_files(
        64,
        "exhausted::a_handshake_does_not_wait_for_better_times",
        || run_on_test_clock(test),
    );
}
