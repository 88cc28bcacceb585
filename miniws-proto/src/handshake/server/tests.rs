use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;

use bytes::Buf as _;

use super::*;
use crate::connection::Connection;
use crate::handshake::{Accept, Reply, Upgrade};

/// The lines of a request that is in order.
const LINES: [&str; 6] = [
    "GET /chat HTTP/1.1",
    "Host: h",
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version: 13",
];

/// That request with `from` replaced by `to` in one of its lines; an empty line is left out.
fn replaced(from: &str, to: &str) -> String {
    assert!(LINES.iter().any(|line| line.contains(from)), "{from}");
    let lines = LINES.iter().map(|line| line.replace(from, to));
    joined(lines.filter(|line| !line.is_empty()))
}

/// That request with some more lines.
fn with(more: &[&str]) -> String {
    joined(LINES.iter().chain(more).map(ToString::to_string))
}

fn joined(lines: impl Iterator<Item = String>) -> String {
    lines.collect::<Vec<_>>().join("\r\n") + "\r\n\r\n"
}

/// What a request comes to, whole and byte by byte, with frames behind it.
fn receive(request: &str) -> Result<Incoming, HandshakeError> {
    let bytes = [request, "frames"].concat();
    let mut handshake = ServerHandshake::new(Config::default());
    let mut input = BytesMut::from(&*bytes);
    let whole = handshake.receive(&mut input);
    let rest = if whole.is_ok() { "frames" } else { "" };
    assert_eq!(input, rest);

    let mut handshake = ServerHandshake::new(Config::default());
    let mut input = BytesMut::new();
    let by_byte = bytes.bytes().find_map(|byte| {
        input.extend_from_slice(&[byte]);
        handshake.receive(&mut input).transpose()
    });
    match (whole, by_byte) {
        (Ok(Some(whole)), Some(Ok(by_byte))) => {
            assert_eq!(whole.request(), by_byte.request());
            Ok(whole)
        }
        (Err(whole), Some(Err(by_byte))) => {
            assert_eq!(whole, by_byte);
            input.extend_from_slice(b"frames");
            assert_eq!(handshake.receive(&mut input).map(|_| ()), Err(by_byte));
            assert!(input.is_empty());
            Err(whole)
        }
        (whole, by_byte) => panic!("{request}: {whole:?}, {by_byte:?}"),
    }
}

fn upgrade(request: &str) -> Upgrade {
    match receive(request) {
        Ok(Incoming::Upgrade(upgrade)) => upgrade,
        other => panic!("{request}: {other:?}"),
    }
}

fn error(request: &str) -> HandshakeError {
    match receive(request) {
        Err(error) => error,
        Ok(incoming) => panic!("{request}: {incoming:?}"),
    }
}

fn sent(connection: &mut Connection) -> String {
    let outgoing = connection.outgoing();
    String::from_utf8_lossy(&outgoing.copy_to_bytes(outgoing.len())).into_owned()
}

#[test]
fn requests_that_are_in_order() {
    for request in [
        with(&[]),
        with(&["X-Other: \u{e9}", "Content-Length: 0"]),
        replaced("Upgrade: websocket", "UPGRADE: h2c, WebSocket"),
        replaced("Connection: Upgrade", "Connection: keep-alive, upgrade"),
        replaced(
            "Connection: Upgrade",
            "Connection: keep-alive\r\nconnection: ,UPGRADE",
        ),
        replaced("GET /chat", "GET http://other/chat?a|b"),
        ["\r\n", &with(&[])].concat(),
    ] {
        let _ = upgrade(&request);
    }
}

#[test]
fn requests_for_something_else() {
    for request in [
        replaced("Upgrade: websocket", ""),
        replaced("Upgrade: websocket", "Upgrade: h2c"),
        "GET /health HTTP/1.1\r\nHost: h\r\n\r\n".into(),
    ] {
        let incoming = receive(&request);
        let Ok(Incoming::Plain(plain)) = incoming else {
            panic!("{request}: {incoming:?}");
        };
        let queue = plain.respond(Reply::upgrade_required());
        let reply = queue
            .map(|mut queue| queue.copy_to_bytes(queue.len()))
            .unwrap_or_default();
        assert!(reply.starts_with(
            b"HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        ));
    }
}

#[test]
fn requests_that_are_wrong() {
    const KEY: &str = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";
    for (request, expected, status) in [
        (
            replaced("1.1", "1.0"),
            HandshakeError::UnsupportedHttpVersion,
            400,
        ),
        (
            with(&["Content-Length: 1"]),
            HandshakeError::UnexpectedBody,
            400,
        ),
        (
            with(&["Content-Length: x"]),
            HandshakeError::UnexpectedBody,
            400,
        ),
        (
            with(&["Content-Length:"]),
            HandshakeError::UnexpectedBody,
            400,
        ),
        (
            with(&["Content-Length: 0", "Content-Length: 1"]),
            HandshakeError::UnexpectedBody,
            400,
        ),
        (
            with(&["Transfer-Encoding: chunked"]),
            HandshakeError::UnexpectedBody,
            400,
        ),
        (replaced("Host: h", ""), HandshakeError::MissingHost, 400),
        (with(&["host: h"]), HandshakeError::DuplicateHost, 400),
        (
            replaced("Host: h", "Host:"),
            HandshakeError::InvalidHost,
            400,
        ),
        (
            replaced("Host: h", "Host: \u{e9}"),
            HandshakeError::InvalidHost,
            400,
        ),
        (
            replaced("Host: h", "Host: a, b"),
            HandshakeError::InvalidHost,
            400,
        ),
        (
            replaced("Host: h", "Host: u@h"),
            HandshakeError::InvalidHost,
            400,
        ),
        (
            replaced("GET", "POST"),
            HandshakeError::MethodNotAllowed { is_head: false },
            405,
        ),
        (
            replaced("GET", "get"),
            HandshakeError::MethodNotAllowed { is_head: false },
            405,
        ),
        (
            replaced("GET /chat", "OPTIONS *"),
            HandshakeError::MethodNotAllowed { is_head: false },
            405,
        ),
        (
            replaced("GET /chat", "CONNECT h:80"),
            HandshakeError::MethodNotAllowed { is_head: false },
            405,
        ),
        (
            replaced("/chat", "chat"),
            HandshakeError::InvalidTarget,
            400,
        ),
        (
            replaced("/chat", "/#chat"),
            HandshakeError::InvalidTarget,
            400,
        ),
        (
            replaced("/chat", "/\u{e9}"),
            HandshakeError::InvalidTarget,
            400,
        ),
        (
            replaced("/chat", "http://u@h/"),
            HandshakeError::InvalidTarget,
            400,
        ),
        (
            replaced("Connection: Upgrade", ""),
            HandshakeError::MissingConnectionUpgrade,
            400,
        ),
        (
            replaced("Connection: Upgrade", "Connection: close"),
            HandshakeError::MissingConnectionUpgrade,
            400,
        ),
        (
            replaced("Sec-WebSocket-Version: 13", ""),
            HandshakeError::MissingVersion,
            400,
        ),
        (
            with(&["sec-websocket-version: 13"]),
            HandshakeError::DuplicateVersion,
            400,
        ),
        (replaced("13", "8"), HandshakeError::UnsupportedVersion, 426),
        (
            replaced("13", "13, 8"),
            HandshakeError::UnsupportedVersion,
            426,
        ),
        (
            replaced("13", "013"),
            HandshakeError::UnsupportedVersion,
            426,
        ),
        (replaced(KEY, ""), HandshakeError::MissingKey, 400),
        (with(&[KEY]), HandshakeError::DuplicateKey, 400),
        (replaced("dGhl", ""), HandshakeError::InvalidKey, 400),
        (
            replaced("dGhl", "\u{e9}\u{e9}"),
            HandshakeError::InvalidKey,
            400,
        ),
    ] {
        let error = error(&request);
        assert_eq!(error, expected, "{request}");
        let reply = error.reply().unwrap_or_default();
        assert_eq!(reply.status(), status, "{request}");
        assert!(reply.encode().is_ok());
    }
    for list in ["Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions"] {
        for value in ["", "a b", "\u{e9}", "a,\"", "a;=b"] {
            let error = error(&with(&[&format!("{list}: {value}")]));
            let (HandshakeError::MalformedSubprotocols(_) | HandshakeError::MalformedExtensions(_)) =
                error
            else {
                panic!("{list}: {value}: {error:?}");
            };
        }
    }
    let HandshakeError::MalformedSubprotocols(_) = error(&with(&["Sec-WebSocket-Protocol: a, a"]))
    else {
        panic!("the same subprotocol twice");
    };
}

/// A request with everything wrong is told what comes first; with that mended, what comes next.
#[test]
fn the_order_of_the_checks() {
    let mut lines: Vec<&str> = [
        "POST chat HTTP/1.0",
        "Content-Length: 1",
        "Upgrade: websocket",
        "Sec-WebSocket-Protocol: \"",
        "Sec-WebSocket-Extensions: \"",
    ]
    .into();
    let mut mend = |expected: &str, from: &str, to: &[&'static str]| {
        let request = joined(lines.iter().map(ToString::to_string));
        assert_eq!(format!("{:?}", error(&request)), expected);
        lines.retain(|line| *line != from);
        for line in to.iter().rev() {
            lines.insert(0, line);
        }
    };
    mend(
        "UnsupportedHttpVersion",
        "POST chat HTTP/1.0",
        &["POST chat HTTP/1.1"],
    );
    mend("UnexpectedBody", "Content-Length: 1", &[]);
    mend(
        "MissingHost",
        "POST chat HTTP/1.1",
        &["POST chat HTTP/1.1", "Host: h"],
    );
    mend(
        "MethodNotAllowed { is_head: false }",
        "POST chat HTTP/1.1",
        &["GET chat HTTP/1.1"],
    );
    mend("InvalidTarget", "GET chat HTTP/1.1", &["GET / HTTP/1.1"]);
    mend(
        "MissingConnectionUpgrade",
        "GET / HTTP/1.1",
        &["GET / HTTP/1.1", "Connection: Upgrade"],
    );
    mend(
        "MissingVersion",
        "GET / HTTP/1.1",
        &["GET / HTTP/1.1", "Sec-WebSocket-Version: 13"],
    );
    mend(
        "MissingKey",
        "GET / HTTP/1.1",
        &["GET / HTTP/1.1", LINES[4]],
    );
    mend(
        "MalformedSubprotocols(InvalidToken)",
        "Sec-WebSocket-Protocol: \"",
        &[],
    );
    mend(
        "MalformedExtensions(InvalidToken)",
        "Sec-WebSocket-Extensions: \"",
        &[],
    );
}

#[test]
fn the_response_that_accepts() {
    let request = with(&["Sec-WebSocket-Protocol: a, b", "Sec-WebSocket-Protocol: C"]);
    let accept = Accept::new()
        .header("x-a", "1")
        .subprotocol("C")
        .header("x-a", "2");
    let mut connection = upgrade(&request).accept(accept).unwrap();
    assert_eq!(
        sent(&mut connection),
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: C\r\n\
         x-a: 1\r\nx-a: 2\r\n\r\n"
    );
    assert_eq!(connection.subprotocol(), Some("C"));

    let detached = upgrade(&request).accept_detached(Accept::new());
    let (reply, mut connection) = detached.unwrap();
    assert_eq!(sent(&mut connection), "");
    assert_eq!(connection.subprotocol(), None);
    assert_eq!((reply.status(), reply.headers().len()), (101, 3));
}

#[test]
fn responses_that_cannot_accept() {
    let request = with(&["Sec-WebSocket-Protocol: a"]);
    let unrequested = |name: &str| HandshakeError::UnrequestedSubprotocol(name.into());
    let reserved = |name: &str| HandshakeError::ReservedHeader(name.into());
    for (accept, expected) in [
        (Accept::new().subprotocol("A"), unrequested("A")),
        (Accept::new().subprotocol("b"), unrequested("b")),
        (
            Accept::new().subprotocol("a\r\nb: c"),
            unrequested("a\r\nb: c"),
        ),
        (Accept::new().header("Upgrade", "x"), reserved("Upgrade")),
        (
            Accept::new().header("connection", "x"),
            reserved("connection"),
        ),
        (
            Accept::new().header("Sec-WebSocket-Accept", "x"),
            reserved("Sec-WebSocket-Accept"),
        ),
        (
            Accept::new().header("Content-Length", "0"),
            reserved("Content-Length"),
        ),
        (
            Accept::new().header("Transfer-Encoding", "x"),
            reserved("Transfer-Encoding"),
        ),
        (
            Accept::new().header("a", "b\r\nc: d"),
            HandshakeError::InvalidHeaderValue("a".into()),
        ),
        (
            Accept::new().header("a b", ""),
            HandshakeError::InvalidHeaderName("a b".into()),
        ),
    ] {
        let error = upgrade(&request).accept(accept).map(|_| ());
        assert_eq!(error, Err(expected.clone()));
        assert_eq!(expected.reply().map(|reply| reply.status()), Some(500));
    }
}

#[test]
fn the_deadline_is_one_for_all() {
    let at = |seconds| Time::from_duration(Duration::from_secs(seconds));
    let config = Config::default().handshake_timeout(Duration::from_secs(10));
    let mut handshake = ServerHandshake::new(config);
    let mut input = BytesMut::from("GET / HT");
    assert_eq!(handshake.poll_timeout(at(5)), at(15));
    assert!(matches!(handshake.receive(&mut input), Ok(None)));
    assert_eq!(handshake.poll_timeout(at(14)), at(15));
    assert_eq!(handshake.handle_timeout(at(14)), Ok(()));
    assert_eq!(
        handshake.handle_timeout(at(15)),
        Err(HandshakeError::Timeout)
    );
    input.extend_from_slice(b"TP/1.1\r\nHost: h\r\n\r\n");
    assert!(matches!(
        handshake.receive(&mut input),
        Err(HandshakeError::Timeout)
    ));
    assert_eq!(handshake.receive_eof(), HandshakeError::Timeout);
}

#[test]
fn once_the_request_is_out_no_deadline_and_no_byte_matters() {
    let mut handshake = ServerHandshake::new(Config::default());
    let mut input = BytesMut::from(&*with(&[]));
    assert!(matches!(handshake.receive(&mut input), Ok(Some(_))));
    input.extend_from_slice(b"frames");
    assert!(matches!(handshake.receive(&mut input), Ok(None)));
    assert_eq!(input, "frames");
    let deadline = handshake.poll_timeout(Time::default());
    assert_eq!(handshake.handle_timeout(deadline), Ok(()));
}

#[test]
fn the_end_of_the_transport() {
    let mut handshake = ServerHandshake::new(Config::default());
    assert_eq!(handshake.receive_eof(), HandshakeError::ConnectionLost);
    let mut input = BytesMut::from(&*with(&[]));
    assert!(matches!(
        handshake.receive(&mut input),
        Err(HandshakeError::ConnectionLost)
    ));
    assert!(input.is_empty());
}
