//! What a contestant takes part in.

use std::fmt;
use std::net::{SocketAddr, TcpListener};

use crate::contestant::Contestant;
use crate::pipe::Pipe;
use crate::proto::{Case, Footprint, drive};
use crate::serving::Service;

/// A contestant, as its file describes it: a name, and for each table a way in, if it has one.
#[derive(Clone, Copy)]
pub struct Entry {
    pub name: &'static str,
    /// As Cargo.lock names it, for the version. Empty for the floor.
    pub package: &'static str,
    /// What it leaves out that RFC 6455 or a careful application asks for, and how it is set up.
    pub notes: &'static str,
    /// In memory.
    pub proto: Option<Proto>,
    /// In memory, with permessage-deflate.
    pub proto_deflate: Option<Proto>,
    /// A server of echoes, after a handshake that is the same for all.
    pub serve: Option<Serve>,
    /// A server with permessage-deflate.
    pub serve_deflate: Option<Serve>,
    /// A server where one sends to all.
    pub broadcast: Option<Serve>,
    /// A server that makes the handshake itself, then waits for the client to go.
    pub accept: Option<fn(TcpListener)>,
    /// A client that connects, and leaves, over and over.
    pub connect: Option<fn(SocketAddr)>,
}

/// Serves every connection to a listener. It never returns.
pub type Serve = fn(TcpListener, Service);

/// A contestant in memory, behind function pointers.
#[derive(Clone, Copy)]
pub struct Proto {
    /// Does a case with at least so many messages, measured; tells how many it were.
    pub run: fn(&Case, u64) -> u64,
    /// Does a case with a few messages and compares every byte.
    pub check: fn(&Case),
    /// What a message leaves on the wire and in memory.
    pub footprint: fn(&Case) -> Footprint,
}

impl Proto {
    pub const fn of<C: Contestant<Pipe>>() -> Option<Self> {
        Some(Self {
            run: drive::run::<C>,
            check: drive::check::<C>,
            footprint: drive::footprint::<C>,
        })
    }
}

impl Entry {
    /// A contestant that takes part in nothing yet.
    pub const fn new(name: &'static str, notes: &'static str) -> Self {
        Self {
            name,
            package: name,
            notes,
            proto: None,
            proto_deflate: None,
            serve: None,
            serve_deflate: None,
            broadcast: None,
            accept: None,
            connect: None,
        }
    }

    /// How it does a case in memory, if it can.
    pub const fn proto(&self, case: &Case) -> Option<Proto> {
        if case.deflate {
            self.proto_deflate
        } else {
            self.proto
        }
    }

    /// How it serves, if it can.
    pub const fn serve(&self, service: Service) -> Option<Serve> {
        match service {
            Service::Echo => self.serve,
            Service::EchoDeflate => self.serve_deflate,
            Service::Broadcast => self.broadcast,
        }
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}
