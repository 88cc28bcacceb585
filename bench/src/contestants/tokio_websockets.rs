//! tokio-websockets.

use std::net::TcpListener;

use futures_util::{SinkExt, StreamExt};
use tokio_websockets::{ClientBuilder, Message, ServerBuilder, WebSocketStream};

use crate::block_on::{block_on, now};
use crate::contestant::{Contestant, Info, Outgoing, Sink, Stream};
use crate::serving::tokio::serve;
use crate::pipe::Pipe;
use crate::wire::Role;

pub struct TokioWebSockets;

async fn echo<S: Stream>(stream: S) {
    let mut socket = ServerBuilder::new().serve(stream);
    loop {
        let next = match now(socket.next()).await {
            Some(next) => next,
            None => {
                if socket.flush().await.is_err() {
                    return;
                }
                socket.next().await
            }
        };
        let Some(Ok(message)) = next else { return };
        if (message.is_text() || message.is_binary()) && socket.feed(message).await.is_err() {
            return;
        }
    }
}

impl Contestant for TokioWebSockets {
    const INFO: Info = Info {
        name: "tokio-websockets",
        package: "tokio-websockets",
        notes: "masks from fastrand, which can be predicted",
    };

    type Socket = WebSocketStream<Pipe>;

    fn open(pipe: Pipe, role: Role) -> Self::Socket {
        match role {
            Role::Server => ServerBuilder::new().serve(pipe),
            Role::Client => ClientBuilder::new().take_over(pipe),
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

    fn echo(pipe: Pipe) {
        block_on(echo(pipe));
    }

    const SERVE: Option<fn(TcpListener)> = Some(|listener| serve(listener, echo));
}
