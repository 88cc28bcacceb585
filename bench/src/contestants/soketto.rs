//! soketto.

use std::pin::pin;

use futures_util::io::{BufReader, BufWriter};
use soketto::connection::{Builder, Mode};
use soketto::handshake::client::{Client, ServerResponse};
use soketto::handshake::server::{Response, Server};
use soketto::{Data, Receiver, Sender};
use tokio::net::TcpStream;
use tokio_util::compat::{Compat, TokioAsyncReadCompatExt};

use crate::block_on::now;
use crate::contestant::{Contestant, Outgoing, Sink, Stream};
use crate::entry::{Entry, Proto};
use crate::serving::tokio::{self as serving, Handshakes};
use crate::wire::Role;

struct Soketto;

/// It reads and writes header and payload one after the other, and leaves buffers to its user.
type Buffered<S> = BufReader<BufWriter<Compat<S>>>;

struct Socket<S> {
    sender: Sender<Buffered<S>>,
    receiver: Receiver<Buffered<S>>,
    message: Vec<u8>,
}

impl<S: Stream> Contestant<S> for Soketto {
    type Socket = Socket<S>;

    fn open(stream: S, role: Role) -> Socket<S> {
        let mode = match role {
            Role::Server => Mode::Server,
            Role::Client => Mode::Client,
        };
        let stream = BufReader::new(BufWriter::new(stream.compat()));
        let (sender, receiver) = Builder::new(stream, mode).finish();
        Socket {
            sender,
            receiver,
            message: Vec::new(),
        }
    }

    async fn receive(socket: &mut Socket<S>, sink: &mut Sink) -> bool {
        socket.message.clear();
        match socket.receiver.receive_data(&mut socket.message).await {
            Ok(data) => {
                sink.take(data.is_text(), &socket.message);
                true
            }
            Err(_) => false,
        }
    }

    async fn send(socket: &mut Socket<S>, message: &Outgoing) {
        let _ = socket.sender.send_binary(message.slice()).await;
        let _ = socket.sender.flush().await;
    }

    async fn send_burst(socket: &mut Socket<S>, message: &Outgoing, count: usize) {
        for _ in 0..count {
            let _ = socket.sender.send_binary(message.slice()).await;
        }
        let _ = socket.sender.flush().await;
    }

    async fn echo(socket: &mut Socket<S>) {
        loop {
            socket.message.clear();
            let received = {
                let mut receive = pin!(socket.receiver.receive_data(&mut socket.message));
                match now(receive.as_mut()).await {
                    Some(received) => received,
                    None => {
                        if socket.sender.flush().await.is_err() {
                            return;
                        }
                        receive.await
                    }
                }
            };
            let sent = match received {
                Ok(Data::Binary(_)) => socket.sender.send_binary_mut(&mut socket.message).await,
                Ok(Data::Text(_)) => match std::str::from_utf8(&socket.message) {
                    Ok(text) => socket.sender.send_text(text).await,
                    Err(_) => return,
                },
                Err(_) => return,
            };
            if sent.is_err() {
                return;
            }
        }
    }
}

impl Handshakes for Soketto {
    async fn accept(stream: TcpStream) -> Option<()> {
        let mut server = Server::new(stream.compat());
        let key = server.receive_request().await.ok()?.key();
        let accept = Response::Accept {
            key,
            protocol: None,
        };
        server.send_response(&accept).await.ok()?;
        let (_sender, mut receiver) = server.into_builder().finish();
        let _ = receiver.receive_data(&mut Vec::new()).await;
        Some(())
    }

    async fn connect(stream: TcpStream) -> Option<()> {
        let mut client = Client::new(stream.compat(), "localhost", "/");
        match client.handshake().await.ok()? {
            ServerResponse::Accepted { .. } => {
                drop(client.into_builder().finish());
                Some(())
            }
            _ => None,
        }
    }
}

pub const ENTRY: Entry = Entry {
    proto: Proto::of::<Soketto>(),
    serve: Some(serving::serve::<Soketto>),
    broadcast: Some(serving::serve::<Soketto>),
    accept: Some(serving::accept::<Soketto>),
    connect: Some(serving::connect::<Soketto>),
    ..Entry::new(
        "soketto",
        "no check for UTF-8 when receiving; between a BufReader and a BufWriter, as in its examples",
    )
};
