//! miniws-blocking.

use std::net::TcpStream;

use bytes::BytesMut;
use miniws_blocking::{Event, MessageKind, PreparedMessage, WebSocket};

use super::miniws_core::connection;
use crate::contestant::{Contestant, Outgoing, Sink};
use crate::entry::Entry;
use crate::serving::blocking;
use crate::wire::Role;

/// Ours on threads.
struct MiniwsBlocking<const DEFLATE: bool = false>;

impl<const DEFLATE: bool> Contestant<TcpStream> for MiniwsBlocking<DEFLATE> {
    type Socket = WebSocket<TcpStream>;

    fn open(stream: TcpStream, role: Role) -> Self::Socket {
        WebSocket::from_parts(stream, connection::<DEFLATE>(role), BytesMut::new())
    }

    async fn receive(socket: &mut Self::Socket, sink: &mut Sink) -> bool {
        while let Ok(Some(event)) = socket.recv() {
            if let Event::Message(message) = event {
                sink.take(message.kind() == MessageKind::Text, message.as_bytes());
                return true;
            }
        }
        false
    }

    async fn send(socket: &mut Self::Socket, message: &Outgoing) {
        let _ = socket.send(message.shared());
    }

    async fn broadcast(sockets: &mut [Self::Socket], message: &Outgoing) {
        let prepared = PreparedMessage::new(message.shared());
        for socket in sockets {
            let _ = socket.send_prepared(&prepared);
        }
    }

    async fn echo(socket: &mut Self::Socket) {
        // Receiving writes what is queued before it waits.
        while let Ok(Some(event)) = socket.recv() {
            let Event::Message(message) = event else {
                continue;
            };
            if !socket.can_send() && socket.flush().is_err() {
                return;
            }
            if socket.feed(message).is_err() {
                return;
            }
        }
    }
}

pub const ENTRY: Entry = Entry {
    serve: Some(blocking::serve::<MiniwsBlocking>),
    serve_deflate: Some(blocking::serve::<MiniwsBlocking<true>>),
    broadcast: Some(blocking::serve::<MiniwsBlocking>),
    ..Entry::new(
        "miniws-blocking",
        "ours, a thread for each connection; all checks, limits and timeouts",
    )
};
