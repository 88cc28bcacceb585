//! How long things take by default. Only tokio has a clock that makes this quick to see.

use std::time::Duration;

use crate::behaviour::support::wire::{self, CLOSE, PING};
use crate::behaviour::support::{
    assert_took, calm, client_and_peer, join, kind, pipe, run_on_test_clock, server,
    server_and_peer, timeout,
};
use crate::miniws::{Client, Config, Error, HandshakeError, ReceiveErrorKind, Server};
use crate::runtime::Instant;

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn a_ping_after_30_seconds_of_silence_and_20_for_its_answer() {
    run_on_test_clock(async {
        for (mut socket, mut peer) in [
            server_and_peer(Config::default()),
            client_and_peer(Config::default()),
        ] {
            let start = Instant::now();
            let pinged = async {
                assert_eq!(wire::read_frame(&mut peer).await.0, 0x80 | PING);
                assert_took(start, 30 * SECOND);
            };
            let (failed, ()) = join(socket.recv(), pinged).await;
            assert_eq!(kind(failed), ReceiveErrorKind::PongTimeout);
            assert_took(start, 50 * SECOND);
        }
    });
}

#[test]
fn none_for_a_connection_without_messages() {
    run_on_test_clock(async {
        let (mut server, _peer) = server_and_peer(calm());
        let year = Duration::from_secs(365 * 24 * 60 * 60);
        assert!(timeout(year, server.recv()).await.is_none());
    });
}

#[test]
fn a_write_30_seconds() {
    run_on_test_clock(async {
        let (ours, _peer) = pipe(100);
        let mut server = server(ours, calm());
        let start = Instant::now();
        let failed = server.send("x".repeat(1000)).await;
        assert_eq!(kind(failed), ReceiveErrorKind::WriteTimeout);
        assert_took(start, 30 * SECOND);
    });
}

#[test]
fn a_close_5_seconds() {
    run_on_test_clock(async {
        let (mut server, mut peer) = server_and_peer(calm());
        let start = Instant::now();
        assert_eq!(kind(server.close().await), ReceiveErrorKind::CloseTimeout);
        assert_took(start, 5 * SECOND);
        assert_eq!(wire::read_frame(&mut peer).await.0, 0x80 | CLOSE);
    });
}

#[test]
fn reaching_the_host_10_seconds() {
    run_on_test_clock(async {
        // It takes connections, and never answers.
        let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let proxy = format!("http://{}", silent.local_addr().unwrap());
        let start = Instant::now();
        let failed = Client::new("ws://example.invalid/").proxy(&proxy).connect();
        assert!(matches!(failed.await, Err(Error::ConnectTimeout)));
        assert_took(start, 10 * SECOND);
    });
}

#[test]
fn a_handshake_10_seconds() {
    run_on_test_clock(async {
        let (ours, _peer) = pipe(10_000);
        let start = Instant::now();
        let failed = Client::new("ws://in.memory/").handshake(ours).await;
        assert!(is_timeout(failed));
        assert_took(start, 10 * SECOND);

        let (ours, mut peer) = pipe(10_000);
        let start = Instant::now();
        let server = Server::new();
        let answer = async {
            let head = wire::read_head(&mut peer).await;
            assert_took(start, 10 * SECOND);
            drop(peer);
            head
        };
        let (failed, head) = join(server.accept(ours), answer).await;
        assert!(is_timeout(failed));
        assert!(head.starts_with("HTTP/1.1 408 "), "{head}");
    });
}

fn is_timeout<T>(result: Result<T, Error>) -> bool {
    matches!(result, Err(Error::Handshake(HandshakeError::Timeout)))
}
