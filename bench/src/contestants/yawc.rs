//! yawc.

use std::sync::LazyLock;

use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use yawc::{DeflatePool, Frame, OpCode, Options, Role as TheirRole, WebSocket};

use crate::block_on::now;
use crate::contestant::{Contestant, Outgoing, Sink, Stream};
use crate::deflate::PARAMETERS;
use crate::entry::{Entry, Proto};
use crate::serving::hyper as over_hyper;
use crate::serving::tokio::{self as serving, Handshakes};
use crate::wire::Role;

struct Yawc<const DEFLATE: bool = false>;

static POOL: LazyLock<DeflatePool> = LazyLock::new(|| DeflatePool::new(16));

fn options(deflate: bool) -> Options {
    let limit = 64 << 20;
    // Memory that is not written to is not resident.
    let options = Options::default()
        .with_utf8()
        .with_limits(limit, limit)
        .with_read_buffer_capacity(64 << 10);
    if deflate {
        options
            .with_balanced_compression()
            .server_no_context_takeover()
            .client_no_context_takeover()
            .with_deflate_pool(POOL.clone())
    } else {
        options.without_compression()
    }
}

impl<S: Stream + Send, const DEFLATE: bool> Contestant<S> for Yawc<DEFLATE> {
    type Socket = WebSocket<S>;

    fn open(stream: S, role: Role) -> Self::Socket {
        let role = match role {
            Role::Server => TheirRole::Server,
            Role::Client => TheirRole::Client,
        };
        let extensions = DEFLATE.then_some(PARAMETERS);
        let opened =
            WebSocket::from_stream_with_extensions(stream, role, extensions, options(DEFLATE));
        match opened {
            Ok(socket) => socket,
            Err(error) => panic!("it has agreed to that: {error}"),
        }
    }

    async fn receive(socket: &mut Self::Socket, sink: &mut Sink) -> bool {
        while let Ok(frame) = socket.next_frame().await {
            let is_text = frame.opcode() == OpCode::Text;
            if is_text || frame.opcode() == OpCode::Binary {
                sink.take(is_text, frame.payload());
                return true;
            }
        }
        false
    }

    async fn send(socket: &mut Self::Socket, message: &Outgoing) {
        let _ = socket.send(Frame::binary(message.shared())).await;
    }

    async fn send_burst(socket: &mut Self::Socket, message: &Outgoing, count: usize) {
        for _ in 0..count {
            let _ = socket.feed(Frame::binary(message.shared())).await;
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
            let Some(frame) = next else { return };
            if matches!(frame.opcode(), OpCode::Text | OpCode::Binary)
                && socket.feed(frame).await.is_err()
            {
                return;
            }
        }
    }
}

impl Handshakes for Yawc {
    async fn accept(stream: TcpStream) -> Option<()> {
        over_hyper::accept(stream, |mut request| {
            let upgraded = WebSocket::upgrade_with_options(&mut request, options(false));
            let (response, upgraded) = upgraded.ok()?;
            let stay = async {
                if let Ok(mut socket) = upgraded.await {
                    let _ = socket.next_frame().await;
                }
            };
            Some((response, stay))
        })
        .await
    }

    async fn connect(stream: TcpStream) -> Option<()> {
        let url = "ws://localhost/".parse().ok()?;
        let connected = WebSocket::handshake(url, stream, options(false)).await;
        connected.ok().map(drop)
    }
}

pub const ENTRY: Entry = Entry {
    proto: Proto::of::<Yawc>(),
    proto_deflate: Proto::of::<Yawc<true>>(),
    serve: Some(serving::serve::<Yawc>),
    serve_deflate: Some(serving::serve::<Yawc<true>>),
    broadcast: Some(serving::serve::<Yawc>),
    accept: Some(serving::accept::<Yawc>),
    connect: Some(serving::connect::<Yawc>),
    ..Entry::new(
        "yawc",
        "the check for UTF-8 turned on, which is off by default; read buffer of 64 KiB; handshakes by hyper; \
         compresses at its balanced level, by a shared pool",
    )
};
