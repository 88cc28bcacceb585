//! A server without any setting is safe. Its deadlines are in `tests/on_tokio/defaults.rs`, where the
//! clock makes them quick to see, and for the other runtimes in `conformance/hostile`.

use super::support::wire::{self, BINARY, request};
use super::support::{Pipe, join, kind, pipe, run};
use crate::miniws::{
    Accept, Attempt, Error, ReceiveErrorKind, Reply, SendError, Server, WebSocket,
};
use crate::runtime::end;

const MIB: u64 = 1 << 20;

/// What a server answers.
async fn status(server: &Server, head: &str) -> String {
    let (stream, mut peer) = pipe(64 << 10);
    wire::write(&mut peer, head).await;
    let answer = async {
        let head = wire::read_head(&mut peer).await;
        drop(peer);
        head
    };
    let (_, answer) = join(server.accept(stream), answer).await;
    answer[9..12].to_owned()
}

async fn accepted() -> (WebSocket<Pipe>, Pipe) {
    let (stream, mut peer) = pipe(1 << 20);
    wire::write(&mut peer, request("")).await;
    let server = Server::new();
    let (socket, _) = join(server.accept(stream), wire::read_head(&mut peer)).await;
    (socket.unwrap(), peer)
}

/// A header of a client's frame with a length of 64 bits.
fn announced(first: u8, len: u64) -> Vec<u8> {
    [&[first, 0xff][..], &len.to_be_bytes(), &[0; 4]].concat()
}

#[test]
fn a_head_has_16_kib_at_most() {
    run(async {
        let padding = (16 << 10) - request("X: \r\n").len();
        for (padding, expected) in [(padding, "101"), (padding + 1, "431")] {
            let head = request(&format!("X: {}\r\n", "x".repeat(padding)));
            assert_eq!(status(&Server::new(), &head).await, expected);
        }
    });
}

#[test]
fn a_head_has_100_fields_at_most() {
    run(async {
        let own = request("").matches(": ").count();
        for (further, expected) in [(100 - own, "101"), (101 - own, "431")] {
            let head = request(&"X: y\r\n".repeat(further));
            assert_eq!(status(&Server::new(), &head).await, expected);
        }
    });
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
    run(async {
        for (frames, expected) in [
            (announced(0x80 | BINARY, 16 * MIB), ConnectionLost),
            (announced(0x80 | BINARY, 16 * MIB + 1), FrameTooLarge),
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
            let (mut socket, mut peer) = accepted().await;
            wire::write(&mut peer, frames).await;
            end(&mut peer).await.unwrap();
            assert_eq!(kind(socket.recv().await), expected);
        }
    });
}

#[test]
fn a_mebibyte_waits_to_be_sent_at_most() {
    run(async {
        let (mut socket, _peer) = accepted().await;
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
    });
}

/// As the documentation of `Request::is_same_origin` says.
#[test]
fn a_foreign_origin_can_be_refused() {
    run(async {
        let server = Server::new().verify(|attempt: Attempt| async move {
            match attempt.request().is_same_origin() {
                true => Ok(Accept::new()),
                false => Err(Reply::default()),
            }
        });
        for (origin, expected) in [
            ("http://example.org", "101"),
            ("http://example.com", "403"),
            ("null", "403"),
        ] {
            let head = request(&format!("Origin: {origin}\r\n"));
            assert_eq!(status(&server, &head).await, expected, "{origin}");
        }
    });
}
