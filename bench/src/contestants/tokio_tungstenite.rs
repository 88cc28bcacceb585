//! tokio-tungstenite.

use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio_tungstenite::{WebSocketStream, accept_async_with_config, client_async_with_config};
use tungstenite::protocol::Message;

use super::tungstenite::{config, role};
use crate::block_on::{block_on, now};
use crate::contestant::{Contestant, Outgoing, Sink, Stream};
use crate::entry::{Entry, Proto};
use crate::serving::tokio::{self as serving, Handshakes};
use crate::wire::Role;

struct TokioTungstenite;

impl<S: Stream> Contestant<S> for TokioTungstenite {
    type Socket = WebSocketStream<S>;

    fn open(stream: S, to: Role) -> Self::Socket {
        block_on(WebSocketStream::from_raw_socket(
            stream,
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

    async fn echo(socket: &mut Self::Socket) {
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
}

impl Handshakes for TokioTungstenite {
    async fn accept(stream: TcpStream) -> Option<()> {
        let accepted = accept_async_with_config(stream, Some(config())).await;
        let mut socket = accepted.ok()?;
        while let Some(Ok(_)) = socket.next().await {}
        Some(())
    }

    async fn connect(stream: TcpStream) -> Option<()> {
        let url = "ws://localhost/";
        let connected = client_async_with_config(url, stream, Some(config())).await;
        connected.ok().map(drop)
    }
}

pub const ENTRY: Entry = Entry {
    proto: Proto::of::<TokioTungstenite>(),
    serve: Some(serving::serve::<TokioTungstenite>),
    broadcast: Some(serving::serve::<TokioTungstenite>),
    accept: Some(serving::accept::<TokioTungstenite>),
    connect: Some(serving::connect::<TokioTungstenite>),
    ..Entry::new(
        "tokio-tungstenite",
        "read buffer of 8 KiB, as it is zeroed for each read",
    )
};
