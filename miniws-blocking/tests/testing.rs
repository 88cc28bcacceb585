//! What applications test their handlers with.

#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic)]

mod common;

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use common::{echo, receive_error, spawn, text};
use miniws_blocking::testing::{self, Peer};
use miniws_blocking::{
    Accept, Attempt, Client, Config, Error, Event, HandshakeError, ReceiveErrorKind, Reply, Server,
};

const TICK: Duration = Duration::from_millis(50);

#[test]
fn a_conversation_with_a_server() {
    let (socket, mut peer) = testing::server();
    let echoing = spawn(|| echo(socket));
    peer.send("hello");
    peer.expect("hello");
    peer.ping("are you there?");
    assert_eq!(peer.recv(), Some(Event::Pong("are you there?".into())));
    peer.close();
    echoing.join().unwrap();
    assert_eq!(
        peer.transcript(),
        "sent text \"hello\"\ngot text \"hello\"\n\
         sent ping b\"are you there?\"\ngot pong b\"are you there?\"\n\
         sent close 1000 \"\"\ngot close 1000 \"\"\ngot the end\n"
    );
}

/// No close waits for the close timeout.
#[test]
fn a_conversation_with_a_client() {
    let (mut socket, mut peer) = testing::client();
    let start = Instant::now();
    let client = spawn(move || {
        socket.send("hello").unwrap();
        socket.close_with(4000.into(), "done").unwrap()
    });
    assert_eq!(peer.recv_message().as_text(), Some("hello"));
    assert_eq!(peer.expect_close(4000), "done");
    assert!(client.join().clean);
    assert!(start.elapsed() < Duration::from_secs(5));
}

#[test]
fn two_websockets() {
    let (mut server, mut client) = testing::pair();
    server.send("down").unwrap();
    client.send("up").unwrap();
    assert_eq!(text(server.recv().unwrap()), "up");
    assert_eq!(text(client.recv().unwrap()), "down");
}

#[test]
fn what_the_handshake_agrees_on() {
    let server = Server::new()
        .subprotocols(["chat"])
        .verify(
            |attempt: Attempt| match attempt.request().headers().get("X-Name") {
                Some(name) => Ok(Accept::new().user_data(Arc::new(name.to_owned()))),
                None => Err(Reply::new(401).body("who are you?")),
            },
        );
    let client = || Client::new("ws://test/").subprotocol("chat");
    let (accepted, connected) =
        testing::connect(&server, client().header("X-Name", "ada")).unwrap();
    assert_eq!(*accepted.user_data::<String>().unwrap(), "ada");
    assert_eq!(connected.subprotocol(), Some("chat"));

    let refused = testing::connect(&server, client()).unwrap_err();
    let Error::Handshake(HandshakeError::Refused(response)) = refused else {
        panic!("{refused}");
    };
    assert_eq!(
        (response.status(), response.body()),
        (401, &b"who are you?"[..])
    );
}

#[test]
fn what_went_wrong_is_told() {
    let told = |script: &dyn Fn(Peer)| -> String {
        let (mut socket, mut peer) = testing::server();
        peer.patience(TICK);
        socket.send("hallo").unwrap();
        let failed = catch_unwind(AssertUnwindSafe(|| script(peer))).unwrap_err();
        *failed.downcast().unwrap()
    };
    let line = line!() + 1;
    let wrong = told(&|mut peer| peer.expect("hello"));
    assert!(wrong.contains(&format!("{}:{line}:", file!())), "{wrong}");
    assert!(
        wrong.contains("expected text \"hello\", got text \"hallo\"\n"),
        "{wrong}"
    );

    let nothing = told(&|mut peer| {
        peer.expect("hallo");
        peer.expect_end();
    });
    assert!(
        nothing.contains("expected the end, got nothing for 50ms\n"),
        "{nothing}"
    );
    assert!(nothing.ends_with("got text \"hallo\"\n"), "{nothing}");
}

#[test]
fn a_bad_frame_half_a_frame_and_a_reset() {
    let (mut socket, mut peer) = testing::server();
    let receiving = spawn(move || socket.recv().unwrap_err());
    peer.write_frame(0x83, b"");
    peer.expect_close(1002);
    peer.expect_end();
    let kind = receive_error(receiving.join());
    assert_eq!(kind, ReceiveErrorKind::ReservedOpcode(3));

    let (mut socket, mut peer) = testing::server();
    peer.write(b"\x81\x85\0\0");
    peer.shutdown();
    let kind = receive_error(socket.recv().unwrap_err());
    assert_eq!(kind, ReceiveErrorKind::ConnectionLost);

    let (mut socket, mut peer) = testing::server();
    peer.reset();
    let Err(Error::Io(error)) = socket.recv() else {
        panic!("a reset is an error");
    };
    assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
}

#[test]
fn a_peer_that_does_not_read() {
    let (ours, theirs) = testing::pipe(1000);
    let client = spawn(|| Client::new("ws://test/").handshake(theirs));
    let mut server = Server::new().accept(ours).unwrap();
    let mut peer = Peer::from(client.join().unwrap());
    let sending = spawn(move || server.send(vec![7; 1001]).map(|()| server));
    assert!(!sending.is_done_within(TICK));
    peer.expect(vec![7; 1001]);
    drop(sending.join().unwrap());
    peer.expect_end();
}

#[test]
fn a_peer_that_does_not_answer() {
    let config = Config::default().keep_alive(Some(TICK)).pong_timeout(TICK);
    let server = Server::new().config(config);
    let (mut socket, client) = testing::connect(&server, Client::new("ws://test/")).unwrap();
    let receiving = spawn(move || socket.recv().unwrap_err());
    let mut peer = Peer::from(client);
    peer.answers(false);
    assert!(matches!(peer.recv(), Some(Event::Ping(_))));
    let kind = receive_error(receiving.join());
    assert_eq!(kind, ReceiveErrorKind::PongTimeout);
}

#[test]
fn pings_are_passed_over_and_answered() {
    let config = Config::default()
        .keep_alive(Some(TICK))
        .pong_timeout(10 * TICK);
    let server = Server::new().config(config);
    let (socket, client) = testing::connect(&server, Client::new("ws://test/")).unwrap();
    let echoing = spawn(|| echo(socket));
    let mut peer = Peer::from(client);
    peer.expect_silence(20 * TICK);
    peer.send("still there");
    peer.expect("still there");
    peer.close();
    echoing.join().unwrap();
}

#[test]
fn halves_in_two_threads() {
    let (socket, mut peer) = testing::server();
    let (sender, mut receiver) = socket.split();
    let receiving = spawn(move || while let Ok(Some(_)) = receiver.recv() {});
    sender.send("from a half").unwrap();
    peer.expect("from a half");
    peer.close();
    receiving.join();
}
