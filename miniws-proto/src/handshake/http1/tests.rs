use super::*;
use alloc::vec::Vec;

/// What scanning comes to, and how many bytes it took, when the bytes come in pieces.
fn scan(bytes: &[u8], piece: usize, config: &Config) -> (Result<bool, HandshakeError>, usize) {
    let mut scanner = HeadScanner::request();
    let mut input = BytesMut::new();
    for piece in bytes.chunks(piece) {
        input.extend_from_slice(piece);
        match scanner.take_head(&mut input, config) {
            Ok(None) => {}
            Ok(Some(head)) => {
                assert_eq!(head.bytes.len(), scanner.scanned);
                return (Ok(true), scanner.scanned);
            }
            Err(error) => return (Err(error), scanner.scanned),
        }
    }
    (Ok(false), scanner.scanned)
}

#[test]
fn whole_and_byte_by_byte_come_to_the_same() {
    let config = Config::default().max_head_size(40).max_headers(2);
    let cases: &[(&[u8], Result<bool, HandshakeError>, usize)] = &[
        (b"G / H\r\n\r\nframes", Ok(true), 9),
        (b"G / H\r\na:b\r\n\r\n", Ok(true), 14),
        (b"\r\n\r\nG / H\r\n\r\n", Ok(true), 13),
        (b"G / H\r\na:\tb\r\n", Ok(false), 13),
        (b"G / H\r\n\r", Ok(false), 8),
        (b"\x16\x03\x01", Err(HandshakeError::ControlByte(0x16)), 1),
        (b"G / H\n\n", Err(HandshakeError::ControlByte(b'\n')), 6),
        (b"G / H\r\r\n", Err(HandshakeError::ControlByte(b'\r')), 7),
        (b"G / H\r\n\n", Err(HandshakeError::ControlByte(b'\n')), 8),
        (b"\n", Err(HandshakeError::ControlByte(b'\n')), 1),
        (b"G / H\r\na:\0", Err(HandshakeError::ControlByte(0)), 10),
        (
            b"G / H\r\na:\x7f",
            Err(HandshakeError::ControlByte(0x7f)),
            10,
        ),
        (b"G / H\r\na:b\r\n c", Err(HandshakeError::FoldedHeader), 13),
        (b"G / H\r\n\tc", Err(HandshakeError::FoldedHeader), 8),
        (b" G / H", Err(HandshakeError::MalformedStartLine), 1),
        (b"G / H\r\na:\r\nb:\r\n\r\n", Ok(true), 17),
        (
            b"G / H\r\na:\r\nb:\r\nc",
            Err(HandshakeError::TooManyHeaders),
            16,
        ),
    ];
    for (bytes, expected, scanned) in cases {
        for piece in [1, 2, 3, bytes.len()] {
            let got = scan(bytes, piece, &config);
            assert_eq!(
                got,
                (expected.clone(), *scanned),
                "{}",
                bytes.escape_ascii()
            );
        }
    }
}

#[test]
fn the_size_limit_is_exact() {
    let head = b"G / H\r\na: bcd\r\n\r\n";
    for piece in [1, 2, 100] {
        for (limit, expected) in [
            (head.len() + 1, (Ok(true), head.len())),
            (head.len(), (Ok(true), head.len())),
            (
                head.len() - 1,
                (Err(HandshakeError::HeadTooLarge), head.len() - 1),
            ),
            (0, (Err(HandshakeError::HeadTooLarge), 0)),
        ] {
            let config = Config::default().max_head_size(limit);
            assert_eq!(scan(head, piece, &config), expected, "{limit}");
        }
    }
}

/// Empty lines before the request count as well, and come to an end.
#[test]
fn empty_lines_are_bounded() {
    let lines = b"\r\n".repeat(100);
    let config = Config::default().max_head_size(100);
    assert_eq!(
        scan(&lines, 7, &config),
        (Err(HandshakeError::HeadTooLarge), 100)
    );
}

fn request(bytes: &str) -> Result<(Version, Request), HandshakeError> {
    let mut input = BytesMut::from(bytes);
    let head = HeadScanner::request().take_head(&mut input, &Config::default())?;
    head.map_or(Err(HandshakeError::ConnectionLost), |head| {
        head.parse_request()
    })
}

#[test]
fn requests() {
    let (version, parsed) =
        request("GET /a?b HTTP/1.1\r\nHost: h\r\nX-a:\t b \t\r\nx:\r\n\r\n").unwrap();
    assert_eq!(version, Version::Http11);
    assert_eq!((parsed.method(), parsed.target()), ("GET", "/a?b"));
    let fields: Vec<_> = parsed.headers().iter().collect();
    assert_eq!(fields, [("Host", &b"h"[..]), ("X-a", b"b"), ("x", b"")]);

    let (version, _) = request("GET / HTTP/1.0\r\n\r\n").unwrap();
    assert_eq!(version, Version::Http10);
}

#[test]
fn requests_that_are_malformed() {
    for (bytes, expected) in [
        (
            "GET / HTTP/2.0\r\n\r\n",
            HandshakeError::UnsupportedHttpVersion,
        ),
        (
            "PRI * HTTP/2.0\r\n\r\n",
            HandshakeError::UnsupportedHttpVersion,
        ),
        ("GET / http/1.1\r\n\r\n", HandshakeError::MalformedStartLine),
        ("GET / FTP/1.1\r\n\r\n", HandshakeError::MalformedStartLine),
        (
            "\r\nGET / HTTP/3.0\r\n\r\n",
            HandshakeError::UnsupportedHttpVersion,
        ),
        ("GET /\r\n\r\n", HandshakeError::MalformedStartLine),
        ("GET\r\n\r\n", HandshakeError::MalformedStartLine),
        (
            "GET  / HTTP/1.1\r\n\r\n",
            HandshakeError::MalformedStartLine,
        ),
        (
            "GET /a b HTTP/1.1\r\n\r\n",
            HandshakeError::MalformedStartLine,
        ),
        (
            "GET / HTTP/1.1 \r\n\r\n",
            HandshakeError::MalformedStartLine,
        ),
        ("G@T / HTTP/1.1\r\n\r\n", HandshakeError::MalformedStartLine),
        (
            "GET / HTTP/1.1\r\na\r\n\r\n",
            HandshakeError::MalformedHeader,
        ),
        (
            "GET / HTTP/1.1\r\na : b\r\n\r\n",
            HandshakeError::MalformedHeader,
        ),
        (
            "GET / HTTP/1.1\r\n: b\r\n\r\n",
            HandshakeError::MalformedHeader,
        ),
        (
            "GET / HTTP/1.1\r\na\u{e9}: b\r\n\r\n",
            HandshakeError::MalformedHeader,
        ),
    ] {
        assert_eq!(request(bytes), Err(expected), "{}", bytes.escape_debug());
    }
}

fn response(bytes: &str) -> Result<(Version, Response), HandshakeError> {
    let mut input = BytesMut::from(bytes);
    let head = HeadScanner::response().take_head(&mut input, &Config::default())?;
    head.map_or(Err(HandshakeError::ConnectionLost), |head| {
        head.parse_response()
    })
}

#[test]
fn responses() {
    for (bytes, version, shown) in [
        (
            "HTTP/1.1 404 Not Found\r\n\r\n",
            Version::Http11,
            "404 Not Found",
        ),
        ("HTTP/1.0 999 \r\n\r\n", Version::Http10, "999"),
        ("HTTP/1.1 200\r\nA: b\r\n\r\n", Version::Http11, "200"),
    ] {
        let (got, response) = response(bytes).unwrap();
        assert_eq!((got, &*alloc::format!("{response}")), (version, shown));
    }
    for (bytes, expected) in [
        ("HTTP/1.1 099 x\r\n\r\n", HandshakeError::MalformedStartLine),
        ("HTTP/1.1 20 x\r\n\r\n", HandshakeError::MalformedStartLine),
        (
            "HTTP/2 200 x\r\n\r\n",
            HandshakeError::UnsupportedHttpVersion,
        ),
        (
            "\r\nHTTP/1.1 200 x\r\n\r\n",
            HandshakeError::MalformedStartLine,
        ),
        ("ICY 200 OK\r\n\r\n", HandshakeError::MalformedStartLine),
    ] {
        assert_eq!(response(bytes), Err(expected), "{bytes}");
    }
}
