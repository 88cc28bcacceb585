//! What a client makes of the server's response.

use std::sync::{Arc, Mutex};

use super::support::wire::{self, TEXT, unmasked};
use super::support::{Pipe, join, pipe, run, text};
use crate::miniws::{Client, Config, Error, HandshakeError, Response, State, WebSocket};

type Connected = Result<WebSocket<Pipe>, Error>;

/// What becomes of a client whose request is answered with this, and then the end of the stream.
async fn answered(client: Client, response: impl AsRef<[u8]>) -> Connected {
    let (ours, mut theirs) = pipe(1 << 20);
    let (connected, ()) = join(client.handshake(ours), async move {
        wire::read_head(&mut theirs).await;
        wire::write(&mut theirs, response).await;
    })
    .await;
    connected
}

/// The same, answered with a 101 that has these additional headers; the peer's end is handed back.
async fn switched(client: Client, additional: &str, behind: &[u8]) -> (Connected, Pipe) {
    let (ours, mut theirs) = pipe(1 << 20);
    let (connected, theirs) = join(client.handshake(ours), async move {
        let request = wire::read_head(&mut theirs).await;
        let mut response = wire::switching(&request, additional).into_bytes();
        response.extend_from_slice(behind);
        wire::write(&mut theirs, response).await;
        theirs
    })
    .await;
    (connected, theirs)
}

fn client() -> Client {
    Client::new("ws://in.memory/chat")
}

fn refused(connected: Connected) -> Response {
    match connected {
        Err(Error::Handshake(HandshakeError::Refused(response))) => *response,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_hook_sees_it_and_may_agree() {
    run(async {
        let seen = Arc::new(Mutex::new(None));
        let see = seen.clone();
        let client = client().subprotocol("chat").on_response(move |response| {
            *see.lock().unwrap() = Some(response.clone());
            true
        });
        let additional = "Sec-WebSocket-Protocol: chat\r\nX-Room: 7\r\n";
        let (connected, _peer) = switched(client, additional, b"").await;
        assert_eq!(connected.unwrap().subprotocol(), Some("chat"));
        let seen = seen.lock().unwrap().take().unwrap();
        assert_eq!(seen.status(), 101);
        assert_eq!(seen.subprotocol(), Some("chat"));
        assert_eq!(seen.headers().get("x-room"), Some("7"));
    });
}

#[test]
fn the_hook_may_abort() {
    run(async {
        let client = client().on_response(|response| response.headers().get("X-Room").is_some());
        let (connected, mut peer) = switched(client, "", b"").await;
        match connected {
            Err(error @ Error::Aborted) => assert!(error.to_string().contains("hook"), "{error}"),
            other => panic!("{other:?}"),
        }
        assert_eq!(
            wire::read_rest(&mut peer).await,
            b"",
            "the connection has ended"
        );
    });
}

/// The server may send frames right behind its response.
#[test]
fn frames_right_behind_it_are_not_lost() {
    run(async {
        let (connected, _peer) = switched(client(), "", &unmasked(TEXT, "welcome")).await;
        let mut socket = connected.unwrap();
        assert_eq!(text(socket.recv().await.unwrap()), "welcome");
    });
}

#[test]
fn a_refusal_carries_status_headers_and_body() {
    run(async {
        let response = "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 7\r\n\
                        Content-Length: 8\r\n\r\nsold out";
        let response = refused(answered(client(), response).await);
        assert_eq!(response.status(), 503);
        assert_eq!(response.headers().get("retry-after"), Some("7"));
        assert_eq!(response.body(), b"sold out");

        let chunked = "HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n\
                       4\r\nnope\r\n0\r\n\r\n";
        assert_eq!(refused(answered(client(), chunked).await).body(), b"nope");
        let until_the_end = "HTTP/1.1 404 Not Found\r\n\r\nnope";
        assert_eq!(
            refused(answered(client(), until_the_end).await).body(),
            b"nope"
        );
        let cut_off = "HTTP/1.1 404 Not Found\r\nContent-Length: 100\r\n\r\nnope";
        assert_eq!(refused(answered(client(), cut_off).await).body(), b"nope");
    });
}

/// Redirects are the application's to follow: credentials must not go with them unasked.
#[test]
fn a_redirect_is_a_refusal() {
    run(async {
        let response =
            "HTTP/1.1 302 Found\r\nLocation: ws://elsewhere/\r\nContent-Length: 0\r\n\r\n";
        let response = refused(answered(client(), response).await);
        assert_eq!(response.status(), 302);
        assert_eq!(response.headers().get("Location"), Some("ws://elsewhere/"));
    });
}

/// The server decides how long its body is, but not how much of it is kept.
#[test]
fn the_body_of_a_refusal_is_bounded() {
    run(async {
        for head in [
            "HTTP/1.1 500 x\r\n\r\n",
            "HTTP/1.1 500 x\r\nContent-Length: 9999999\r\n\r\n",
        ] {
            let response = format!("{head}{}", "x".repeat(200_000));
            let response = refused(answered(client(), response).await);
            assert_eq!(response.body().len(), 64 << 10);
        }
        let few = client().config(Config::default().max_body_size(10));
        let response = "HTTP/1.1 500 x\r\nContent-Length: 20\r\n\r\n01234567890123456789";
        assert_eq!(refused(answered(few, response).await).body(), b"0123456789");
    });
}

/// The error says in a sentence what the server said.
#[test]
fn a_refusal_reads_well() {
    run(async {
        let response = "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n";
        let error = answered(client(), response).await.unwrap_err();
        assert!(error.to_string().contains("403"), "{error}");
    });
}

/// RFC 6455 section 4.1: what a client must not put up with.
#[test]
fn what_is_no_valid_response() {
    run(async {
        let (ours, mut theirs) = pipe(10_000);
        let (connected, ()) = join(client().handshake(ours), async {
            let request = wire::read_head(&mut theirs).await;
            let wrong = request.replace("Sec-WebSocket-Key: ", "Sec-WebSocket-Key: x");
            wire::write(&mut theirs, wire::switching(&wrong, "")).await;
        })
        .await;
        assert!(matches!(
            connected,
            Err(Error::Handshake(HandshakeError::WrongAccept))
        ));

        let (connected, _) = switched(client(), "Sec-WebSocket-Extensions: mux\r\n", b"").await;
        assert!(matches!(
            connected,
            Err(Error::Handshake(HandshakeError::UnofferedExtension))
        ));

        let connected = answered(client(), "SSH-2.0-OpenSSH_9.9\r\n\r\n").await;
        assert!(
            matches!(connected, Err(Error::Handshake(_))),
            "{connected:?}"
        );

        let connected = answered(client(), "").await;
        assert!(matches!(
            connected,
            Err(Error::Handshake(HandshakeError::ConnectionLost))
        ));

        let endless = format!("HTTP/1.1 101 x\r\nX: {}", "x".repeat(100_000));
        let connected = answered(client(), endless).await;
        assert!(matches!(
            connected,
            Err(Error::Handshake(HandshakeError::HeadTooLarge))
        ));
    });
}

#[test]
fn the_state_after_a_failure() {
    run(async {
        let (ours, theirs) = pipe(10_000);
        drop(theirs);
        let mut connecting = client().handshake(ours);
        assert!((&mut connecting).await.is_err());
        assert_eq!(connecting.state(), State::Closed);
    });
}
