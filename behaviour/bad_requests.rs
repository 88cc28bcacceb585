//! What a server answers to requests that it can't accept.

use std::time::Duration;

use futures_lite::FutureExt;

use super::support::wire::{self, header, request};
use super::support::{TICK, assert_took, join, pipe, run, run_on_test_clock};
use crate::miniws::{Config, Error, HandshakeError, Reply, Server};
use crate::runtime::{Instant, sleep, split};

/// The server's result and its whole answer.
async fn answer(server: &Server, bytes: &[u8]) -> (Error, String) {
    let (stream, mut peer) = pipe(100_000);
    wire::write(&mut peer, bytes).await;
    let (accepted, answer) = join(server.accept(stream), async {
        let answer = wire::read_rest(&mut peer).await;
        drop(peer);
        String::from_utf8(answer).unwrap()
    })
    .await;
    (accepted.unwrap_err(), answer)
}

/// Checks that it is an answer in good order, and returns its status and its body.
fn parse(answer: &str) -> (u16, &str) {
    let (head, body) = answer.split_once("\r\n\r\n").expect("an answer has a head");
    let status = head.strip_prefix("HTTP/1.1 ").expect("it is HTTP/1.1")[..3].parse();
    assert_eq!(
        header(head, "Content-Length"),
        Some(&*body.len().to_string())
    );
    assert!(header(head, "Connection").is_some_and(|value| value.ends_with("close")));
    (status.unwrap(), body)
}

/// The request, with one thing changed.
fn changed(from: &str, to: &str) -> String {
    let request = request("");
    assert!(request.contains(from));
    request.replace(from, to)
}

#[test]
fn malformed_ones_are_answered_with_400() {
    run(async {
        for (request, why) in [
            ("hello\r\n\r\n".to_owned(), "first line"),
            ("\x16\x03\x01".to_owned(), "control byte"),
            (changed("HTTP/1.1", "HTTP/1.0"), "HTTP"),
            (changed("Host: example.org\r\n", ""), "Host"),
            (changed("Host: ", "Host: a\r\nHost: "), "Host"),
            (changed("Connection: Upgrade\r\n", ""), "Connection"),
            (
                changed("Sec-WebSocket-Version: 13\r\n", ""),
                "Sec-WebSocket-Version",
            ),
            (changed("Sec-WebSocket-Key", "X"), "Sec-WebSocket-Key"),
            (
                changed("dGhlIHNhbXBsZSBub25jZQ==", "c2hvcnQ="),
                "Sec-WebSocket-Key",
            ),
            (changed("Host", "Content-Length: 5\r\nHost"), "body"),
            (
                wire::request("Sec-WebSocket-Protocol: a b\r\n"),
                "Sec-WebSocket-Protocol",
            ),
            (
                wire::request("Sec-WebSocket-Extensions: ;\r\n"),
                "Sec-WebSocket-Extensions",
            ),
            (wire::request("no header\r\n"), "header"),
            (wire::request("X: 1\n"), "control byte"),
        ] {
            let (error, answer) = answer(&Server::new(), request.as_bytes()).await;
            let (status, body) = parse(&answer);
            assert_eq!(status, 400, "{request}");
            assert!(body.contains(why), "{request}{body}");
            assert!(body.len() < 200 && body.ends_with('\n'), "{body}");
            assert!(matches!(error, Error::Handshake(_)), "{error}");
        }
    });
}

#[test]
fn methods_other_than_get_are_answered_with_405() {
    run(async {
        let request = changed("GET", "POST");
        let (error, answer) = answer(&Server::new(), request.as_bytes()).await;
        assert_eq!(parse(&answer).0, 405);
        assert_eq!(header(&answer, "Allow"), Some("GET"));
        assert!(matches!(
            error,
            Error::Handshake(HandshakeError::MethodNotAllowed { .. })
        ));
    });
}

#[test]
fn other_versions_are_answered_with_426_and_the_right_one() {
    run(async {
        for version in ["8", "14", "013"] {
            let request = changed("Version: 13", &format!("Version: {version}"));
            let (error, answer) = answer(&Server::new(), request.as_bytes()).await;
            let (status, body) = parse(&answer);
            assert_eq!(status, 426);
            assert_eq!(header(&answer, "Sec-WebSocket-Version"), Some("13"));
            assert!(body.contains("13"), "{body}");
            assert!(matches!(
                error,
                Error::Handshake(HandshakeError::UnsupportedVersion)
            ));
        }
    });
}

const PLAIN: &str = "GET /health HTTP/1.1\r\nHost: example.org\r\n\r\n";

#[test]
fn plain_http_is_answered_with_426() {
    run(async {
        let (error, answer) = answer(&Server::new(), PLAIN.as_bytes()).await;
        let (status, body) = parse(&answer);
        assert_eq!(status, 426);
        assert_eq!(header(&answer, "Upgrade"), Some("websocket"));
        assert_eq!(header(&answer, "Connection"), Some("Upgrade, close"));
        assert_eq!(header(&answer, "Sec-WebSocket-Version"), Some("13"));
        assert!(body.contains("WebSocket"), "{body}");
        assert!(matches!(error, Error::Declined { status: 426 }), "{error}");
    });
}

#[test]
fn plain_http_is_answered_with_the_applications_page() {
    run(async {
        let server = Server::new().plain(|request| match request.path() {
            "/health" => Reply::new(200)
                .header("Content-Type", "text/plain")
                .body("well"),
            _ => Reply::new(404),
        });
        let (error, page) = answer(&server, PLAIN.as_bytes()).await;
        assert_eq!(parse(&page), (200, "well"));
        assert_eq!(header(&page, "Content-Type"), Some("text/plain"));
        assert!(matches!(error, Error::Declined { status: 200 }), "{error}");

        let other = PLAIN.replace("health", "other");
        let (_, missing) = answer(&server, other.as_bytes()).await;
        assert_eq!(parse(&missing), (404, ""));
    });
}

/// The page may be larger than anything that is buffered on the way.
#[test]
fn a_large_page_arrives_whole() {
    run(async {
        let server = Server::new().plain(|_| Reply::new(200).body(vec![b'x'; 1 << 20]));
        let (stream, mut peer) = pipe(64 << 10);
        wire::write(&mut peer, PLAIN).await;
        let (_, answer) = join(server.accept(stream), async {
            let answer = wire::read_rest(&mut peer).await;
            drop(peer);
            String::from_utf8(answer).unwrap()
        })
        .await;
        let (status, body) = parse(&answer);
        assert_eq!((status, body.len()), (200, 1 << 20));
    });
}

#[test]
fn heads_that_are_too_large_are_answered_with_431() {
    run(async {
        let long = wire::request(&format!("X: {}\r\n", "x".repeat(16 << 10)));
        let endless = format!("GET / HTTP/1.1\r\nX: {}", "x".repeat(50_000));
        let many = wire::request(&"X: 1\r\n".repeat(100));
        for (request, why) in [
            (long, "max_head_size"),
            (endless, "max_head_size"),
            (many, "max_headers"),
        ] {
            let (error, answer) = answer(&Server::new(), request.as_bytes()).await;
            let (status, body) = parse(&answer);
            assert_eq!(status, 431);
            assert!(body.contains(why), "{body}");
            assert!(matches!(error, Error::Handshake(_)), "{error}");
        }
    });
}

#[test]
fn the_limit_of_a_head_is_the_applications() {
    run(async {
        let request = wire::request(&format!("X: {}\r\n", "x".repeat(16 << 10)));
        let server = Server::new().config(Config::default().max_head_size(32 << 10));
        let (stream, mut peer) = pipe(100_000);
        wire::write(&mut peer, request).await;
        server.accept(stream).await.unwrap();
    });
}

fn impatient() -> Server {
    Server::new().config(Config::default().handshake_timeout(TICK))
}

#[test]
fn slow_ones_are_answered_with_408() {
    run_on_test_clock(async {
        let start = Instant::now();
        let (error, answer) = answer(&impatient(), b"GET / HTTP/1.1\r\nHost:").await;
        let (status, body) = parse(&answer);
        assert_eq!(status, 408);
        assert!(body.contains("handshake_timeout"), "{body}");
        assert!(
            matches!(error, Error::Handshake(HandshakeError::Timeout)),
            "{error}"
        );
        assert_took(start, TICK);
    });
}

/// The deadline is for the whole handshake: a byte now and then does not put it off.
#[test]
fn dripping_ones_are_answered_with_408_all_the_same() {
    run_on_test_clock(async {
        let (stream, peer) = pipe(100_000);
        let (mut reading, mut writing) = split(peer);
        let dripping = async {
            wire::write(&mut writing, "GET / HTTP/1.1\r\nX: ").await;
            loop {
                wire::write(&mut writing, "x").await;
                sleep(TICK / 10).await;
            }
        };
        let server = impatient();
        let start = Instant::now();
        let answering = async {
            let answer = wire::read_rest(&mut reading).await;
            assert_took(start, TICK);
            answer
        };
        let serving = join(server.accept(stream), answering);
        let (accepted, answer) = serving.or(dripping).await;
        assert_eq!(parse(&String::from_utf8(answer).unwrap()).0, 408);
        assert!(matches!(
            accepted,
            Err(Error::Handshake(HandshakeError::Timeout))
        ));
    });
}

/// A peer that doesn't read the answer has the rest of the handshake's time to do so, and a second at
/// least; one that doesn't hang up after it has a second.
#[test]
fn a_peer_that_does_not_take_the_answer_is_left() {
    run_on_test_clock(async {
        for room in [20, 10_000] {
            let start = Instant::now();
            let (stream, mut peer) = pipe(room);
            let server = impatient();
            let writing = wire::write(&mut peer, "hello\r\n\r\n");
            let (accepted, ()) = join(server.accept(stream), writing).await;
            assert!(accepted.is_err());
            assert_took(start, Duration::from_secs(1));
        }
    });
}

#[test]
fn one_that_ends_in_the_middle_is_an_error() {
    run(async {
        let (stream, mut peer) = pipe(100);
        wire::write(&mut peer, "GET / HTT").await;
        drop(peer);
        let accepted = Server::new().accept(stream).await;
        assert!(matches!(
            accepted,
            Err(Error::Handshake(HandshakeError::ConnectionLost))
        ));
    });
}

/// What comes behind a rejected request never becomes a frame: nobody gets a connection to see it.
#[test]
fn bytes_behind_a_rejected_request_are_dropped() {
    run(async {
        let mut bytes = changed("Version: 13", "Version: 12").into_bytes();
        bytes.extend_from_slice(wire::request("").as_bytes());
        bytes.extend_from_slice(&wire::masked(wire::TEXT, "smuggled"));
        let (_, answer) = answer(&Server::new(), &bytes).await;
        assert_eq!(parse(&answer).0, 426);
        assert_eq!(answer.matches("HTTP/1.1").count(), 1);
    });
}
