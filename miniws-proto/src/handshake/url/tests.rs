use super::*;

#[test]
fn urls_that_are_well_formed() {
    // URL; secure, host, port; authority; target
    let cases = [
        ("ws://h", (false, "h", 80), "h", "/"),
        ("wss://h", (true, "h", 443), "h", "/"),
        (
            "WsS://Example.COM/",
            (true, "Example.COM", 443),
            "Example.COM",
            "/",
        ),
        ("ws://h:80/a", (false, "h", 80), "h", "/a"),
        ("ws://h:443", (false, "h", 443), "h:443", "/"),
        ("wss://h:80", (true, "h", 80), "h:80", "/"),
        ("ws://h:/a?b", (false, "h", 80), "h", "/a?b"),
        ("ws://h:0", (false, "h", 0), "h:0", "/"),
        ("ws://h:00065535", (false, "h", 65535), "h:65535", "/"),
        ("ws://h?q=1", (false, "h", 80), "h", "/?q=1"),
        ("ws://h?", (false, "h", 80), "h", "/?"),
        (
            "ws://h/a%20b/?c=/?d",
            (false, "h", 80),
            "h",
            "/a%20b/?c=/?d",
        ),
        (
            "ws://127.0.0.1:9",
            (false, "127.0.0.1", 9),
            "127.0.0.1:9",
            "/",
        ),
        ("ws://[::1]", (false, "::1", 80), "[::1]", "/"),
        (
            "wss://[2001:db8::1]:8443/x",
            (true, "2001:db8::1", 8443),
            "[2001:db8::1]:8443",
            "/x",
        ),
        ("ws://u:p@h:81/", (false, "h", 81), "h:81", "/"),
    ];
    for (text, (is_secure, host, port), authority, target) in cases {
        let url = Url::parse(text).unwrap();
        assert_eq!(
            (url.is_secure(), url.host(), url.port()),
            (is_secure, host, port),
            "{text}"
        );
        assert_eq!(
            (&*url.authority(), url.target()),
            (authority, target),
            "{text}"
        );
    }
}

#[test]
fn urls_of_unix_sockets() {
    let cases = [
        ("ws+unix:/run/a.sock:/chat?x", "/run/a.sock", "/chat?x"),
        ("WS+UNIX:/run/a.sock", "/run/a.sock", "/"),
        ("ws+unix:/run/a%20b%3ac:/d:e", "/run/a b:c", "/d:e"),
        ("ws+unix:a.sock:?x", "a.sock", "/?x"),
    ];
    for (text, socket, target) in cases {
        let url = Url::parse(text).unwrap();
        assert_eq!(
            (url.unix_path(), url.target()),
            (Some(socket), target),
            "{text}"
        );
        assert_eq!(
            (&*url.authority(), url.is_secure()),
            ("localhost", false),
            "{text}"
        );
    }
}

#[test]
fn urls_that_are_not() {
    let cases = [
        ("ws+unix:", HandshakeError::InvalidSocketPath),
        ("ws+unix::/a", HandshakeError::InvalidSocketPath),
        ("ws+unix:/a:b", HandshakeError::InvalidSocketPath),
        ("ws+unix:/a%00", HandshakeError::InvalidSocketPath),
        ("ws+unix://host/a", HandshakeError::InvalidSocketPath),
        ("ws+unix:/a#f", HandshakeError::FragmentInUrl),
        ("", HandshakeError::UnsupportedScheme),
        ("example.com/chat", HandshakeError::UnsupportedScheme),
        ("h:9001/chat", HandshakeError::UnsupportedScheme),
        (":", HandshakeError::InvalidUrl { at: 0 }),
        ("ws://a b", HandshakeError::InvalidUrl { at: 6 }),
        ("ws://h/\r\nX: y", HandshakeError::InvalidUrl { at: 7 }),
        ("ws://h/%4", HandshakeError::InvalidUrl { at: 7 }),
        ("ws://[::1", HandshakeError::InvalidUrl { at: 9 }),
        ("ws://h:8x", HandshakeError::InvalidUrl { at: 8 }),
        ("http://h", HandshakeError::UnsupportedScheme),
        ("wsx://h", HandshakeError::UnsupportedScheme),
        ("ws:h", HandshakeError::EmptyHost),
        ("ws:///a", HandshakeError::EmptyHost),
        ("ws://", HandshakeError::EmptyHost),
        ("ws://:80", HandshakeError::EmptyHost),
        ("ws://u@/", HandshakeError::EmptyHost),
        ("ws://[v1.x]", HandshakeError::UnsupportedHost),
        ("ws://a%41", HandshakeError::UnsupportedHost),
        ("ws://h#f", HandshakeError::FragmentInUrl),
        ("ws://h/a?b#", HandshakeError::FragmentInUrl),
        ("ws://h:65536", HandshakeError::InvalidPort),
        ("ws://h:99999999999999999999", HandshakeError::InvalidPort),
        ("ws://grüße.de", HandshakeError::NonAsciiUrl),
        ("ws://h/é", HandshakeError::NonAsciiUrl),
        ("ws://a%3Ab:c@h", HandshakeError::InvalidCredentials),
        ("ws://a:%0D@h", HandshakeError::InvalidCredentials),
        ("ws://%FF@h", HandshakeError::InvalidCredentials),
    ];
    for (text, error) in cases {
        assert_eq!(Url::parse(text), Err(error), "{text}");
    }
}

#[test]
fn credentials_are_decoded_and_kept_out_of_logs() {
    for (text, expected) in [
        ("ws://h", None),
        ("ws://u@h", Some(("u", ""))),
        ("ws://u:@h", Some(("u", ""))),
        ("ws://u:p:q@h", Some(("u", "p:q"))),
        ("ws://g%C3%BC%40:%3a@h", Some(("gü@", ":"))),
    ] {
        assert_eq!(
            Url::parse(text).as_ref().map(Url::credentials),
            Ok(expected),
            "{text}"
        );
    }
    let url = Url::parse("ws://user:secret@h:1/x");
    assert_eq!(format!("{url:?}"), "Ok(ws://h:1/x)");
}

#[test]
fn authorities() {
    for good in ["h", "h:80", "h:", "[::1]:1", "1.2.3.4", "a_b.c"] {
        assert!(is_authority(good), "{good}");
    }
    for bad in [
        "", ":80", "h/", "h?", "h#", "u@h", "h:x", "h:65536", "h, g", "é", "h h", "h\0",
    ] {
        assert!(!is_authority(bad), "{bad}");
    }
}
