//! The least work that gives the right answer: the limit.

use std::io::{IoSlice, Read, Write};
use std::net::TcpListener;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::FLOOR;
use crate::contestant::{Contestant, Outgoing, Sink};
use crate::entry::{Entry, Proto};
use crate::serving::tokio::{self as serving, Handshakes};
use crate::serving::{Service, bare, blocking, handshake};
use crate::wire::{self, Role};

/// Reads into one buffer, unmasks there, checks text, answers pings; knows no limits, no close, no
/// errors, no order of fragments.
struct Floor;

struct Socket<S> {
    stream: S,
    role: Role,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// The fragments so far.
    message: Vec<u8>,
    is_text: bool,
    scratch: Vec<u8>,
    random: u64,
}

impl<S> Socket<S> {
    pub fn new(stream: S, role: Role) -> Self {
        Self {
            stream,
            role,
            buffer: vec![0; 64 << 10],
            start: 0,
            end: 0,
            message: Vec::new(),
            is_text: false,
            scratch: Vec::new(),
            random: 0x9e37_79b9_7f4a_7c15,
        }
    }

    /// A masking key. Not one to use outside of a benchmark: it can be predicted.
    fn key(&mut self) -> [u8; 4] {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        ((self.random >> 32) as u32).to_ne_bytes()
    }
}

impl<S: Read + Write> Socket<S> {
    /// The next data message, or `None` if the stream has no more.
    #[inline]
    pub fn receive(&mut self) -> Option<(bool, &[u8])> {
        loop {
            let Some(header) = self.frame() else {
                self.fill()?;
                continue;
            };
            let start = self.start + header.size;
            let end = start + header.payload;
            self.start = end;
            let payload = &mut self.buffer[start..end];
            if let Some(key) = header.key {
                wire::mask(key, payload);
            }
            match header.opcode {
                wire::TEXT | wire::BINARY if header.fin => {
                    let is_text = header.opcode == wire::TEXT;
                    if is_text && simdutf8::basic::from_utf8(payload).is_err() {
                        return None;
                    }
                    return Some((is_text, &self.buffer[start..end]));
                }
                wire::TEXT | wire::BINARY | wire::CONTINUATION => {
                    if header.opcode != wire::CONTINUATION {
                        self.message.clear();
                        self.is_text = header.opcode == wire::TEXT;
                    }
                    self.message.extend_from_slice(payload);
                    if header.fin {
                        if self.is_text && simdutf8::basic::from_utf8(&self.message).is_err() {
                            return None;
                        }
                        return Some((self.is_text, &self.message));
                    }
                }
                wire::PING => {
                    let payload = payload.to_vec();
                    self.send(wire::PONG, &payload);
                }
                _ => {}
            }
        }
    }

    /// The header of a frame that has wholly come.
    fn frame(&self) -> Option<wire::Header> {
        let bytes = &self.buffer[self.start..self.end];
        wire::parse(bytes).filter(|header| bytes.len() >= header.size + header.payload)
    }

    fn fill(&mut self) -> Option<()> {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        } else if let Some(header) = wire::parse(&self.buffer[self.start..self.end]) {
            // Room for the whole frame, at the front.
            let whole = header.size + header.payload;
            if self.start + whole > self.buffer.len() {
                self.buffer.copy_within(self.start..self.end, 0);
                (self.start, self.end) = (0, self.end - self.start);
                if whole > self.buffer.len() {
                    self.buffer.resize(whole, 0);
                }
            }
        }
        let count = self.stream.read(&mut self.buffer[self.end..]).ok()?;
        self.end += count;
        (count > 0).then_some(())
    }

    #[inline]
    pub fn send(&mut self, opcode: u8, payload: &[u8]) {
        if self.role == Role::Server {
            let (header, len) = wire::header(opcode, true, payload.len(), None);
            let slices = [IoSlice::new(&header[..len]), IoSlice::new(payload)];
            let _ = self.stream.write_vectored(&slices);
        } else {
            let key = self.key();
            let (header, start) = wire::header(opcode, true, payload.len(), Some(key));
            let end = start + payload.len();
            if self.scratch.len() < end {
                self.scratch.resize(end, 0);
            }
            self.scratch[..start].copy_from_slice(&header[..start]);
            wire::copy_masked(key, payload, &mut self.scratch[start..end]);
            let _ = self.stream.write(&self.scratch[..end]);
        }
    }
}

impl<S: Read + Write + 'static> Contestant<S> for Floor {
    type Socket = Socket<S>;

    fn open(stream: S, role: Role) -> Socket<S> {
        Socket::new(stream, role)
    }

    async fn receive(socket: &mut Socket<S>, sink: &mut Sink) -> bool {
        match socket.receive() {
            Some((is_text, payload)) => {
                sink.take(is_text, payload);
                true
            }
            None => false,
        }
    }

    async fn send(socket: &mut Socket<S>, message: &Outgoing) {
        socket.send(wire::BINARY, message.slice());
    }

    async fn send_burst(socket: &mut Socket<S>, message: &Outgoing, count: usize) {
        socket.scratch.clear();
        for _ in 0..count {
            let key = (socket.role == Role::Client).then(|| socket.key());
            let out = &mut socket.scratch;
            wire::push_frame(out, wire::BINARY, true, key, message.slice());
        }
        let _ = socket.stream.write(&socket.scratch);
    }

    async fn broadcast(sockets: &mut [Socket<S>], message: &Outgoing) {
        let mut frame = Vec::with_capacity(message.slice().len() + 10);
        wire::push_frame(&mut frame, wire::BINARY, true, None, message.slice());
        for socket in sockets {
            let _ = socket.stream.write_all(&frame);
        }
    }

    async fn echo(socket: &mut Socket<S>) {
        let mut copy = Vec::new();
        while let Some((is_text, payload)) = socket.receive() {
            copy.clear();
            copy.extend_from_slice(payload);
            let opcode = if is_text { wire::TEXT } else { wire::BINARY };
            socket.send(opcode, &copy);
        }
    }
}

/// The bytes of a handshake that is the same each time, and nothing but a look at the answer.
impl Handshakes for Floor {
    async fn accept(_: TcpStream) -> Option<()> {
        // The bare loop does that.
        None
    }

    async fn connect(mut stream: TcpStream) -> Option<()> {
        stream.write_all(handshake::REQUEST).await.ok()?;
        let mut head = Vec::with_capacity(512);
        while !head.ends_with(b"\r\n\r\n") {
            if stream.read_buf(&mut head).await.ok()? == 0 {
                return None;
            }
        }
        handshake::is_accepted(&head).then_some(())
    }
}

fn serve(listener: TcpListener, service: Service) {
    match service {
        Service::Broadcast => blocking::serve::<Floor>(listener, service),
        Service::Echo | Service::EchoDeflate => bare::serve::<bare::Floor>(&listener, service),
    }
}

pub const ENTRY: Entry = Entry {
    package: "",
    proto: Proto::of::<Floor>(),
    serve: Some(serve),
    broadcast: Some(serve),
    accept: Some(|listener| serve(listener, Service::Echo)),
    connect: Some(serving::connect::<Floor>),
    ..Entry::new(
        FLOOR,
        "no limits, no close, no errors, keys that can be predicted; here to show the limit",
    )
};
