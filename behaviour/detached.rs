//! Connections whose handshake was done elsewhere.

use bytes::BytesMut;

use super::support::wire::{self, TEXT, masked};
use super::support::{calm, join, pipe, run, text, zeros};
use crate::miniws::{
    Accept, Config, Connection, Event, Headers, Message, Negotiated, Request, WebSocket, proto,
};

#[test]
fn both_roles_over_any_stream() {
    run(async {
        let (ours, theirs) = pipe(1000);
        let negotiated = Negotiated::new().with_subprotocol("chat".into());
        let connection = Connection::server(calm(), negotiated.clone());
        let mut server = WebSocket::from_parts(ours, connection, BytesMut::new());
        let connection = Connection::client(calm(), negotiated, zeros);
        let mut client = WebSocket::from_parts(theirs, connection, BytesMut::new());
        assert_eq!(server.subprotocol(), Some("chat"));
        assert_eq!(client.subprotocol(), Some("chat"));
        assert_eq!(server.remote_addr(), None);

        client.send("hello").await.unwrap();
        assert_eq!(text(server.recv().await.unwrap()), "hello");
        let (closed, ()) = join(server.close(), async {
            while let Ok(Some(_)) = client.recv().await {}
            drop(client);
        })
        .await;
        assert!(closed.unwrap().clean);
    });
}

/// What was read too far comes first, and may end in the middle of a frame.
#[test]
fn input_that_was_read_too_far() {
    run(async {
        let frames = [masked(TEXT, "one"), masked(TEXT, "two")].concat();
        let (early, late) = frames.split_at(12);
        let (ours, mut peer) = pipe(1000);
        wire::write(&mut peer, late).await;
        let connection = Connection::server(Config::default(), Negotiated::default());
        let mut server = WebSocket::from_parts(ours, connection, BytesMut::from(early));
        assert_eq!(text(server.recv().await.unwrap()), "one");
        assert_eq!(text(server.recv().await.unwrap()), "two");
    });
}

/// Another HTTP stack has parsed the request, and sends the response itself.
#[test]
fn a_response_that_another_http_stack_sends() {
    run(async {
        let mut headers = Headers::new();
        for (name, value) in [
            ("Host", "example.org"),
            ("Upgrade", "websocket"),
            ("Connection", "Upgrade"),
            ("Sec-WebSocket-Version", "13"),
            ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ] {
            headers.push(name, value).unwrap();
        }
        let request = Request::new("GET", "/", headers);
        let incoming = proto::Incoming::from_request(request, Config::default()).unwrap();
        let proto::Incoming::Upgrade(upgrade) = incoming else {
            panic!("it asks for a WebSocket");
        };
        let (reply, connection) = upgrade.accept_detached(Accept::new()).unwrap();
        assert_eq!(reply.status(), 101);

        let (ours, mut peer) = pipe(1000);
        let mut server = WebSocket::from_parts(ours, connection, BytesMut::new());
        wire::write(&mut peer, masked(TEXT, "hello")).await;
        let event = server.recv().await.unwrap();
        assert_eq!(event, Some(Event::Message(Message::from("hello"))));
        server.send("hi").await.unwrap();
        // The response is the other stack's: only frames are written here.
        assert_eq!(
            wire::read_frame(&mut peer).await,
            (0x80 | TEXT, b"hi".to_vec())
        );
    });
}
