//! The life of a connection.

use std::net::SocketAddr;

use tracing::subscriber::set_default;
use tracing::{Level, info, info_span};

use super::super::support::recorder::Records;
use super::super::support::wire::{self, PING, TEXT, masked};
use super::super::support::{TICK, calm, join, kind, pipe, run, server_and_peer};
use super::{brief, record, story};
use crate::miniws::{Client, CloseCode, Event, Server};

#[test]
fn from_the_handshake_to_the_close() {
    let (records, _guard) = record(Level::TRACE);
    run(async {
        let (ours, theirs) = pipe(64 << 10);
        let server = Server::new().subprotocols(["chat"]);
        let peer = SocketAddr::from(([192, 0, 2, 7], 4711));
        let client = Client::new("ws://in.memory:8080/room?token=7").subprotocol("chat");
        // It is begun within the span, and goes on outside.
        let client = info_span!("ours").in_scope(|| client.handshake(theirs));
        let (server, client) = join(server.accept_from(ours, peer), client).await;
        let (mut server, mut client) = (server.unwrap(), client.unwrap());
        client.send("hello").await.unwrap();
        let closing = client.close_with(CloseCode::from(4000), "done");
        let (closed, ()) = join(closing, async {
            while server.recv().await.unwrap().is_some() {}
        })
        .await;
        assert!(closed.unwrap().clean);
    });
    assert_eq!(
        story(&records, "server"),
        [
            "DEBUG accepted",
            "DEBUG open",
            "DEBUG closed websocket.close.clean=true websocket.close.code=4000 \
             websocket.close.initiator=remote",
        ]
    );
    assert_eq!(
        story(&records, "client"),
        [
            "DEBUG connecting",
            "DEBUG open",
            "DEBUG closed websocket.close.clean=true websocket.close.code=4000 \
             websocket.close.initiator=local",
        ]
    );
    let [client, server] = &records.all("websocket")[..] else {
        panic!("expected two spans");
    };
    for span in [client, server] {
        assert!(!span.is_event && span.is_closed());
        assert_eq!((span.level, span.target.as_str()), (Level::INFO, "miniws"));
    }
    assert_eq!(
        server.fields(),
        "network.peer.address=192.0.2.7 network.peer.port=4711 otel.kind=server url.path=/room \
         websocket.subprotocol=chat"
    );
    assert_eq!(
        client.fields(),
        "otel.kind=client server.address=in.memory server.port=8080 url.path=/room \
         url.scheme=ws websocket.subprotocol=chat"
    );
    assert_eq!(records.parent(client).unwrap().name, "ours");
    assert!(records.parent(server).is_none());
}

/// The code of the peer's close counts, and who was first.
#[test]
fn closed_by_the_peer_without_a_code() {
    let (records, _guard) = record(Level::TRACE);
    run(async {
        let (mut server, mut peer) = server_and_peer(calm());
        wire::write(&mut peer, masked(wire::CLOSE, "")).await;
        assert_eq!(server.recv().await.unwrap(), Some(Event::Close(None)));
        // It is told once it is known, and not only when the WebSocket is dropped.
        assert_eq!(
            story(&records, "server"),
            [
                "DEBUG open",
                "DEBUG closed websocket.close.clean=true websocket.close.code=1005 \
                 websocket.close.initiator=remote",
            ]
        );
        drop(server);
        assert_eq!(records.all("closed").len(), 1);
    });
}

#[test]
fn a_peer_that_misbehaves_is_a_warning() {
    for (bytes, error_type, code) in [
        (wire::unmasked(TEXT, "hello"), "UnmaskedFrame", 1002),
        (masked(3, ""), "ReservedOpcode", 1002),
        (masked(TEXT, [0xff]), "InvalidUtf8", 1007),
        (masked(TEXT, [b'x'; 101]), "MessageTooLarge", 1009),
    ] {
        let (records, _guard) = record(Level::TRACE);
        run(async {
            let (mut server, mut peer) = server_and_peer(brief().max_message_size(100));
            wire::write(&mut peer, bytes).await;
            server.recv().await.unwrap_err();
        });
        assert_eq!(
            story(&records, "server")[1..],
            [format!(
                "WARN closed error.type={error_type} websocket.close.clean=false \
                 websocket.close.code={code} websocket.close.initiator=local"
            )]
        );
        assert_eq!(
            records.one("websocket").fields(),
            format!("error.type={error_type} otel.kind=server otel.status_code=ERROR")
        );
    }
}

#[test]
fn lost_or_silent_or_dropped() {
    let (lost, _guard) = record(Level::TRACE);
    run(async {
        let (mut server, peer) = server_and_peer(calm());
        drop(peer);
        server.recv().await.unwrap_err();
    });
    let (silent, _guard) = record(Level::TRACE);
    run(async {
        let (mut server, _peer) = server_and_peer(brief().idle_timeout(Some(TICK)));
        kind(server.recv().await);
    });
    let (broken, _guard) = record(Level::TRACE);
    run(async {
        let (mut server, peer) = server_and_peer(calm());
        drop(peer);
        server.send("hello").await.unwrap_err();
    });
    let (dropped, _guard) = record(Level::TRACE);
    run(async {
        let (server, _peer) = server_and_peer(calm());
        let (sender, receiver) = server.split();
        drop(receiver);
        assert!(dropped.all("closed").is_empty());
        drop(sender);
    });
    for (records, error_type, code, initiator) in [
        (lost, "ConnectionLost", 1006, "remote"),
        (silent, "IdleTimeout", 1001, "local"),
        (broken, "BrokenPipe", 1006, "remote"),
        (dropped, "Dropped", 1006, "local"),
    ] {
        assert_eq!(
            story(&records, "server")[1..],
            [format!(
                "DEBUG closed error.type={error_type} websocket.close.clean=false \
                 websocket.close.code={code} websocket.close.initiator={initiator}"
            )]
        );
    }
}

/// What the application has to say of a connection.
#[test]
fn the_span_is_there_to_be_entered() {
    let (records, _guard) = record(Level::TRACE);
    run(async {
        let (server, mut peer) = server_and_peer(calm());
        server.span().in_scope(|| info!("of the whole"));
        let (sender, mut receiver) = server.split();
        sender.span().in_scope(|| info!("of the sender"));
        wire::write(&mut peer, masked(PING, "")).await;
        let event = receiver.recv().await.unwrap();
        receiver.span().in_scope(|| info!("of the receiver"));
        assert!(matches!(event, Some(Event::Ping(_))));
    });
    for said in ["of the whole", "of the sender", "of the receiver"] {
        let span = records.parent(&records.one(said)).unwrap();
        assert_eq!(span.name, "websocket");
    }
    assert!(records.one("websocket").is_closed());
}

#[test]
fn warnings_come_without_the_span_too() {
    let (records, _guard) = record(Level::WARN);
    run(async {
        let (mut server, mut peer) = server_and_peer(brief());
        wire::write(&mut peer, wire::unmasked(TEXT, "hello")).await;
        server.recv().await.unwrap_err();
        assert!(server.span().is_disabled());
    });
    let closed = records.one("closed");
    assert_eq!(closed.field("error.type"), "UnmaskedFrame");
    assert_eq!(records.entries().len(), 1);
}

#[test]
fn events_come_without_spans() {
    let records = Records::default();
    let _guard = set_default(records.recorder_of_events());
    run(async {
        let (mut server, mut peer) = server_and_peer(calm());
        wire::write(&mut peer, masked(wire::CLOSE, "")).await;
        server.recv().await.unwrap();
    });
    let names: Vec<_> = records
        .entries()
        .iter()
        .map(|entry| entry.name.clone())
        .collect();
    assert_eq!(names, ["open", "closed"]);
}

#[test]
fn nobody_need_listen() {
    run(async {
        let (mut server, mut peer) = server_and_peer(brief());
        wire::write(&mut peer, wire::unmasked(TEXT, "hello")).await;
        server.recv().await.unwrap_err();
    });
}
