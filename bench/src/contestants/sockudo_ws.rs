//! sockudo-ws.

use std::fmt::Debug;

use bytes::Bytes;
use futures_util::{Sink as FuturesSink, SinkExt, Stream as FuturesStream, StreamExt};
use sockudo_ws::client::WebSocketClient;
use sockudo_ws::deflate::DeflateConfig;
use sockudo_ws::handshake::server_handshake;
use sockudo_ws::{
    CompressedWebSocketStream, Config, Error, Http1, Message, Role as TheirRole, WebSocketStream,
};
use tokio::net::TcpStream;

use crate::contestant::{Contestant, Outgoing, Sink, Stream};
use crate::entry::{Entry, Proto};
use crate::serving::tokio::{self as serving, Handshakes};
use crate::wire::Role;

struct SockudoWs<const DEFLATE: bool = false>;

/// With compression it has another type.
trait Open<S> {
    type Socket: FuturesStream<Item = Result<Message, Error>>
        + FuturesSink<Message, Error: Debug>
        + Unpin
        + 'static;

    fn open(stream: S, role: Role) -> Self::Socket;
}

impl<S: Stream> Open<S> for SockudoWs {
    type Socket = WebSocketStream<S>;

    fn open(stream: S, role: Role) -> Self::Socket {
        let role = match role {
            Role::Server => TheirRole::Server,
            Role::Client => TheirRole::Client,
        };
        WebSocketStream::from_raw(stream, role, Config::default())
    }
}

impl<S: Stream> Open<S> for SockudoWs<true> {
    type Socket = CompressedWebSocketStream<S>;

    fn open(stream: S, role: Role) -> Self::Socket {
        let deflate = DeflateConfig {
            server_no_context_takeover: true,
            client_no_context_takeover: true,
            ..DeflateConfig::default()
        };
        match role {
            Role::Server => CompressedWebSocketStream::server(stream, Config::default(), deflate),
            Role::Client => CompressedWebSocketStream::client(stream, Config::default(), deflate),
        }
    }
}

impl<S, const DEFLATE: bool> Contestant<S> for SockudoWs<DEFLATE>
where
    Self: Open<S>,
{
    type Socket = <Self as Open<S>>::Socket;

    fn open(stream: S, role: Role) -> <Self as Open<S>>::Socket {
        <Self as Open<S>>::open(stream, role)
    }

    async fn receive(socket: &mut <Self as Open<S>>::Socket, sink: &mut Sink) -> bool {
        while let Some(Ok(message)) = socket.next().await {
            if message.is_text() || message.is_binary() {
                sink.take(message.is_text(), message.as_bytes());
                return true;
            }
        }
        false
    }

    async fn send(socket: &mut <Self as Open<S>>::Socket, message: &Outgoing) {
        let _ = socket.send(binary(message.shared())).await;
    }

    async fn send_burst(socket: &mut <Self as Open<S>>::Socket, message: &Outgoing, count: usize) {
        for _ in 0..count {
            let _ = socket.feed(binary(message.shared())).await;
        }
        let _ = socket.flush().await;
    }

    async fn echo(socket: &mut <Self as Open<S>>::Socket) {
        // Receiving writes what is queued before it waits.
        while let Some(Ok(message)) = socket.next().await {
            if (message.is_text() || message.is_binary()) && socket.feed(message).await.is_err() {
                return;
            }
        }
    }
}

const fn binary(bytes: Bytes) -> Message {
    Message::Binary(bytes)
}

impl Handshakes for SockudoWs {
    async fn accept(mut stream: TcpStream) -> Option<()> {
        let leftover = server_handshake(&mut stream).await.ok()?.leftover;
        let mut socket = WebSocketStream::from_raw_with_leftover(
            stream,
            TheirRole::Server,
            Config::default(),
            leftover,
        );
        while let Some(Ok(_)) = socket.next().await {}
        Some(())
    }

    async fn connect(stream: TcpStream) -> Option<()> {
        let client = WebSocketClient::<Http1>::new(Config::default());
        let connected = client.connect_raw(stream, "localhost", "/", None).await;
        connected.ok().map(drop)
    }
}

pub const ENTRY: Entry = Entry {
    proto: Proto::of::<SockudoWs>(),
    proto_deflate: Proto::of::<SockudoWs<true>>(),
    serve: Some(serving::serve::<SockudoWs>),
    serve_deflate: Some(serving::serve::<SockudoWs<true>>),
    broadcast: Some(serving::serve::<SockudoWs>),
    accept: Some(serving::accept::<SockudoWs>),
    connect: Some(serving::connect::<SockudoWs>),
    ..Entry::new(
        "sockudo-ws",
        "keys from fastrand, which can be predicted; compresses at level 6",
    )
};
