//! The other end of a subject's stream, as the runner uses it.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;

use miniws_blocking::SharedStream;

use crate::common::pipe::{self, Pipe};
use crate::watched::{Watch, Watched};

/// The other end of a subject's stream.
pub(crate) trait Peer {
    fn send(&mut self, bytes: &[u8]);
    fn end(&mut self);
    /// What there is to read, and whether it is the end.
    fn take(&mut self) -> (Vec<u8>, bool);
    /// Reads, or doesn't; whether it can do so.
    fn stall(&mut self, stalled: bool) -> bool;
}

/// Both ends of a stream.
pub(crate) struct Ends<S> {
    pub(crate) stream: Watched<S>,
    pub(crate) watch: Arc<Watch>,
    pub(crate) peer: Box<dyn Peer>,
}

fn ends<S: SharedStream>(stream: S, peer: impl Peer + 'static) -> Ends<S> {
    let watch = Arc::new(Watch::default());
    Ends {
        stream: Watched {
            stream,
            watch: watch.clone(),
        },
        watch,
        peer: Box::new(peer),
    }
}

pub(crate) fn over_a_pipe() -> Ends<Pipe> {
    // Writes are partial.
    let (ours, theirs) = pipe::pair_of(CAPACITY, 1000);
    ends(ours, theirs)
}

const CAPACITY: usize = 1 << 30;

impl Peer for Pipe {
    fn send(&mut self, bytes: &[u8]) {
        // The subject may be gone.
        let _ = self.write_all(bytes);
    }

    fn end(&mut self) {
        Self::end(self);
    }

    fn take(&mut self) -> (Vec<u8>, bool) {
        self.take_all()
    }

    fn stall(&mut self, stalled: bool) -> bool {
        self.set_capacity(if stalled { 0 } else { CAPACITY });
        true
    }
}

pub(crate) fn over_tcp() -> Ends<TcpStream> {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let theirs = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (ours, _) = listener.accept().unwrap();
    for stream in [&ours, &theirs] {
        stream.set_nodelay(true).unwrap();
    }
    ends(ours, theirs)
}

impl Peer for TcpStream {
    fn send(&mut self, bytes: &[u8]) {
        let _ = self.write_all(bytes);
    }

    fn end(&mut self) {
        let _ = self.shutdown(Shutdown::Write);
    }

    fn take(&mut self) -> (Vec<u8>, bool) {
        let mut bytes = Vec::new();
        self.set_nonblocking(true).unwrap();
        let ended = match self.read_to_end(&mut bytes) {
            Ok(_) => true,
            Err(error) => error.kind() != ErrorKind::WouldBlock,
        };
        self.set_nonblocking(false).unwrap();
        (bytes, ended)
    }

    fn stall(&mut self, _: bool) -> bool {
        false
    }
}
