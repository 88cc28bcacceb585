//! tokio-tungstenite.

use std::net::TcpListener;

use futures_util::{SinkExt, StreamExt};
use tokio_tungstenite::WebSocketStream;
use tungstenite::protocol::Message;

use super::tungstenite::{config, role};
use crate::block_on::{block_on, now};
use crate::contestant::{Contestant, Info, Outgoing, Sink, Stream};
use crate::serving::tokio::serve;
use crate::pipe::Pipe;
use crate::wire::Role;

pub struct TokioTungstenite;

async fn echo<S: Stream>(stream: S) {
    let mut socket =
        WebSocketStream::from_raw_socket(stream, role(Role::Server), Some(config())).await;
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

impl Contestant for TokioTungstenite {
    const INFO: Info = Info {
        name: "tokio-tungstenite",
        package: "tokio-tungstenite",
        notes: "read buffer of 8 KiB, as it is zeroed for each read",
    };

    type Socket = WebSocketStream<Pipe>;

    fn open(pipe: Pipe, to: Role) -> Self::Socket {
        block_on(WebSocketStream::from_raw_socket(
            pipe,
            role(to),
            Some(config()),
        ))
    }

    async fn receive(socket: &mut Self::Socket, sink: &mut Sink) -> bool {
        loop {
            match socket.next().await {
                Some(Ok(Message::Binary(bytes))) => sink.take(false, &bytes),
                Some(Ok(Message::Text(text))) => sink.take(true, text.as_bytes()),
                Some(Ok(_)) => continue,
                _ => return false,
            }
            return true;
        }
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
