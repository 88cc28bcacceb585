//! tokio-websockets.

use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio_websockets::{ClientBuilder, Message, ServerBuilder, WebSocketStream};

use crate::block_on::now;
use crate::contestant::{Contestant, Outgoing, Sink, Stream};
use crate::entry::{Entry, Proto};
use crate::serving::tokio::{self as serving, Handshakes};
use crate::wire::Role;

struct TokioWebSockets;

impl<S: Stream> Contestant<S> for TokioWebSockets {
    type Socket = WebSocketStream<S>;

    fn open(stream: S, role: Role) -> Self::Socket {
        match role {
            Role::Server => ServerBuilder::new().serve(stream),
            Role::Client => ClientBuilder::new().take_over(stream),
        }
    }

    async fn receive(socket: &mut Self::Socket, sink: &mut Sink) -> bool {
        while let Some(Ok(message)) = socket.next().await {
            if message.is_text() || message.is_binary() {
                sink.take(message.is_text(), message.as_payload());
                return true;
            }
        }
        false
    }

    async fn send(socket: &mut Self::Socket, message: &Outgoing) {
        let _ = socket.send(Message::binary(message.shared())).await;
    }

    async fn send_burst(socket: &mut Self::Socket, message: &Outgoing, count: usize) {
        for _ in 0..count {
            let _ = socket.feed(Message::binary(message.shared())).await;
        }
        let _ = socket.flush().await;
    }

    async fn echo(socket: &mut Self::Socket) {
        // Receiving writes what is queued, so all that has come is received first; but not behind large
        // messages, as who holds one keeps the buffer for reading from being used again.
        let mut others = Vec::new();
        while let Some(Ok(first)) = socket.next().await {
            let is_small = first.as_payload().len() <= 1 << 10;
            while is_small
                && others.len() < 64
                && let Some(Some(Ok(other))) = now(socket.next()).await
            {
                others.push(other);
            }
            for message in std::iter::once(first).chain(others.drain(..)) {
                if (message.is_text() || message.is_binary()) && socket.feed(message).await.is_err()
                {
                    return;
                }
            }
            if socket.flush().await.is_err() {
                return;
            }
        }
    }
}

impl Handshakes for TokioWebSockets {
    async fn accept(stream: TcpStream) -> Option<()> {
        let (_, mut socket) = ServerBuilder::new().accept(stream).await.ok()?;
        while let Some(Ok(_)) = socket.next().await {}
        Some(())
    }

    async fn connect(stream: TcpStream) -> Option<()> {
        let client = ClientBuilder::new().uri("ws://localhost/").ok()?;
        client.connect_on(stream).await.ok().map(drop)
    }
}

pub const ENTRY: Entry = Entry {
    proto: Proto::of::<TokioWebSockets>(),
    serve: Some(serving::serve::<TokioWebSockets>),
    broadcast: Some(serving::serve::<TokioWebSockets>),
    accept: Some(serving::accept::<TokioWebSockets>),
    connect: Some(serving::connect::<TokioWebSockets>),
    ..Entry::new(
        "tokio-websockets",
        "keys from fastrand, which can be predicted",
    )
};
