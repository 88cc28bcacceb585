//! fastwebsockets.

use std::future::Future;

use bytes::Bytes;
use fastwebsockets::{
    FragmentCollector, Frame, OpCode, Payload, Role as TheirRole, WebSocket, handshake, upgrade,
};
use http_body_util::Empty;
use hyper::Request;
use tokio::net::TcpStream;

use crate::contestant::{Contestant, Outgoing, Sink, Stream};
use crate::entry::{Entry, Proto};
use crate::serving::hyper as over_hyper;
use crate::serving::tokio::{self as serving, Handshakes};
use crate::wire::Role;

struct FastWebSockets;

impl<S: Stream> Contestant<S> for FastWebSockets {
    type Socket = FragmentCollector<S>;

    fn open(stream: S, role: Role) -> Self::Socket {
        let role = match role {
            Role::Server => TheirRole::Server,
            Role::Client => TheirRole::Client,
        };
        FragmentCollector::new(WebSocket::after_handshake(stream, role))
    }

    async fn receive(socket: &mut Self::Socket, sink: &mut Sink) -> bool {
        loop {
            match socket.read_frame().await {
                Ok(frame) if frame.opcode == OpCode::Text => sink.take(true, &frame.payload),
                Ok(frame) if frame.opcode == OpCode::Binary => sink.take(false, &frame.payload),
                Ok(_) => continue,
                Err(_) => return false,
            }
            return true;
        }
    }

    async fn send(socket: &mut Self::Socket, message: &Outgoing) {
        let frame = Frame::binary(Payload::Borrowed(message.slice()));
        let _ = socket.write_frame(frame).await;
    }

    async fn echo(socket: &mut Self::Socket) {
        while let Ok(frame) = socket.read_frame().await {
            let is_data = matches!(frame.opcode, OpCode::Text | OpCode::Binary);
            if frame.opcode == OpCode::Close
                || (is_data && socket.write_frame(frame).await.is_err())
            {
                return;
            }
        }
    }
}

impl Handshakes for FastWebSockets {
    async fn accept(stream: TcpStream) -> Option<()> {
        over_hyper::accept(stream, |mut request| {
            let (response, upgraded) = upgrade::upgrade(&mut request).ok()?;
            let stay = async {
                if let Ok(socket) = upgraded.await {
                    let _ = FragmentCollector::new(socket).read_frame().await;
                }
            };
            Some((response, stay))
        })
        .await
    }

    async fn connect(stream: TcpStream) -> Option<()> {
        let request = Request::get("http://localhost/")
            .header("Host", "localhost")
            .header("Upgrade", "websocket")
            .header("Connection", "upgrade")
            .header("Sec-WebSocket-Key", handshake::generate_key())
            .header("Sec-WebSocket-Version", "13")
            .body(Empty::<Bytes>::new())
            .ok()?;
        let connected = handshake::client(&OnTokio, request, stream).await;
        connected.ok().map(drop)
    }
}

/// What hyper spawns its tasks with.
struct OnTokio;

impl<F: Future<Output = ()> + Send + 'static> hyper::rt::Executor<F> for OnTokio {
    fn execute(&self, future: F) {
        tokio::spawn(future);
    }
}

pub const ENTRY: Entry = Entry {
    proto: Proto::of::<FastWebSockets>(),
    serve: Some(serving::serve::<FastWebSockets>),
    broadcast: Some(serving::serve::<FastWebSockets>),
    accept: Some(serving::accept::<FastWebSockets>),
    connect: Some(serving::connect::<FastWebSockets>),
    ..Entry::new(
        "fastwebsockets",
        "takes unmasked frames at the server; writes each message at once; handshakes by hyper",
    )
};
