//! wtx.

use std::io::IoSlice;
use std::net::TcpListener;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use wtx::collection::Vector;
use wtx::rng::{SeedableRng, Xorshift64};
use wtx::stream::{StreamReader, StreamWriter};
use wtx::web_socket::{
    Frame, FrameMut, OpCode, WebSocket, WebSocketBuffer, WebSocketOwned, WebSocketPayloadOrigin,
};

use crate::block_on::block_on;
use crate::contestant::{Contestant, Info, Outgoing, Sink, Stream};
use crate::serving::tokio::serve;
use crate::pipe::Pipe;
use crate::wire::Role;

pub struct Wtx;

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

type Inner<S, const IS_CLIENT: bool> = WebSocketOwned<(), Xorshift64, Wrapped<S>, IS_CLIENT>;

/// The role is a type there.
pub enum Socket {
    Server(One<Pipe, false>),
    Client(One<Pipe, true>),
}

/// A connection and the buffer for the messages that are put together.
pub struct One<S, const IS_CLIENT: bool> {
    inner: Inner<S, IS_CLIENT>,
    buffer: Vector<u8>,
    scratch: Vec<u8>,
}

impl<S: Stream, const IS_CLIENT: bool> One<S, IS_CLIENT> {
    fn new(stream: S) -> Self {
        let random = match Xorshift64::from_simple_seed() {
            Ok(random) => random,
            Err(error) => panic!("a seed: {error}"),
        };
        let buffer = WebSocketBuffer::new();
        Self {
            inner: WebSocket::new((), false, random, Wrapped(stream), buffer),
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

    async fn send(&mut self, message: &Outgoing) {
        // It masks in the caller's memory, so a client has to hand in a copy of what it wants to
        // keep; a server's stays as it is, but has to be mutable all the same.
        if IS_CLIENT || self.scratch.len() != message.slice().len() {
            self.scratch.clear();
            self.scratch.extend_from_slice(message.slice());
        }
        let mut frame: FrameMut<'_, IS_CLIENT> = Frame::new_fin(OpCode::Binary, &mut self.scratch);
        let _ = self.inner.write_frame(&mut frame).await;
    }
}

async fn echo<S: Stream>(stream: S) {
    let mut one = One::<S, false>::new(stream);
    let (mut common, mut reader, mut writer) = one.inner.split_mut();
    let origin = WebSocketPayloadOrigin::Adaptive;
    while let Ok(mut frame) = reader
        .read_frame(&mut one.buffer, &mut common, origin)
        .await
    {
        if matches!(frame.op_code(), OpCode::Text | OpCode::Binary)
            && writer.write_frame(&mut common, &mut frame).await.is_err()
        {
            return;
        }
    }
}

impl Contestant for Wtx {
    const INFO: Info = Info {
        name: "wtx",
        package: "wtx",
        notes: "writes each message at once; masks in the caller's memory, predictably",
    };

    type Socket = Socket;

    fn open(pipe: Pipe, role: Role) -> Socket {
        match role {
            Role::Server => Socket::Server(One::new(pipe)),
            Role::Client => Socket::Client(One::new(pipe)),
        }
    }

    async fn receive(socket: &mut Socket, sink: &mut Sink) -> bool {
        match socket {
            Socket::Server(one) => one.receive(sink).await,
            Socket::Client(one) => one.receive(sink).await,
        }
    }

    async fn send(socket: &mut Socket, message: &Outgoing) {
        match socket {
            Socket::Server(one) => one.send(message).await,
            Socket::Client(one) => one.send(message).await,
        }
    }

    fn echo(pipe: Pipe) {
        block_on(echo(pipe));
    }

    const SERVE: Option<fn(TcpListener)> = Some(|listener| serve(listener, echo));
}
