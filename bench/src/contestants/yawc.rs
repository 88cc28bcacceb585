//! yawc.

use std::net::TcpListener;

use futures_util::{SinkExt, StreamExt};
use yawc::{Frame, OpCode, Options, Role as TheirRole, WebSocket};

use crate::block_on::{block_on, now};
use crate::contestant::{Contestant, Info, Outgoing, Sink, Stream};
use crate::serving::tokio::serve;
use crate::pipe::Pipe;
use crate::wire::Role;

pub struct Yawc;

fn open<S: Stream + Send>(stream: S, role: Role) -> WebSocket<S> {
    let role = match role {
        Role::Server => TheirRole::Server,
        Role::Client => TheirRole::Client,
    };
    let limit = 64 << 20;
    let options = Options::default().with_utf8().with_limits(limit, limit);
    match WebSocket::from_stream(stream, role, options) {
        Ok(socket) => socket,
        Err(error) => panic!("without extensions there is nothing to refuse: {error}"),
    }
}

async fn echo<S: Stream + Send>(stream: S) {
    let mut socket = open(stream, Role::Server);
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

impl Contestant for Yawc {
    const INFO: Info = Info {
        name: "yawc",
        package: "yawc",
        notes: "the check for UTF-8 turned on, which is off by default",
    };

    type Socket = WebSocket<Pipe>;

    fn open(pipe: Pipe, role: Role) -> Self::Socket {
        open(pipe, role)
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

    fn echo(pipe: Pipe) {
        block_on(echo(pipe));
    }

    const SERVE: Option<fn(TcpListener)> = Some(|listener| serve(listener, echo));
}
