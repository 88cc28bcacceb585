//! A server's handshake has one deadline for all that it waits for from its client.

#![allow(clippy::unwrap_used)]

use std::time::Duration;

use miniws_tokio::{Accept, Config, Error, HandshakeError, Reply, Server};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::time::{Instant, sleep};

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    Sec-WebSocket-Version: 13\r\n\r\n";

/// The pipe takes less than an answer has.
const PIPE: usize = 16;

fn server() -> Server {
    Server::new().config(Config::default().handshake_timeout(Duration::from_secs(10)))
}

/// A client that is slow to send its request.
async fn request_late(stream: &mut DuplexStream) {
    let (late, last) = REQUEST.split_at(REQUEST.len() - 1);
    stream.write_all(late).await.unwrap();
    sleep(Duration::from_secs(9)).await;
    stream.write_all(last).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn reading_and_writing_have_one_deadline() {
    let (near, mut far) = tokio::io::duplex(PIPE);
    let begun = Instant::now();
    let server = server();
    let (accepted, ()) = tokio::join!(server.accept(near), request_late(&mut far));
    let failed = accepted.unwrap_err();
    assert!(matches!(failed, Error::Handshake(HandshakeError::Timeout)));
    assert_eq!(begun.elapsed().as_secs(), 10);
}

#[tokio::test(start_paused = true)]
async fn the_time_to_decide_does_not_count() {
    let (near, mut far) = tokio::io::duplex(PIPE);
    let begun = Instant::now();
    let server = server().verify(|_| async {
        sleep(Duration::from_secs(100)).await;
        Ok(Accept::new())
    });
    let (accepted, ()) = tokio::join!(server.accept(near), request_late(&mut far));
    assert!(accepted.is_err());
    assert_eq!(begun.elapsed().as_secs(), 110);
}

/// One that doesn't read its refusal.
#[tokio::test(start_paused = true)]
async fn a_refusal_has_the_same_deadline() {
    let (near, mut far) = tokio::io::duplex(PIPE);
    let begun = Instant::now();
    let server = server().verify(|_| async { Err(Reply::new(403)) });
    let (accepted, ()) = tokio::join!(server.accept(near), request_late(&mut far));
    assert!(accepted.is_err());
    assert_eq!(begun.elapsed().as_secs(), 10);
}

/// One that reads it, and doesn't end the connection.
#[tokio::test(start_paused = true)]
async fn a_second_more_to_take_note_of_a_refusal() {
    let (near, mut far) = tokio::io::duplex(PIPE);
    let begun = Instant::now();
    let client = async {
        far.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
        sleep(Duration::from_secs(9)).await;
        far.write_all(b"not a header\r\n\r\n").await.unwrap();
        let mut answer = String::new();
        far.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    };
    let server = server();
    let (accepted, ()) = tokio::join!(server.accept(near), client);
    assert!(accepted.is_err());
    assert_eq!(begun.elapsed().as_secs(), 10);
}
