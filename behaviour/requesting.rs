//! What a client sends, from what it is asked for.

use super::support::wire::{self, header};
use super::support::{join, pipe, run, zeros};
use crate::miniws::{Client, Config, Error, HandshakeError};

/// The head of the request that a client sends.
async fn request(client: Client) -> String {
    let (ours, mut theirs) = pipe(10_000);
    let (_, request) = join(client.handshake(ours), async {
        let request = wire::read_head(&mut theirs).await;
        drop(theirs);
        request
    })
    .await;
    request
}

/// Why a client doesn't even send one.
async fn failure(client: Client) -> HandshakeError {
    let (ours, mut theirs) = pipe(10_000);
    let failure = match client.handshake(ours).await {
        Err(Error::Handshake(error)) => error,
        other => panic!("{other:?}"),
    };
    assert_eq!(wire::read_rest(&mut theirs).await, b"", "nothing is sent");
    failure
}

#[test]
fn the_least_that_a_request_has() {
    run(async {
        let client = Client::new("ws://example.org/chat").entropy(zeros);
        let expected = "GET /chat HTTP/1.1\r\nHost: example.org\r\nUpgrade: websocket\r\n\
                        Connection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\
                        Sec-WebSocket-Version: 13\r\n\r\n";
        assert_eq!(request(client).await, expected);
    });
}

#[test]
fn the_parts_of_a_url() {
    run(async {
        for (url, target, host) in [
            ("ws://example.org", "/", "example.org"),
            ("ws://example.org:80/", "/", "example.org"),
            (
                "ws://example.org:8080/a/b?c=d&e",
                "/a/b?c=d&e",
                "example.org:8080",
            ),
            ("ws://example.org?q", "/?q", "example.org"),
            ("WS://EXAMPLE.org/%20", "/%20", "EXAMPLE.org"),
            ("ws://[::1]:9001/x", "/x", "[::1]:9001"),
            ("ws://[2001:db8::7]/", "/", "[2001:db8::7]"),
            ("ws://127.0.0.1:9001/x", "/x", "127.0.0.1:9001"),
            ("wss://example.org:443/", "/", "example.org"),
        ] {
            let request = request(Client::new(url)).await;
            assert!(
                request.starts_with(&format!("GET {target} HTTP/1.1\r\n")),
                "{request}"
            );
            let sent = header(&request, "Host").unwrap();
            assert!(sent.eq_ignore_ascii_case(host), "{request}");
            assert_eq!(header(&request, "Authorization"), None);
        }
    });
}

/// RFC 7617, and nothing of it in the target or the host.
#[test]
fn user_and_password() {
    run(async {
        for (userinfo, expected) in [
            ("user:password", "Basic dXNlcjpwYXNzd29yZA=="),
            ("user:p%40ss", "Basic dXNlcjpwQHNz"),
            ("user", "Basic dXNlcjo="),
        ] {
            let request = request(Client::new(&format!("ws://{userinfo}@example.org/"))).await;
            assert_eq!(header(&request, "Authorization"), Some(expected));
            assert_eq!(header(&request, "Host"), Some("example.org"));
            assert!(!request.contains("pass"), "{request}");
        }
    });
}

#[test]
fn what_a_url_cannot_be() {
    run(async {
        for (url, expected) in [
            ("http://example.org/", HandshakeError::UnsupportedScheme),
            ("ws://example.org/#top", HandshakeError::FragmentInUrl),
            ("ws:///chat", HandshakeError::EmptyHost),
            ("ws://example.org:99999/", HandshakeError::InvalidPort),
        ] {
            assert_eq!(failure(Client::new(url)).await, expected, "{url}");
        }
        for url in [
            "",
            "chat",
            "ws://exa mple.org/",
            "ws://example.org/\r\nX-Evil: 1",
            "ws://[::1/",
        ] {
            failure(Client::new(url)).await;
        }
    });
}

#[test]
fn headers_in_their_case_and_order() {
    run(async {
        let client = Client::new("ws://example.org/")
            .header("X-Upper", "1")
            .header("x-lower", "2")
            .header("X-Upper", "3")
            .origin("https://example.com");
        let request = request(client).await;
        assert_eq!(header(&request, "Origin"), Some("https://example.com"));
        let (_, additional) = request.split_once("X-Upper: 1\r\n").unwrap();
        assert_eq!(additional, "x-lower: 2\r\nX-Upper: 3\r\n\r\n");
    });
}

#[test]
fn subprotocols_in_their_order() {
    run(async {
        let client = Client::new("ws://example.org/")
            .subprotocol("b")
            .subprotocol("a");
        let request = request(client).await;
        assert_eq!(header(&request, "Sec-WebSocket-Protocol"), Some("b, a"));
    });
}

/// Nothing that is put in can make the request say something else.
#[test]
fn no_header_can_be_injected() {
    run(async {
        let ask = || Client::new("ws://example.org/");
        for client in [
            ask().header("X", "1\r\nX-Evil: 1"),
            ask().header("X\r\nX-Evil", "1"),
            ask().header("X: 1\nX-Evil", "1"),
            ask().header("", "1"),
            ask().origin("a\r\nX-Evil: 1"),
            ask().subprotocol("a\r\nX-Evil: 1"),
            ask().header("Sec-WebSocket-Key", "mine"),
            ask().header("upgrade", "h2c"),
            ask().header("Content-Length", "5"),
        ] {
            failure(client).await;
        }
    });
}

/// RFC 6455 section 4.1: a fresh key each time.
#[test]
fn keys_differ() {
    run(async {
        let mut keys = Vec::new();
        for _ in 0..10 {
            let request = request(Client::new("ws://example.org/")).await;
            keys.push(header(&request, "Sec-WebSocket-Key").unwrap().to_owned());
        }
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), 10);
    });
}

/// A password must not end up in a log.
#[test]
fn debugging_shows_no_password() {
    let client = Client::new("ws://user:secret@example.org/").config(Config::default());
    assert!(!format!("{client:?}").contains("secret"));
}
