//! Many handshakes at once, most of which never finish. A test program of its own, because it opens
//! almost as many files as a process may have by default.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/mod.rs"]
#[allow(dead_code, unused_macros, unused_imports)]
mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use miniws_tokio::{Accept, Config, Error, HandshakeError, Server, connect};
use support::{listen, once, run, text, wire};
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::yield_now;
use tokio::time::Instant;

/// They are all there before the good one comes, each with a part of its request.
#[test]
fn five_hundred_that_never_finish_do_not_hold_up_a_good_one() {
    run(async {
        let (mut listener, url) = listen(Server::new()).await;
        let mut stalled = Vec::new();
        for count in 0..500 {
            let mut stream = TcpStream::connect(listener.local_addr()).await.unwrap();
            let request = wire::request("");
            wire::write(&mut stream, &request[..count % request.len()]).await;
            stalled.push(stream);
            // The listener takes them in while it is waited for.
            assert!(once(listener.accept()).await.is_none());
        }
        let start = Instant::now();
        let (server, client) = tokio::join!(listener.accept(), connect(&url));
        let (mut server, mut client) = (server.unwrap().unwrap(), client.unwrap());
        client.send("at last").await.unwrap();
        assert_eq!(text(server.recv().await.unwrap()), "at last");
        assert!(start.elapsed() < Duration::from_secs(5));
        drop(stalled);
    });
}

/// The others wait in the backlog, and come in as soon as there is a place.
#[test]
fn their_number_is_bounded() {
    run(async {
        let (entered, mut has_entered) = mpsc::unbounded_channel();
        let released = Arc::new(Semaphore::new(0));
        let release = released.clone();
        let inside = Arc::new(AtomicUsize::new(0));
        let most = Arc::new(AtomicUsize::new(0));
        let seen = most.clone();
        let server = Server::new().max_handshakes(4).verify(move |_| {
            let (entered, released) = (entered.clone(), released.clone());
            let (inside, most) = (inside.clone(), most.clone());
            async move {
                most.fetch_max(inside.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                entered.send(()).unwrap();
                released.acquire().await.unwrap().forget();
                inside.fetch_sub(1, Ordering::SeqCst);
                Ok(Accept::new())
            }
        });
        let (mut listener, _) = listen(server).await;
        let mut peers = Vec::new();
        for _ in 0..10 {
            let mut peer = TcpStream::connect(listener.local_addr()).await.unwrap();
            wire::write(&mut peer, wire::request("")).await;
            peers.push(peer);
        }
        let mut accepted = 0;
        for round in 0..10 {
            let expected = 10.min(round + 4);
            let mut inside_now = round;
            while inside_now + has_entered.len() < expected || accepted < round {
                if let Some(socket) = once(listener.accept()).await {
                    socket.unwrap().unwrap();
                    accepted += 1;
                }
                yield_now().await;
            }
            inside_now += has_entered.len();
            assert_eq!(inside_now, expected);
            has_entered.recv().await.unwrap();
            release.add_permits(1);
        }
        while accepted < 10 {
            listener.accept().await.unwrap().unwrap();
            accepted += 1;
        }
        assert_eq!(seen.load(Ordering::SeqCst), 4);
    });
}

/// When all places are taken by those that never finish, the deadline frees them.
#[test]
fn the_deadline_makes_room() {
    run(async {
        let server = Server::new()
            .max_handshakes(4)
            .config(Config::default().handshake_timeout(Duration::from_millis(200)));
        let (mut listener, url) = listen(server).await;
        let mut stalled = Vec::new();
        for _ in 0..8 {
            stalled.push(TcpStream::connect(listener.local_addr()).await.unwrap());
        }
        let client = tokio::spawn(async move { connect(&url).await });
        let mut timed_out = 0;
        loop {
            match listener.accept().await.unwrap() {
                Ok(_) => break,
                Err(Error::Handshake(HandshakeError::Timeout)) => timed_out += 1,
                Err(error) => panic!("{error}"),
            }
        }
        assert!(timed_out >= 4, "{timed_out}");
        client.await.unwrap().unwrap();
    });
}
