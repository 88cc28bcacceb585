//! web-socket.

use std::net::TcpListener;

use tokio::io::BufReader;
use web_socket::{DataType, Event, MessageType, Stream as Part, WebSocket};

use crate::block_on::block_on;
use crate::contestant::{Contestant, Info, Outgoing, Sink, Stream};
use crate::serving::tokio::serve;
use crate::pipe::Pipe;
use crate::wire::Role;

pub struct WebSocketCrate;

/// A connection and the fragments so far, which it leaves to its user.
pub struct Socket<S> {
    inner: WebSocket<BufReader<S>>,
    fragments: Vec<u8>,
}

impl<S: Stream> Socket<S> {
    fn new(stream: S, role: Role) -> Self {
        let stream = BufReader::new(stream);
        Self {
            inner: match role {
                Role::Server => WebSocket::server(stream),
                Role::Client => WebSocket::client(stream),
            },
            fragments: Vec::new(),
        }
    }

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

async fn echo<S: Stream>(stream: S) {
    let mut socket = Socket::new(stream, Role::Server);
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

impl Contestant for WebSocketCrate {
    const INFO: Info = Info {
        name: "web-socket",
        package: "web-socket",
        notes: "no check for UTF-8; fragments, pongs and closes left to its user; writes each message at once",
    };

    type Socket = Socket<Pipe>;

    fn open(pipe: Pipe, role: Role) -> Self::Socket {
        Socket::new(pipe, role)
    }

    async fn receive(socket: &mut Self::Socket, sink: &mut Sink) -> bool {
        match socket.receive().await {
            Some((kind, data)) => {
                sink.take(kind.is_text(), &data);
                true
            }
            None => false,
        }
    }

    async fn send(socket: &mut Self::Socket, message: &Outgoing) {
        let _ = socket.inner.send(message.slice()).await;
    }

    fn echo(pipe: Pipe) {
        block_on(echo(pipe));
    }

    const SERVE: Option<fn(TcpListener)> = Some(|listener| serve(listener, echo));
}
