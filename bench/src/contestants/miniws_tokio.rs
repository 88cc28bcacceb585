//! miniws-tokio.

use std::sync::LazyLock;

use bytes::BytesMut;
use miniws_tokio::{Client, Event, MessageKind, PreparedMessage, Server, WebSocket};
use tokio::net::TcpStream;

use super::miniws_core::{config, connection};
use crate::contestant::{Contestant, Outgoing, Sink, Stream};
use crate::entry::{Entry, Proto};
use crate::serving::tokio::{self as serving, Handshakes};
use crate::wire::Role;

/// Ours on tokio.
pub struct MiniwsTokio<const DEFLATE: bool = false>;

impl<S: Stream, const DEFLATE: bool> Contestant<S> for MiniwsTokio<DEFLATE> {
    type Socket = WebSocket<S>;

    fn open(stream: S, role: Role) -> WebSocket<S> {
        WebSocket::from_parts(stream, connection::<DEFLATE>(role), BytesMut::new())
    }

    async fn receive(socket: &mut WebSocket<S>, sink: &mut Sink) -> bool {
        while let Ok(Some(event)) = socket.recv().await {
            if let Event::Message(message) = event {
                sink.take(message.kind() == MessageKind::Text, message.as_bytes());
                return true;
            }
        }
        false
    }

    async fn send(socket: &mut WebSocket<S>, message: &Outgoing) {
        let _ = socket.send(message.shared()).await;
    }

    async fn send_burst(socket: &mut WebSocket<S>, message: &Outgoing, count: usize) {
        for _ in 0..count {
            let _ = socket.feed(message.shared());
        }
        let _ = socket.flush().await;
    }

    async fn broadcast(sockets: &mut [WebSocket<S>], message: &Outgoing) {
        let prepared = PreparedMessage::new(message.shared());
        for socket in sockets {
            let _ = socket.send_prepared(&prepared).await;
        }
    }

    async fn echo(socket: &mut WebSocket<S>) {
        // Receiving writes what is queued before it waits.
        loop {
            // Before there is a message, so that the task has no place for one while it waits.
            if !socket.can_send() && socket.flush().await.is_err() {
                return;
            }
            let Ok(Some(event)) = socket.recv().await else {
                return;
            };
            if let Event::Message(message) = event
                && socket.feed(message).is_err()
            {
                return;
            }
        }
    }
}

impl Handshakes for MiniwsTokio {
    async fn accept(stream: TcpStream) -> Option<()> {
        static SERVER: LazyLock<Server> = LazyLock::new(|| Server::new().config(config::<false>()));
        let mut socket = SERVER.accept(stream).await.ok()?;
        while let Ok(Some(_)) = socket.recv().await {}
        Some(())
    }

    async fn connect(stream: TcpStream) -> Option<()> {
        let client = Client::new("ws://localhost/").config(config::<false>());
        client.handshake(stream).await.ok().map(drop)
    }
}

pub const ENTRY: Entry = Entry {
    proto: Proto::of::<MiniwsTokio>(),
    proto_deflate: Proto::of::<MiniwsTokio<true>>(),
    serve: Some(serving::serve::<MiniwsTokio>),
    serve_deflate: Some(serving::serve::<MiniwsTokio<true>>),
    broadcast: Some(serving::serve::<MiniwsTokio>),
    accept: Some(serving::accept::<MiniwsTokio>),
    connect: Some(serving::connect::<MiniwsTokio>),
    ..Entry::new(
        "miniws-tokio",
        "ours on tokio; all checks, limits and timeouts; compresses at level 3",
    )
};
