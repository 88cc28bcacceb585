//! miniws-proto, driven by hand.

use std::io::{self, IoSlice, Write};
use std::sync::{Arc, LazyLock};

use bytes::{Buf, BytesMut};
use miniws_proto::negotiate::{DeflateParams, parse_extensions};
use miniws_proto::{
    Config, Connection, DeflateConfig, Event, MessageKind, Negotiated, PreparedMessage, SendQueue,
};
use miniws_tokio::OsEntropy;

use crate::contestant::{Contestant, Outgoing, Sink};
use crate::deflate::PARAMETERS;
use crate::entry::{Entry, Proto};
use crate::pipe::Source;
use crate::serving::{Service, bare, blocking};
use crate::wire::Role;

/// The core without a runtime.
pub struct MiniwsCore<const DEFLATE: bool = false>;

pub struct Socket<S> {
    stream: S,
    connection: Connection,
    input: BytesMut,
}

static PLAIN: LazyLock<Arc<Config>> = LazyLock::new(Arc::default);
static COMPRESSED: LazyLock<Arc<Config>> =
    LazyLock::new(|| Arc::new(Config::default().deflate(Some(DeflateConfig::default()))));

/// The default settings, with and without compression.
pub fn config<const DEFLATE: bool>() -> Arc<Config> {
    Arc::clone(if DEFLATE { &COMPRESSED } else { &PLAIN })
}

/// A connection after its handshake.
pub fn connection<const DEFLATE: bool>(role: Role) -> Connection {
    let mut negotiated = Negotiated::default();
    if DEFLATE {
        let extensions = parse_extensions([PARAMETERS]).unwrap_or_default();
        if let Some(params) = extensions.first().and_then(DeflateParams::from_extension) {
            negotiated = negotiated.with_deflate(params);
        }
    }
    match role {
        Role::Server => Connection::server(config::<DEFLATE>(), negotiated),
        Role::Client => Connection::client(config::<DEFLATE>(), negotiated, OsEntropy),
    }
}

impl<S: Source + Write> Socket<S> {
    #[inline(always)]
    fn write(&mut self) {
        loop {
            let outgoing = self.connection.outgoing();
            if outgoing.is_empty() {
                return;
            }
            let chunk = outgoing.chunk();
            let written = if chunk.len() == outgoing.len() {
                self.stream.write(chunk)
            } else {
                write_pieces(&mut self.stream, outgoing)
            };
            match written {
                Ok(written @ 1..) => outgoing.advance(written),
                _ => return,
            }
        }
    }

    /// The next event. Writes what is queued before it reads.
    #[inline(always)]
    fn receive(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.connection.receive(&mut self.input).ok()? {
                return Some(event);
            }
            self.write();
            self.input.reserve(self.connection.read_hint());
            if self.stream.read_into(&mut self.input) == 0 {
                return None;
            }
        }
    }
}

#[inline(always)]
fn write_pieces(stream: &mut impl Write, outgoing: &SendQueue) -> io::Result<usize> {
    let mut slices = [IoSlice::new(&[]); 4];
    let count = outgoing.chunks_vectored(&mut slices);
    stream.write_vectored(&slices[..count])
}

impl<S: Source + Write + 'static, const DEFLATE: bool> Contestant<S> for MiniwsCore<DEFLATE> {
    type Socket = Socket<S>;

    fn open(stream: S, role: Role) -> Socket<S> {
        Socket {
            stream,
            connection: connection::<DEFLATE>(role),
            input: BytesMut::new(),
        }
    }

    async fn receive(socket: &mut Socket<S>, sink: &mut Sink) -> bool {
        while let Some(event) = socket.receive() {
            if let Event::Message(message) = event {
                sink.take(message.kind() == MessageKind::Text, message.as_bytes());
                return true;
            }
        }
        false
    }

    async fn send(socket: &mut Socket<S>, message: &Outgoing) {
        let _ = socket.connection.send(message.shared());
        socket.write();
    }

    async fn send_burst(socket: &mut Socket<S>, message: &Outgoing, count: usize) {
        for _ in 0..count {
            let _ = socket.connection.send(message.shared());
        }
        socket.write();
    }

    async fn broadcast(sockets: &mut [Socket<S>], message: &Outgoing) {
        let prepared = PreparedMessage::new(message.shared());
        for socket in sockets {
            let _ = socket.connection.send_prepared(&prepared);
            socket.write();
        }
    }

    async fn echo(socket: &mut Socket<S>) {
        while let Some(event) = socket.receive() {
            if let Event::Message(message) = event {
                let _ = socket.connection.send(message);
            }
        }
    }
}

/// A bare event loop for what many connections do at once; one thread where one sends to all.
fn serve<const DEFLATE: bool>(listener: std::net::TcpListener, service: Service) {
    match service {
        Service::Broadcast => blocking::serve::<MiniwsCore<DEFLATE>>(listener, service),
        Service::Echo | Service::EchoDeflate => {
            bare::serve::<bare::Core<DEFLATE>>(&listener, service);
        }
    }
}

pub const ENTRY: Entry = Entry {
    proto: Proto::of::<MiniwsCore>(),
    proto_deflate: Proto::of::<MiniwsCore<true>>(),
    serve: Some(serve::<false>),
    serve_deflate: Some(serve::<true>),
    broadcast: Some(serve::<false>),
    ..Entry::new(
        "miniws-proto",
        "ours without a runtime; all checks and limits; keys from the system's entropy; compresses at level 3",
    )
};
