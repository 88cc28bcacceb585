use alloc::format;
use alloc::string::ToString;
use core::time::Duration;

use bytes::Buf as _;

use super::*;
use crate::negotiate;
use alloc::string::String;
use alloc::vec::Vec;

/// Counts up from 0, so that the key is that of the bytes 0 to 15.
fn counting() -> impl Entropy + 'static {
    let mut next = 0;
    move |destination: &mut [u8]| {
        for byte in destination {
            *byte = next;
            next += 1;
        }
    }
}

const KEY: &str = "AAECAwQFBgcICQoLDA0ODw==";

/// The lines of a response that is in order.
fn lines() -> [String; 4] {
    [
        "HTTP/1.1 101 Switching Protocols".into(),
        "Upgrade: websocket".into(),
        "Connection: Upgrade".into(),
        format!("Sec-WebSocket-Accept: {}", negotiate::accept_key(KEY)),
    ]
}

fn replaced(from: &str, to: &str) -> String {
    assert!(lines().iter().any(|line| line.contains(from)), "{from}");
    let lines = lines().map(|line| line.replace(from, to));
    joined(lines.into_iter().filter(|line| !line.is_empty()))
}

fn with(more: &[&str]) -> String {
    joined(
        lines()
            .into_iter()
            .chain(more.iter().map(ToString::to_string)),
    )
}

fn joined(lines: impl Iterator<Item = String>) -> String {
    lines.collect::<Vec<_>>().join("\r\n") + "\r\n\r\n"
}

fn handshake(config: Config) -> ClientHandshake {
    let request =
        ClientRequest::new("ws://h").map(|request| request.subprotocol("a").subprotocol("B"));
    let handshake = request.and_then(|request| ClientHandshake::new(request, config, counting()));
    let mut handshake = handshake.unwrap();
    let outgoing = handshake.outgoing();
    let request = outgoing.copy_to_bytes(outgoing.len());
    let request = String::from_utf8_lossy(&request);
    assert!(
        request.contains(&format!("\r\nSec-WebSocket-Key: {KEY}\r\n")),
        "{request}"
    );
    handshake
}

type Opened = Option<(Connection, Response)>;

/// What bytes come to in pieces, and what is left of them.
fn feed(bytes: &str, piece: usize) -> (Result<Opened, HandshakeError>, BytesMut) {
    let mut handshake = handshake(Config::default());
    let mut input = BytesMut::new();
    for piece in bytes.as_bytes().chunks(piece) {
        input.extend_from_slice(piece);
        match handshake.receive(&mut input) {
            Ok(None) => {}
            Ok(opened) => return (Ok(opened), input),
            Err(error) => {
                input.extend_from_slice(b"frames");
                assert_eq!(
                    handshake.receive(&mut input).map(|_| ()),
                    Err(error.clone())
                );
                assert_eq!(handshake.receive_eof(), error);
                return (Err(error), input);
            }
        }
    }
    let error = handshake.receive_eof();
    assert_eq!(
        handshake.receive(&mut input).map(|_| ()),
        Err(error.clone())
    );
    (Err(error), input)
}

fn opened(response: &str) -> (Connection, Response) {
    for piece in [1, 7] {
        assert!(
            matches!(feed(response, piece), (Ok(Some(_)), _)),
            "{response}"
        );
    }
    let (opened, rest) = feed(&[response, "frames"].concat(), 10_000);
    assert_eq!(rest, "frames");
    match opened {
        Ok(Some(opened)) => opened,
        other => panic!("{response}: {other:?}"),
    }
}

fn error(response: &str) -> HandshakeError {
    let [whole, by_byte] = [10_000, 1].map(|piece| {
        let (result, rest) = feed(response, piece);
        assert!(rest.is_empty());
        match result {
            Err(error) => error,
            Ok(opened) => panic!("{response}: {opened:?}"),
        }
    });
    assert_eq!(whole, by_byte);
    whole
}

#[test]
fn responses_that_are_in_order() {
    for (response, subprotocol) in [
        (with(&[]), None),
        (with(&["Sec-WebSocket-Protocol: B"]), Some("B")),
        (replaced("Upgrade: websocket", "upgrade: WebSocket"), None),
        (
            replaced("Connection: Upgrade", "Connection: keep-alive, upgrade"),
            None,
        ),
        (
            [
                "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103\r\nLink: x\r\n\r\n",
                &with(&[]),
            ]
            .concat(),
            None,
        ),
    ] {
        let (connection, response) = opened(&response);
        assert_eq!(connection.subprotocol(), subprotocol);
        assert_eq!(response.subprotocol(), subprotocol);
        assert_eq!(response.status(), 101);
    }
}

#[test]
fn responses_that_are_wrong() {
    let [.., accept] = lines();
    for (response, expected) in [
        (
            replaced("HTTP/1.1", "HTTP/1.0"),
            HandshakeError::UnsupportedHttpVersion,
        ),
        (
            replaced("Upgrade: websocket", ""),
            HandshakeError::MissingUpgrade,
        ),
        (replaced("websocket", "h2c"), HandshakeError::MissingUpgrade),
        (
            replaced("websocket", "websocket, h2c"),
            HandshakeError::MissingUpgrade,
        ),
        (with(&["Upgrade: h2c"]), HandshakeError::MissingUpgrade),
        (
            replaced("Connection: Upgrade", ""),
            HandshakeError::MissingConnectionUpgrade,
        ),
        (
            replaced("Connection: Upgrade", "Connection: close"),
            HandshakeError::MissingConnectionUpgrade,
        ),
        (replaced(&accept, ""), HandshakeError::MissingAccept),
        (with(&[&accept]), HandshakeError::DuplicateAccept),
        (
            replaced("Accept: ", "Accept: x"),
            HandshakeError::WrongAccept,
        ),
        (
            replaced(&accept, &accept.to_uppercase()),
            HandshakeError::WrongAccept,
        ),
        (
            with(&["Sec-WebSocket-Extensions: x"]),
            HandshakeError::UnofferedExtension,
        ),
        (
            with(&["Sec-WebSocket-Extensions: "]),
            HandshakeError::MalformedExtensions(negotiate::HeaderError::Empty),
        ),
        (
            with(&["Sec-WebSocket-Protocol: b"]),
            HandshakeError::UnofferedSubprotocol,
        ),
        (
            with(&["Sec-WebSocket-Protocol: a, B"]),
            HandshakeError::UnofferedSubprotocol,
        ),
        (
            with(&["Sec-WebSocket-Protocol:"]),
            HandshakeError::UnofferedSubprotocol,
        ),
        (
            with(&["Sec-WebSocket-Protocol: \u{e9}"]),
            HandshakeError::UnofferedSubprotocol,
        ),
        (
            with(&["Sec-WebSocket-Protocol: a", "Sec-WebSocket-Protocol: a"]),
            HandshakeError::DuplicateSubprotocol,
        ),
        (with(&[" folded"]), HandshakeError::FoldedHeader),
        ("HTTP/1.1 101 \n".into(), HandshakeError::ControlByte(b'\n')),
        (
            "HTTP/1.1 103\r\n\r\n".repeat(17),
            HandshakeError::TooManyInterim,
        ),
        (
            "HTTP/1.1 103\r\n\r\n".repeat(16),
            HandshakeError::ConnectionLost,
        ),
        (lines()[0].clone(), HandshakeError::ConnectionLost),
    ] {
        let error = error(&response);
        assert_eq!(error, expected, "{response}");
    }
}

/// Status, body.
fn refusal(error: &HandshakeError) -> (u16, String) {
    match error {
        HandshakeError::Refused(response) => (
            response.status(),
            String::from_utf8_lossy(response.body()).into_owned(),
        ),
        other => panic!("{other:?}"),
    }
}

#[test]
fn refusals() {
    for (response, expected) in [
        (
            "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nnoframes",
            (403, "no"),
        ),
        (
            "HTTP/1.0 400 Bad\r\n\r\nuntil the end",
            (400, "until the end"),
        ),
        ("HTTP/1.1 100\r\n\r\nHTTP/1.1 204 None\r\n\r\n", (204, "")),
        (
            "HTTP/1.1 503 x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\nframes",
            (503, "no"),
        ),
        (
            "HTTP/1.1 302 x\r\nContent-Length: 9\r\n\r\nshort",
            (302, "short"),
        ),
    ] {
        let (status, body) = expected;
        assert_eq!(
            refusal(&error(response)),
            (status, body.into()),
            "{response}"
        );
    }
    let error = error("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(
        error.to_string(),
        "the server refused with status 403 Forbidden"
    );
}

#[test]
fn the_deadline_keeps_the_refusal() {
    let at = |seconds| Time::from_duration(Duration::from_secs(seconds));
    let config = || Config::default().handshake_timeout(Duration::from_secs(10));
    let mut waiting = handshake(config());
    assert_eq!(waiting.poll_timeout(at(1)), at(11));
    assert_eq!(waiting.poll_timeout(at(2)), at(11));
    assert_eq!(waiting.handle_timeout(at(10)), Ok(()));
    assert_eq!(waiting.handle_timeout(at(11)), Err(HandshakeError::Timeout));
    assert!(matches!(
        waiting.receive(&mut BytesMut::new()),
        Err(HandshakeError::Timeout)
    ));

    let mut refused = handshake(config());
    assert_eq!(refused.poll_timeout(at(1)), at(11));
    let mut input = BytesMut::from("HTTP/1.1 500 x\r\n\r\nhalf");
    assert!(matches!(refused.receive(&mut input), Ok(None)));
    let error = refused.handle_timeout(at(11)).err();
    assert_eq!(error.as_ref().map(refusal), Some((500, "half".into())));
    assert_eq!(
        refused.receive_eof(),
        error.unwrap_or(HandshakeError::Timeout)
    );

    let mut open = handshake(config());
    let mut input = BytesMut::from(&*with(&[]));
    assert!(matches!(open.receive(&mut input), Ok(Some(_))));
    assert_eq!(open.poll_timeout(at(1)), at(11));
    assert_eq!(open.handle_timeout(at(11)), Ok(()));
}

#[test]
fn a_body_without_end_is_cut() {
    let mut handshake = handshake(Config::default().max_body_size(3));
    let mut input = BytesMut::from("HTTP/1.1 500 x\r\n\r\nabc");
    assert!(matches!(handshake.receive(&mut input), Ok(None)));
    input.extend_from_slice(b"d");
    let error = handshake.receive(&mut input).map(|_| ()).err();
    assert_eq!(error.as_ref().map(refusal), Some((500, "abc".into())));
    assert!(input.is_empty());
}

/// The key takes the first 16 bytes of entropy, the connection goes on behind them.
#[test]
fn the_entropy_goes_on_to_the_connection() {
    let (mut connection, _) = opened(&with(&[]));
    assert_eq!(connection.send("x"), Ok(()));
    let outgoing = connection.outgoing();
    let frame = outgoing.copy_to_bytes(outgoing.len());
    assert_eq!(frame[..2], [0x81, 0x81]);
    assert!(frame[2..6].iter().all(|&byte| byte >= 16), "{frame:x?}");
}

/// A server that answers before it has the whole request gets the rest of it before any frame.
#[test]
fn what_is_left_of_the_request_is_sent() {
    let request = ClientRequest::new("ws://h").map(|request| request.header("X-Last", "end"));
    let handshake =
        request.and_then(|request| ClientHandshake::new(request, Config::default(), counting()));
    let mut handshake = handshake.unwrap();
    let outgoing = handshake.outgoing();
    outgoing.advance(outgoing.len() - 5);
    let mut input = BytesMut::from(&*with(&[]));
    let Ok(Some((mut connection, _))) = handshake.receive(&mut input) else {
        panic!("{input:?}");
    };
    assert_eq!(connection.send("x"), Ok(()));
    assert!(
        connection
            .outgoing()
            .chunk()
            .starts_with(b"d\r\n\r\n\x81\x81")
    );
}
