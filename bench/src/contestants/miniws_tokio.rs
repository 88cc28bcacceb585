//! miniws-tokio.

use std::net::TcpListener;

use bytes::BytesMut;
use miniws_tokio::{Event, MessageKind, PreparedMessage, WebSocket};

use super::miniws_core::connection;
use crate::block_on::block_on;
use crate::contestant::{Contestant, Info, Outgoing, Sink, Stream};
use crate::serving::tokio::serve;
use crate::pipe::Pipe;
use crate::wire::Role;

/// Ours on tokio.
pub struct MiniwsTokio;

async fn echo<S: Stream>(stream: S) {
    let mut socket = WebSocket::from_parts(stream, connection(Role::Server), BytesMut::new());
    // Receiving writes what is queued before it waits.
    while let Ok(Some(event)) = socket.recv().await {
        if let Event::Message(message) = event
            && socket.feed(message).is_err()
        {
            return;
        }
    }
}

impl Contestant for MiniwsTokio {
    const INFO: Info = Info {
        name: "miniws-tokio",
        package: "miniws-tokio",
        notes: "ours on tokio; all checks, limits and timeouts",
    };

    type Socket = WebSocket<Pipe>;

    fn open(pipe: Pipe, role: Role) -> Self::Socket {
        WebSocket::from_parts(pipe, connection(role), BytesMut::new())
    }

    async fn receive(socket: &mut Self::Socket, sink: &mut Sink) -> bool {
        while let Ok(Some(event)) = socket.recv().await {
            if let Event::Message(message) = event {
                sink.take(message.kind() == MessageKind::Text, message.as_bytes());
                return true;
            }
        }
        false
    }

    async fn send(socket: &mut Self::Socket, message: &Outgoing) {
        let _ = socket.send(message.shared()).await;
    }

    async fn send_burst(socket: &mut Self::Socket, message: &Outgoing, count: usize) {
        for _ in 0..count {
            let _ = socket.feed(message.shared());
        }
        let _ = socket.flush().await;
    }

    async fn broadcast(sockets: &mut [Self::Socket], message: &Outgoing) {
        let prepared = PreparedMessage::new(message.shared());
        for socket in sockets {
            let _ = socket.send_prepared(&prepared).await;
        }
    }

    fn echo(pipe: Pipe) {
        block_on(echo(pipe));
    }

    const SERVE: Option<fn(TcpListener)> = Some(|listener| serve(listener, echo));
}
