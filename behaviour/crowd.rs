//! Many handshakes at once, most of which never finish.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_channel::unbounded;

use super::support::alone::alone;
use super::support::{dial, join, listen, once, run, spawn, text, wire, yield_now};
use crate::miniws::{Accept, Config, Error, HandshakeError, Server, connect};
use crate::runtime::Instant;

/// They are all there before the good one comes, each with a part of its request. Together they are
/// almost as many files as a process may have open by default.
#[test]
fn five_hundred_that_never_finish_do_not_hold_up_a_good_one() {
    let test = async {
        let (mut listener, url) = listen(Server::new()).await;
        let mut stalled = Vec::new();
        for count in 0..500 {
            let mut stream = dial(listener.local_addr()).await;
            let request = wire::request("");
            wire::write(&mut stream, &request[..count % request.len()]).await;
            stalled.push(stream);
            // The listener takes them in while it is waited for.
            assert!(once(listener.accept()).await.is_none());
        }
        let start = Instant::now();
        let (server, client) = join(listener.accept(), connect(&url)).await;
        let (mut server, mut client) = (server.unwrap().unwrap(), client.unwrap());
        client.send("at last").await.unwrap();
        assert_eq!(text(server.recv().await.unwrap()), "at last");
        assert!(start.elapsed() < Duration::from_secs(5));
        drop(stalled);
    };
    alone(
        "crowd::five_hundred_that_never_finish_do_not_hold_up_a_good_one",
        || run(test),
    );
}

/// The others wait in the backlog, and come in as soon as there is a place.
#[test]
fn their_number_is_bounded() {
    run(async {
        let (entered, has_entered) = unbounded();
        let (release, released) = unbounded();
        let inside = Arc::new(AtomicUsize::new(0));
        let most = Arc::new(AtomicUsize::new(0));
        let seen = most.clone();
        let server = Server::new().max_handshakes(4).verify(move |_| {
            let (entered, released) = (entered.clone(), released.clone());
            let (inside, most) = (inside.clone(), most.clone());
            async move {
                most.fetch_max(inside.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                entered.try_send(()).unwrap();
                released.recv().await.unwrap();
                inside.fetch_sub(1, Ordering::SeqCst);
                Ok(Accept::new())
            }
        });
        let (mut listener, _) = listen(server).await;
        let mut peers = Vec::new();
        for _ in 0..10 {
            let mut peer = dial(listener.local_addr()).await;
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
            release.try_send(()).unwrap();
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
            stalled.push(dial(listener.local_addr()).await);
        }
        let client = spawn(async move { connect(&url).await });
        let mut timed_out = 0;
        loop {
            match listener.accept().await.unwrap() {
                Ok(_) => break,
                Err(Error::Handshake(HandshakeError::Timeout)) => timed_out += 1,
                Err(error) => panic!("{error}"),
            }
        }
        assert!(timed_out >= 4, "{timed_out}");
        client.await.unwrap();
    });
}
