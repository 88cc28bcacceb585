//! web-socket. It has no handshake.

use tokio::io::BufReader;
use web_socket::{DataType, Event, MessageType, Stream as Part, WebSocket};

use crate::contestant::{Contestant, Outgoing, Sink, Stream};
use crate::entry::{Entry, Proto};
use crate::serving::tokio as serving;
use crate::wire::Role;

struct WebSocketCrate;

/// A connection and the fragments so far, which it leaves to its user.
struct Socket<S> {
    inner: WebSocket<BufReader<S>>,
    fragments: Vec<u8>,
}

impl<S: Stream> Socket<S> {
    /// The next message.
    async fn receive(&mut self) -> Option<(MessageType, Box<[u8]>)> {
        loop {
            match self.inner.recv().await {
                Ok(Event::Data { ty, data }) => match ty {
                    DataType::Complete(kind) => return Some((kind, data)),
                    DataType::Stream(Part::Start(_) | Part::Next(_)) => {
                        self.fragments.extend_from_slice(&data);
                    }
                    DataType::Stream(Part::End(kind)) => {
                        self.fragments.extend_from_slice(&data);
                        let whole = std::mem::take(&mut self.fragments);
                        return Some((kind, whole.into_boxed_slice()));
                    }
                },
                Ok(Event::Ping(payload)) => self.inner.send_pong(payload).await.ok()?,
                Ok(Event::Pong(_)) => {}
                Ok(Event::Error(_) | Event::Close { .. }) | Err(_) => return None,
            }
        }
    }
}

impl<S: Stream> Contestant<S> for WebSocketCrate {
    type Socket = Socket<S>;

    fn open(stream: S, role: Role) -> Socket<S> {
        let stream = BufReader::new(stream);
        Socket {
            inner: match role {
                Role::Server => WebSocket::server(stream),
                Role::Client => WebSocket::client(stream),
            },
            fragments: Vec::new(),
        }
    }

    async fn receive(socket: &mut Socket<S>, sink: &mut Sink) -> bool {
        match socket.receive().await {
            Some((kind, data)) => {
                sink.take(kind.is_text(), &data);
                true
            }
            None => false,
        }
    }

    async fn send(socket: &mut Socket<S>, message: &Outgoing) {
        let _ = socket.inner.send(message.slice()).await;
    }

    async fn echo(socket: &mut Socket<S>) {
        while let Some((kind, data)) = socket.receive().await {
            let frame = web_socket::Frame {
                fin: true,
                opcode: kind as u8,
                data: &data,
            };
            if socket.inner.send_raw(frame).await.is_err() {
                return;
            }
        }
    }
}

pub const ENTRY: Entry = Entry {
    proto: Proto::of::<WebSocketCrate>(),
    serve: Some(serving::serve::<WebSocketCrate>),
    broadcast: Some(serving::serve::<WebSocketCrate>),
    ..Entry::new(
        "web-socket",
        "no check for UTF-8; handshakes, fragments, pongs and closes left to its user; writes each message at once",
    )
};
