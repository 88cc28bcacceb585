//! A server without any setting is safe. Its deadlines, and how many handshakes may be under way, are
//! seen in `conformance/hostile`, which has the time.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, missing_docs)]

mod common;

use std::io::Write;

use common::pipe::{self, Pipe};
use common::{read_head, receive_error, spawn, upgrade_request};
use miniws_blocking::{
    Accept, Error, ReceiveErrorKind, Reply, SendError, Server, Stream, WebSocket,
};

const MIB: u64 = 1 << 20;

/// What a server answers.
fn status(server: &Server, head: &str) -> String {
    let (stream, mut peer) = pipe::pair();
    peer.write_all(head.as_bytes()).unwrap();
    let server = server.clone();
    let accepting = spawn(move || drop(server.accept(stream)));
    let answer = read_head(&mut peer);
    drop(peer);
    accepting.join();
    answer[9..12].to_owned()
}

fn accepted() -> (WebSocket<Pipe>, Pipe) {
    let (stream, mut peer) = pipe::pair();
    peer.write_all(upgrade_request("").as_bytes()).unwrap();
    let socket = Server::new().accept(stream).unwrap();
    read_head(&mut peer);
    (socket, peer)
}

/// A header of a client's frame with a length of 64 bits.
fn announced(first: u8, len: u64) -> Vec<u8> {
    [&[first, 0xff][..], &len.to_be_bytes(), &[0; 4]].concat()
}

#[test]
fn a_head_has_16_kib_at_most() {
    let padding = (16 << 10) - upgrade_request("X: \r\n").len();
    for (padding, expected) in [(padding, "101"), (padding + 1, "431")] {
        let head = upgrade_request(&format!("X: {}\r\n", "x".repeat(padding)));
        assert_eq!(status(&Server::new(), &head), expected);
    }
}

#[test]
fn a_head_has_100_fields_at_most() {
    let own = upgrade_request("").matches(": ").count();
    for (further, expected) in [(100 - own, "101"), (101 - own, "431")] {
        let head = upgrade_request(&"X: y\r\n".repeat(further));
        assert_eq!(status(&Server::new(), &head), expected);
    }
}

#[test]
fn a_message_has_16_mib_and_131072_frames_at_most() {
    use ReceiveErrorKind::*;

    let begun = b"\x01\x81\0\0\0\0x";
    let empty = |frames: usize| {
        [
            &b"\x01\x80\0\0\0\0"[..],
            &b"\0\x80\0\0\0\0".repeat(frames - 1),
        ]
        .concat()
    };
    for (frames, expected) in [
        (announced(0x82, 16 * MIB), ConnectionLost),
        (announced(0x82, 16 * MIB + 1), FrameTooLarge),
        (
            [&begun[..], &announced(0, 16 * MIB - 1)].concat(),
            ConnectionLost,
        ),
        (
            [&begun[..], &announced(0, 16 * MIB)].concat(),
            MessageTooLarge,
        ),
        (empty(1 << 17), ConnectionLost),
        (empty((1 << 17) + 1), TooManyFragments),
    ] {
        let (mut socket, mut peer) = accepted();
        peer.write_all(&frames).unwrap();
        peer.shutdown_write().unwrap();
        assert_eq!(receive_error(socket.recv().unwrap_err()), expected);
    }
}

#[test]
fn a_mebibyte_waits_to_be_sent_at_most() {
    let (mut socket, _peer) = accepted();
    let kibibyte = vec![0; 1 << 10];
    let mut fed = 0;
    let refused = loop {
        match socket.feed(kibibyte.clone()) {
            Ok(()) => fed += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(refused, Error::Send(SendError::Full(_))));
    assert!((1020..=1022).contains(&fed), "{fed} KiB");
}

/// As the documentation of `Request::is_same_origin` says.
#[test]
fn a_foreign_origin_can_be_refused() {
    let server = Server::new().verify(|attempt| match attempt.request().is_same_origin() {
        true => Ok(Accept::new()),
        false => Err(Reply::default()),
    });
    for (origin, expected) in [
        ("http://example.org", "101"),
        ("http://example.com", "403"),
        ("null", "403"),
    ] {
        let head = upgrade_request(&format!("Origin: {origin}\r\n"));
        assert_eq!(status(&server, &head), expected, "{origin}");
    }
}
