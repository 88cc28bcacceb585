//! wtx.

use std::io::IoSlice;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use wtx::collection::Vector;
use wtx::misc::UriRef;
use wtx::rng::{SeedableRng, Xorshift64};
use wtx::stream::{StreamReader, StreamWriter};
use wtx::web_socket::compression::{Flate2, NegotiatedCompression, NegotiatedFlate2};
use wtx::web_socket::{
    Compression, Frame, FrameMut, OpCode, WebSocket, WebSocketAcceptor, WebSocketBuffer,
    WebSocketConnector, WebSocketOwned, WebSocketPayloadOrigin,
};

use crate::contestant::{Contestant, Outgoing, Sink, Stream};
use crate::deflate::PARAMETERS;
use crate::entry::{Entry, Proto};
use crate::serving::tokio::{self as serving, Handshakes};
use crate::wire::Role;

/// With one of its kinds of compression.
struct Wtx<D = ()>(D);

/// What was agreed on about compression.
trait Deflate: NegotiatedCompression + 'static {
    fn agreed<const IS_CLIENT: bool>() -> Self;
}

impl Deflate for () {
    fn agreed<const IS_CLIENT: bool>() {}
}

impl Deflate for Option<NegotiatedFlate2> {
    fn agreed<const IS_CLIENT: bool>() -> Self {
        let header: [&[u8]; 2] = [b"sec-websocket-extensions", PARAMETERS.as_bytes()];
        let negotiated =
            Compression::<IS_CLIENT>::negotiate(Flate2::default(), [header].into_iter());
        negotiated.ok().flatten()
    }
}

/// A stream of tokio's as wtx wants it; it knows only some of them.
struct Wrapped<S>(S);

impl<S: Stream> StreamReader for Wrapped<S> {
    async fn read(&mut self, bytes: &mut [u8]) -> wtx::Result<usize> {
        Ok(self.0.read(bytes).await?)
    }
}

impl<S: Stream> StreamWriter for Wrapped<S> {
    async fn write_all(&mut self, bytes: &[u8]) -> wtx::Result<()> {
        Ok(self.0.write_all(bytes).await?)
    }

    async fn write_all_vectored(&mut self, bytes: &[&[u8]]) -> wtx::Result<()> {
        let mut array = [IoSlice::new(&[]); 4];
        let mut slices = &mut array[..bytes.len().min(4)];
        for (slice, bytes) in slices.iter_mut().zip(bytes) {
            *slice = IoSlice::new(bytes);
        }
        while !slices.is_empty() {
            match self.0.write_vectored(slices).await? {
                0 => return Err(wtx::Error::UnexpectedStreamWriteEOF),
                count => IoSlice::advance_slices(&mut slices, count),
            }
        }
        Ok(())
    }
}

/// The role is a type there.
enum Socket<S, D> {
    Server(One<S, D, false>),
    Client(One<S, D, true>),
}

/// A connection and the buffer for the messages that are put together.
struct One<S, D, const IS_CLIENT: bool> {
    inner: WebSocketOwned<D, Xorshift64, Wrapped<S>, IS_CLIENT>,
    buffer: Vector<u8>,
    scratch: Vec<u8>,
}

impl<S: Stream, D: Deflate, const IS_CLIENT: bool> One<S, D, IS_CLIENT> {
    fn new(stream: S) -> Self {
        let random = match Xorshift64::from_simple_seed() {
            Ok(random) => random,
            Err(error) => panic!("a seed: {error}"),
        };
        let agreed = D::agreed::<IS_CLIENT>();
        let buffer = WebSocketBuffer::new();
        Self {
            inner: WebSocket::new(agreed, false, random, Wrapped(stream), buffer),
            buffer: Vector::new(),
            scratch: Vec::new(),
        }
    }

    async fn receive(&mut self, sink: &mut Sink) -> bool {
        let origin = WebSocketPayloadOrigin::Adaptive;
        while let Ok(frame) = self.inner.read_frame(&mut self.buffer, origin).await {
            match frame.op_code() {
                OpCode::Text => sink.take(true, frame.payload()),
                OpCode::Binary => sink.take(false, frame.payload()),
                _ => continue,
            }
            return true;
        }
        false
    }

    /// Sends the same message each time.
    async fn send(&mut self, message: &Outgoing) {
        // It masks in the caller's memory, so a client has to hand in a copy of what it wants to
        // keep; a server's stays as it is, but has to be mutable all the same.
        if IS_CLIENT || self.scratch.len() != message.slice().len() {
            self.scratch.clear();
            self.scratch.extend_from_slice(message.slice());
        }
        let mut scratch = std::mem::take(&mut self.scratch);
        self.write(&mut scratch).await;
        self.scratch = scratch;
    }

    async fn write(&mut self, payload: &mut [u8]) {
        let mut frame: FrameMut<'_, IS_CLIENT> = Frame::new_fin(OpCode::Binary, payload);
        let _ = self.inner.write_frame(&mut frame).await;
    }

    async fn echo(&mut self) {
        let (mut common, mut reader, mut writer) = self.inner.split_mut();
        let origin = WebSocketPayloadOrigin::Adaptive;
        while let Ok(mut frame) = reader
            .read_frame(&mut self.buffer, &mut common, origin)
            .await
        {
            if matches!(frame.op_code(), OpCode::Text | OpCode::Binary)
                && writer.write_frame(&mut common, &mut frame).await.is_err()
            {
                return;
            }
        }
    }
}

impl<S: Stream, D: Deflate> Contestant<S> for Wtx<D> {
    type Socket = Socket<S, D>;

    fn open(stream: S, role: Role) -> Self::Socket {
        match role {
            Role::Server => Socket::Server(One::new(stream)),
            Role::Client => Socket::Client(One::new(stream)),
        }
    }

    async fn receive(socket: &mut Self::Socket, sink: &mut Sink) -> bool {
        match socket {
            Socket::Server(one) => one.receive(sink).await,
            Socket::Client(one) => one.receive(sink).await,
        }
    }

    async fn send(socket: &mut Self::Socket, message: &Outgoing) {
        match socket {
            Socket::Server(one) => one.send(message).await,
            Socket::Client(one) => one.send(message).await,
        }
    }

    async fn broadcast(sockets: &mut [Self::Socket], message: &Outgoing) {
        let mut payload = message.slice().to_vec();
        for socket in sockets {
            match socket {
                Socket::Server(one) => one.write(&mut payload).await,
                Socket::Client(one) => one.send(message).await,
            }
        }
    }

    async fn echo(socket: &mut Self::Socket) {
        match socket {
            Socket::Server(one) => one.echo().await,
            Socket::Client(one) => one.echo().await,
        }
    }
}

impl Handshakes for Wtx {
    async fn accept(stream: TcpStream) -> Option<()> {
        let acceptor = WebSocketAcceptor::default();
        let mut socket = acceptor.accept(Wrapped(stream)).await.ok()?;
        let mut buffer = Vector::new();
        let origin = WebSocketPayloadOrigin::Adaptive;
        let _ = socket.read_frame(&mut buffer, origin).await;
        Some(())
    }

    async fn connect(stream: TcpStream) -> Option<()> {
        let connector = WebSocketConnector::default();
        let uri = UriRef::new("ws://localhost/");
        let connected = connector.connect(Wrapped(stream), &uri).await;
        connected.ok().map(drop)
    }
}

pub const ENTRY: Entry = Entry {
    proto: Proto::of::<Wtx>(),
    proto_deflate: Proto::of::<Wtx<Option<NegotiatedFlate2>>>(),
    serve: Some(serving::serve::<Wtx>),
    serve_deflate: Some(serving::serve::<Wtx<Option<NegotiatedFlate2>>>),
    broadcast: Some(serving::serve::<Wtx>),
    accept: Some(serving::accept::<Wtx>),
    connect: Some(serving::connect::<Wtx>),
    ..Entry::new(
        "wtx",
        "its newest that builds with Rust 1.95; writes each message at once; masks in the caller's memory, predictably; windows of 4 KiB for compression",
    )
};
