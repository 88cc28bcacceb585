//! soketto.

use std::net::TcpListener;

use soketto::connection::{Builder, Mode};
use soketto::{Data, Receiver, Sender};
use tokio_util::compat::{Compat, TokioAsyncReadCompatExt};

use crate::block_on::block_on;
use crate::contestant::{Contestant, Info, Outgoing, Sink, Stream};
use crate::serving::tokio::serve;
use crate::pipe::Pipe;
use crate::wire::Role;

pub struct Soketto;

pub struct Socket<S> {
    sender: Sender<Compat<S>>,
    receiver: Receiver<Compat<S>>,
    message: Vec<u8>,
}

fn open<S: Stream>(stream: S, role: Role) -> Socket<S> {
    let mode = match role {
        Role::Server => Mode::Server,
        Role::Client => Mode::Client,
    };
    let (sender, receiver) = Builder::new(stream.compat(), mode).finish();
    Socket {
        sender,
        receiver,
        message: Vec::new(),
    }
}

async fn echo<S: Stream>(stream: S) {
    let mut socket = open(stream, Role::Server);
    loop {
        socket.message.clear();
        let sent = match socket.receiver.receive_data(&mut socket.message).await {
            Ok(Data::Binary(_)) => socket.sender.send_binary_mut(&mut socket.message).await,
            Ok(Data::Text(_)) => match std::str::from_utf8(&socket.message) {
                Ok(text) => socket.sender.send_text(text).await,
                Err(_) => return,
            },
            Err(_) => return,
        };
        if sent.is_err() || socket.sender.flush().await.is_err() {
            return;
        }
    }
}

impl Contestant for Soketto {
    const INFO: Info = Info {
        name: "soketto",
        package: "soketto",
        notes: "no check for UTF-8 when receiving",
    };

    type Socket = Socket<Pipe>;

    fn open(pipe: Pipe, role: Role) -> Self::Socket {
        open(pipe, role)
    }

    async fn receive(socket: &mut Self::Socket, sink: &mut Sink) -> bool {
        socket.message.clear();
        match socket.receiver.receive_data(&mut socket.message).await {
            Ok(data) => {
                sink.take(data.is_text(), &socket.message);
                true
            }
            Err(_) => false,
        }
    }

    async fn send(socket: &mut Self::Socket, message: &Outgoing) {
        let _ = socket.sender.send_binary(message.slice()).await;
        let _ = socket.sender.flush().await;
    }

    async fn send_burst(socket: &mut Self::Socket, message: &Outgoing, count: usize) {
        for _ in 0..count {
            let _ = socket.sender.send_binary(message.slice()).await;
        }
        let _ = socket.sender.flush().await;
    }

    fn echo(pipe: Pipe) {
        block_on(echo(pipe));
    }

    const SERVE: Option<fn(TcpListener)> = Some(|listener| serve(listener, echo));
}
