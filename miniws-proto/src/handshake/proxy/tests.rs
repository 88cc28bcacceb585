use alloc::format;
use alloc::string::String;

use bytes::{Buf as _, Bytes};

use super::*;
use crate::HandshakeError;

/// The result, and all that was written, unless it failed: what waits is dropped then.
type Outcome = (Result<bool, ProxyError>, Bytes);

/// What comes of these bytes from the proxy, however they are cut.
fn talk(proxy: &str, url: &str, config: &Config, bytes: &[u8]) -> Outcome {
    let cut = |piece: usize| cut(proxy, url, config, bytes, piece);
    let whole = cut(bytes.len().max(1));
    for piece in 1..bytes.len() {
        assert_eq!(cut(piece), whole, "by {piece}");
    }
    whole
}

fn cut(proxy: &str, url: &str, config: &Config, bytes: &[u8], piece: usize) -> Outcome {
    let mut handshake = handshake(proxy, url, config).unwrap();
    let mut written = BytesMut::new();
    let mut input = BytesMut::new();
    let mut is_through = Ok(false);
    for piece in bytes.chunks(piece) {
        // What comes behind a tunnel is the next one's, and not looked for here.
        if is_through != Ok(true) {
            input.extend_from_slice(piece);
            is_through = handshake.receive(&mut input);
        }
        let outgoing = handshake.outgoing();
        written.extend_from_slice(&outgoing.copy_to_bytes(outgoing.len()));
    }
    assert_eq!(handshake.receive(&mut input), is_through, "it stays so");
    if is_through.is_err() {
        written.clear();
    }
    (is_through, written.freeze())
}

fn handshake(proxy: &str, url: &str, config: &Config) -> Result<ProxyHandshake, ProxyError> {
    let proxy = Proxy::parse(proxy).unwrap();
    ProxyHandshake::new(&proxy, &Url::parse(url).unwrap(), config.clone())
}

fn connect(bytes: &[u8], config: &Config) -> Result<bool, ProxyError> {
    talk("http://p", "ws://h", config, bytes).0
}

#[test]
fn urls_of_proxies() {
    for (url, printed, host, port) in [
        ("http://p", "http://p:80", "p", 80),
        ("p:3128", "http://p:3128", "p", 3128),
        ("HTTP://p:80/", "http://p:80", "p", 80),
        ("u:1@p", "http://p:80", "p", 80),
        ("https://p", "https://p:443", "p", 443),
        ("https://p:80", "https://p:80", "p", 80),
        ("socks5://p", "socks5h://p:1080", "p", 1080),
        ("socks5://p:80", "socks5h://p:80", "p", 80),
        ("socks5h://u:1@[::1]", "socks5h://[::1]:1080", "::1", 1080),
        ("Socks5H://u:1@[::1]:9", "socks5h://[::1]:9", "::1", 9),
        ("socks5://ada:secret@p", "socks5h://p:1080", "p", 1080),
    ] {
        let proxy = Proxy::parse(url).unwrap();
        assert_eq!((proxy.host(), proxy.port()), (host, port), "{url}");
        assert_eq!(proxy.is_secure(), printed.starts_with("https"));
        assert_eq!(format!("{proxy:?}"), printed);
    }
}

#[test]
fn what_is_no_proxy() {
    for url in ["ftp://p", "ws://p", "socks4://p", "socks5a://p", "u://"] {
        assert_eq!(
            Proxy::parse(url),
            Err(ProxyError::UnsupportedScheme),
            "{url}"
        );
    }
    for url in ["http://p/a", "http://p?a", "p/a"] {
        assert_eq!(Proxy::parse(url), Err(ProxyError::UnexpectedPath), "{url}");
    }
    for url in [
        "",
        "http://",
        "http://p#a",
        "http://a b",
        "http://p\r\nX: y",
        "http://u%0d%0a:p@h",
        "http://p:65536",
        "http://é",
        "://p",
        "[::1",
    ] {
        let failed = Proxy::parse(url);
        assert!(
            matches!(failed, Err(ProxyError::InvalidUrl(_))),
            "{url}: {failed:?}"
        );
    }
    for credentials in [
        format!("{}:p", "u".repeat(256)),
        format!("u:{}", "p".repeat(256)),
    ] {
        let failed = Proxy::parse(&format!("socks5://{credentials}@p"));
        assert_eq!(failed, Err(ProxyError::InvalidCredentials));
        assert!(Proxy::parse(&format!("http://{credentials}@p")).is_ok());
    }
    assert!(Proxy::parse(&format!("socks5://{}@p", "u".repeat(255))).is_ok());
}

#[test]
fn no_secret_is_printed() {
    for proxy in ["http://ada:secret@p", "socks5://ada:secret@p"] {
        let handshake = handshake(proxy, "ws://h", &Config::default()).unwrap();
        let printed = format!("{:?} {handshake:?}", Proxy::parse(proxy).unwrap());
        assert!(
            !printed.contains("ada") && !printed.contains("secret"),
            "{printed}"
        );
    }
}

#[test]
fn what_connect_asks() {
    let answer = b"HTTP/1.1 200 OK\r\n\r\n";
    for (proxy, url, expected) in [
        (
            "p",
            "ws://h/a",
            "CONNECT h:80 HTTP/1.1\r\nHost: h:80\r\n\r\n",
        ),
        (
            "p",
            "wss://[::1]/a",
            "CONNECT [::1]:443 HTTP/1.1\r\nHost: [::1]:443\r\n\r\n",
        ),
        (
            "ada:se%20cret@p",
            "wss://u:p@h:8/a",
            "CONNECT h:8 HTTP/1.1\r\nHost: h:8\r\n\
             Proxy-Authorization: Basic YWRhOnNlIGNyZXQ=\r\n\r\n",
        ),
    ] {
        let (result, written) = talk(proxy, url, &Config::default(), answer);
        assert_eq!((result, &written[..]), (Ok(true), expected.as_bytes()));
    }
}

#[test]
fn answers_to_connect() {
    let refused = |bytes: &[u8], status, reason| {
        match connect(bytes, &Config::default()) {
            Err(ProxyError::Refused(response)) => {
                assert_eq!((response.status(), response.reason()), (status, reason));
            }
            other => panic!("{other:?}"),
        };
    };
    refused(
        b"HTTP/1.1 407 Who?\r\nProxy-Authenticate: Basic\r\n\r\nbody",
        407,
        "Who?",
    );
    refused(b"HTTP/1.0 503 No\r\n\r\n", 503, "No");
    refused(b"HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n", 302, "Found");
    refused(
        b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n",
        101,
        "Switching",
    );

    let wrong = |error| Err(ProxyError::InvalidAnswer(error));
    let cases: [(&[u8], Result<bool, ProxyError>); 13] = [
        (b"HTTP/1.1 200 OK\r\n\r\n", Ok(true)),
        (b"HTTP/1.0 200\r\n\r\n", Ok(true)),
        // RFC 9110 section 9.3.6: a length is ignored.
        (b"HTTP/1.1 299 x\r\nContent-Length: 9\r\n\r\n", Ok(true)),
        (
            b"HTTP/1.1 100 x\r\n\r\nHTTP/1.1 103 x\r\n\r\nHTTP/1.1 200 x\r\n\r\n",
            Ok(true),
        ),
        (b"", Ok(false)),
        (b"HTTP/1.1 200 x\r\n\r", Ok(false)),
        (b"HTTP/1.1 100 x\r\n\r\n", Ok(false)),
        (b"\x05\x00", wrong(HandshakeError::MalformedStartLine)),
        (
            b"HTTP/1.1 20x x\r\n\r\n",
            wrong(HandshakeError::MalformedStartLine),
        ),
        (
            b"HTTP/2 200 x\r\n\r\n",
            wrong(HandshakeError::UnsupportedHttpVersion),
        ),
        (
            b"HTTP/1.1 200 x\nA: b\n\n",
            wrong(HandshakeError::ControlByte(b'\n')),
        ),
        (
            b"HTTP/1.1 200 x\r\n a\r\n\r\n",
            wrong(HandshakeError::FoldedHeader),
        ),
        (
            &b"HTTP/1.1 100 x\r\n\r\n".repeat(17),
            wrong(HandshakeError::TooManyInterim),
        ),
    ];
    for (bytes, expected) in cases {
        let what = String::from_utf8_lossy(bytes);
        assert_eq!(connect(bytes, &Config::default()), expected, "{what}");
    }
}

#[test]
fn the_head_of_an_answer_has_a_limit() {
    let config = Config::default().max_head_size(100).max_headers(2);
    let endless = [&b"HTTP/1.1 200 x\r\nA: "[..], &[b'a'; 200]].concat();
    let failed = Err(ProxyError::InvalidAnswer(HandshakeError::HeadTooLarge));
    assert_eq!(connect(&endless, &config), failed);
    let fields = b"HTTP/1.1 200 x\r\nA: a\r\nA: a\r\nA: a\r\n\r\n";
    let failed = Err(ProxyError::InvalidAnswer(HandshakeError::TooManyHeaders));
    assert_eq!(connect(fields, &config), failed);
}

#[test]
fn what_socks_asks() {
    for (url, address) in [
        ("wss://10.1.2.3", &b"\x01\x0a\x01\x02\x03\x01\xbb"[..]),
        (
            "wss://[::1]",
            b"\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x01\xbb",
        ),
        ("ws://example.org:81", b"\x03\x0bexample.org\x00\x51"),
    ] {
        let answers = [b"\x05\x00\x05\x00\x00", address].concat();
        let (result, written) = talk("socks5://p", url, &Config::default(), &answers);
        let expected = [b"\x05\x01\x00\x05\x01\x00", address].concat();
        assert_eq!((result, &written[..]), (Ok(true), &expected[..]), "{url}");
    }
}

/// The proxy may not want to know who asks.
#[test]
fn user_and_password_for_socks() {
    let talk = |bytes| {
        talk(
            "socks5h://ada:secret@p",
            "ws://h",
            &Config::default(),
            bytes,
        )
    };
    let (result, written) = talk(b"\x05\x02\x01\x00\x05\x00\x00\x01\0\0\0\0\0\0");
    let expected = b"\x05\x02\x00\x02\x01\x03ada\x06secret\x05\x01\x00\x03\x01h\x00\x50";
    assert_eq!((result, &written[..]), (Ok(true), &expected[..]));

    let (result, written) = talk(b"\x05\x00\x05\x00\x00\x03\x02ab\0\0");
    let expected = b"\x05\x02\x00\x02\x05\x01\x00\x03\x01h\x00\x50";
    assert_eq!((result, &written[..]), (Ok(true), &expected[..]));

    let (result, _) = talk(b"\x05\x02\x01\x01");
    assert_eq!(result, Err(ProxyError::AuthenticationFailed));
}

#[test]
fn answers_of_socks() {
    let socks = |bytes: &[u8]| talk("socks5://p", "ws://h", &Config::default(), bytes).0;
    let cases: [(&[u8], Result<bool, ProxyError>); 14] = [
        (b"", Ok(false)),
        (b"\x05", Ok(false)),
        (b"\x05\x00\x05\x00\x00", Ok(false)),
        (b"\x05\x00\x05\x00\x00\x03\xff", Ok(false)),
        (b"\x05\x00\x05\x00\x00\x01\0\0\0\0\0", Ok(false)),
        (b"\x05\x00\x05\x00\x00\x03\x00\0\0", Ok(true)),
        (b"\x05\xff", Err(ProxyError::NoAcceptableMethod)),
        // Not one that was offered.
        (b"\x05\x02", Err(ProxyError::NotSocks)),
        (b"\x05\x01", Err(ProxyError::NotSocks)),
        (b"\x04\x00", Err(ProxyError::NotSocks)),
        (b"HTTP/1.1 400 x", Err(ProxyError::NotSocks)),
        (b"\x05\x00\x04", Err(ProxyError::NotSocks)),
        (b"\x05\x00\x05\x00\x01\x01", Err(ProxyError::NotSocks)),
        (b"\x05\x00\x05\x00\x00\x02", Err(ProxyError::NotSocks)),
    ];
    for (bytes, expected) in cases {
        assert_eq!(socks(bytes), expected, "{bytes:?}");
    }
    for reply in 1..=255 {
        assert_eq!(socks(&[5, 0, 5, reply]), Err(ProxyError::Failed(reply)));
    }
}

#[test]
fn servers_that_cannot_be_asked_for() {
    let long = format!("ws://{}", "h".repeat(256));
    for (proxy, url) in [
        ("socks5://p", &*long),
        ("socks5://p", "ws+unix:/run/s:/"),
        ("http://p", "ws+unix:/run/s:/"),
    ] {
        let failed = handshake(proxy, url, &Config::default());
        assert_eq!(failed.err(), Some(ProxyError::InvalidServer), "{url}");
    }
    assert!(handshake("http://p", &long, &Config::default()).is_ok());
}

/// A server has been asked for nothing yet: what comes is not its, or not meant well.
#[test]
fn nothing_comes_behind_the_answer() {
    for (proxy, bytes) in [
        ("http://p", &b"HTTP/1.1 200 OK\r\n\r\nx"[..]),
        ("socks5://p", b"\x05\x00\x05\x00\x00\x01\0\0\0\0\0\0x"),
    ] {
        let mut handshake = handshake(proxy, "ws://h", &Config::default()).unwrap();
        let mut input = BytesMut::from(bytes);
        for _ in 0..2 {
            assert_eq!(
                handshake.receive(&mut input),
                Err(ProxyError::UnexpectedData)
            );
        }
        assert!(handshake.outgoing().is_empty());
    }
}

#[test]
fn the_end_of_the_transport() {
    let mut handshake = handshake("socks5://p", "ws://h", &Config::default()).unwrap();
    let mut input = BytesMut::from(&b"\x05"[..]);
    assert_eq!(handshake.receive(&mut input), Ok(false));
    assert_eq!(handshake.receive_eof(), ProxyError::ConnectionLost);
    assert_eq!(
        handshake.receive(&mut input),
        Err(ProxyError::ConnectionLost)
    );
    assert_eq!(handshake.receive_eof(), ProxyError::ConnectionLost);
}

#[test]
fn what_an_error_says() {
    let answer = b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n";
    let refused = connect(answer, &Config::default()).unwrap_err();
    for (error, words) in [
        (
            refused,
            &["407 Proxy Authentication Required", "password"][..],
        ),
        (ProxyError::Failed(5), &["5", "refused"]),
        (
            ProxyError::NoAcceptableMethod,
            &["authenticate", "password"],
        ),
        (
            ProxyError::InvalidAnswer(HandshakeError::HeadTooLarge),
            &["max_head_size"],
        ),
    ] {
        let text = format!("{error}");
        assert!(words.iter().all(|word| text.contains(word)), "{text}");
    }
}
