//! miniws-proto, driven by hand.

use std::io::{IoSlice, Write};
use std::net::TcpListener;

use bytes::{Buf, BytesMut};
use miniws_proto::{Config, Connection, Event, MessageKind, Negotiated, PreparedMessage};
use miniws_tokio::OsEntropy;

use crate::contestant::{Contestant, Info, Outgoing, Sink};
use crate::pipe::Pipe;
use crate::serving::bare;
use crate::wire::Role;

/// The core without a runtime.
pub struct MiniwsCore;

pub struct Socket {
    pipe: Pipe,
    connection: Connection,
    input: BytesMut,
}

/// A connection after its handshake.
pub fn connection(role: Role) -> Connection {
    match role {
        Role::Server => Connection::server(Config::default(), Negotiated::default()),
        Role::Client => Connection::client(Config::default(), Negotiated::default(), OsEntropy),
    }
}

impl Socket {
    #[inline]
    fn write(&mut self) {
        loop {
            let outgoing = self.connection.outgoing();
            if outgoing.is_empty() {
                return;
            }
            let mut slices = [IoSlice::new(&[]); 4];
            let count = outgoing.chunks_vectored(&mut slices);
            let written = self.pipe.write_vectored(&slices[..count]).unwrap_or(0);
            outgoing.advance(written);
        }
    }

    /// The next event. Writes what is queued before it reads.
    #[inline]
    fn receive(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.connection.receive(&mut self.input).ok()? {
                return Some(event);
            }
            self.write();
            self.input.reserve(self.connection.read_hint());
            if self.pipe.read_into(&mut self.input) == 0 {
                return None;
            }
        }
    }
}

impl Contestant for MiniwsCore {
    const INFO: Info = Info {
        name: "miniws-proto",
        package: "miniws-proto",
        notes: "ours without a runtime; all checks and limits; masks from the operating system's entropy",
    };

    type Socket = Socket;

    fn open(pipe: Pipe, role: Role) -> Socket {
        Socket {
            pipe,
            connection: connection(role),
            input: BytesMut::new(),
        }
    }

    async fn receive(socket: &mut Socket, sink: &mut Sink) -> bool {
        while let Some(event) = socket.receive() {
            if let Event::Message(message) = event {
                sink.take(message.kind() == MessageKind::Text, message.as_bytes());
                return true;
            }
        }
        false
    }

    async fn send(socket: &mut Socket, message: &Outgoing) {
        let _ = socket.connection.send(message.shared());
        socket.write();
    }

    async fn send_burst(socket: &mut Socket, message: &Outgoing, count: usize) {
        for _ in 0..count {
            let _ = socket.connection.send(message.shared());
        }
        socket.write();
    }

    async fn broadcast(sockets: &mut [Socket], message: &Outgoing) {
        let prepared = PreparedMessage::new(message.shared());
        for socket in sockets {
            let _ = socket.connection.send_prepared(&prepared);
            socket.write();
        }
    }

    fn echo(pipe: Pipe) {
        let mut socket = Self::open(pipe, Role::Server);
        while let Some(event) = socket.receive() {
            if let Event::Message(message) = event {
                let _ = socket.connection.send(message);
            }
        }
    }

    const SERVE: Option<fn(TcpListener)> = Some(bare::serve::<bare::Core>);
}
