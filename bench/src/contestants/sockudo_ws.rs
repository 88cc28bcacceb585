//! sockudo-ws.

use std::net::TcpListener;

use futures_util::{SinkExt, StreamExt};
use sockudo_ws::{Config, Message, Role as TheirRole, WebSocketStream};

use crate::block_on::block_on;
use crate::contestant::{Contestant, Info, Outgoing, Sink, Stream};
use crate::serving::tokio::serve;
use crate::pipe::Pipe;
use crate::wire::Role;

pub struct SockudoWs;

fn open<S: Stream>(stream: S, role: Role) -> WebSocketStream<S> {
    let role = match role {
        Role::Server => TheirRole::Server,
        Role::Client => TheirRole::Client,
    };
    WebSocketStream::from_raw(stream, role, Config::default())
}

async fn echo<S: Stream>(stream: S) {
    let mut socket = open(stream, Role::Server);
    // Receiving writes what is queued before it waits.
    while let Some(Ok(message)) = socket.next().await {
        if (message.is_text() || message.is_binary()) && socket.feed(message).await.is_err() {
            return;
        }
    }
}

impl Contestant for SockudoWs {
    const INFO: Info = Info {
        name: "sockudo-ws",
        package: "sockudo-ws",
        notes: "masks from fastrand, which can be predicted; deadlines kept",
    };

    type Socket = WebSocketStream<Pipe>;

    fn open(pipe: Pipe, role: Role) -> Self::Socket {
        open(pipe, role)
    }

    async fn receive(socket: &mut Self::Socket, sink: &mut Sink) -> bool {
        while let Some(Ok(message)) = socket.next().await {
            if message.is_text() || message.is_binary() {
                sink.take(message.is_text(), message.as_bytes());
                return true;
            }
        }
        false
    }

    async fn send(socket: &mut Self::Socket, message: &Outgoing) {
        let _ = socket.send(Message::Binary(message.shared())).await;
    }

    async fn send_burst(socket: &mut Self::Socket, message: &Outgoing, count: usize) {
        for _ in 0..count {
            let _ = socket.feed(Message::Binary(message.shared())).await;
        }
        let _ = socket.flush().await;
    }

    fn echo(pipe: Pipe) {
        block_on(echo(pipe));
    }

    const SERVE: Option<fn(TcpListener)> = Some(|listener| serve(listener, echo));
}
