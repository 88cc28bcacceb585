//! fastwebsockets.

use std::net::TcpListener;

use fastwebsockets::{FragmentCollector, Frame, OpCode, Payload, Role as TheirRole, WebSocket};

use crate::block_on::block_on;
use crate::contestant::{Contestant, Info, Outgoing, Sink, Stream};
use crate::serving::tokio::serve;
use crate::pipe::Pipe;
use crate::wire::Role;

pub struct FastWebSockets;

fn open<S: Stream>(stream: S, role: Role) -> FragmentCollector<S> {
    let role = match role {
        Role::Server => TheirRole::Server,
        Role::Client => TheirRole::Client,
    };
    FragmentCollector::new(WebSocket::after_handshake(stream, role))
}

async fn echo<S: Stream>(stream: S) {
    let mut socket = open(stream, Role::Server);
    while let Ok(frame) = socket.read_frame().await {
        let is_data = matches!(frame.opcode, OpCode::Text | OpCode::Binary);
        if frame.opcode == OpCode::Close || (is_data && socket.write_frame(frame).await.is_err()) {
            return;
        }
    }
}

impl Contestant for FastWebSockets {
    const INFO: Info = Info {
        name: "fastwebsockets",
        package: "fastwebsockets",
        notes: "takes unmasked frames at the server; writes each message at once",
    };

    type Socket = FragmentCollector<Pipe>;

    fn open(pipe: Pipe, role: Role) -> Self::Socket {
        open(pipe, role)
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

    fn echo(pipe: Pipe) {
        block_on(echo(pipe));
    }

    const SERVE: Option<fn(TcpListener)> = Some(|listener| serve(listener, echo));
}
