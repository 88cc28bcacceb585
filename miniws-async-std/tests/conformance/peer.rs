//! The other end of a subject's stream, as the runner uses it.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use futures_io::{AsyncRead, AsyncWrite};

use crate::drip::Drip;
use crate::duplex::{Duplex, duplex};
use crate::watched::{Watch, Watched};

pub(crate) trait Peer {
    fn send(&mut self, bytes: &[u8]);
    fn end(&mut self);
    /// What there is to read, and whether it is the end.
    fn take(&mut self) -> (Vec<u8>, bool);
    /// Reads, or doesn't; whether it can do so.
    fn stall(&mut self, stalled: bool) -> bool;
    /// How often the runner has to look in vain before it is sure that nothing comes.
    fn patience(&self) -> u32;
}

/// Both ends of a stream.
pub(crate) struct Ends<S> {
    pub(crate) stream: Watched<S>,
    pub(crate) watch: Arc<Watch>,
    pub(crate) peer: Box<dyn Peer>,
}

fn ends<S>(stream: S, peer: impl Peer + 'static, shut_down: fn(&mut S)) -> Ends<S> {
    let watch = Arc::new(Watch::default());
    Ends {
        stream: Watched::new(stream, watch.clone(), shut_down),
        watch,
        peer: Box::new(peer),
    }
}

const CAPACITY: usize = 1 << 30;

/// A pipe that gives and takes so many bytes at a time.
pub(crate) fn over_a_pipe(most: usize) -> Ends<Drip<Duplex>> {
    let (ours, theirs) = duplex(CAPACITY);
    ends(Drip::by(ours, most), theirs, |_| {})
}

/// The pipe has room for everything, so only reading can find it not ready.
impl Peer for Duplex {
    fn send(&mut self, bytes: &[u8]) {
        // The subject may be gone.
        let _ = Pin::new(self).poll_write(&mut Context::from_waker(Waker::noop()), bytes);
    }

    fn end(&mut self) {
        let _ = Pin::new(self).poll_close(&mut Context::from_waker(Waker::noop()));
    }

    fn take(&mut self) -> (Vec<u8>, bool) {
        let mut taken = Vec::new();
        let mut buffer = [0; 10_000];
        let mut cx = Context::from_waker(Waker::noop());
        loop {
            match Pin::new(&mut *self).poll_read(&mut cx, &mut buffer) {
                Poll::Ready(Ok(count @ 1..)) => taken.extend_from_slice(&buffer[..count]),
                Poll::Ready(_) => return (taken, true),
                Poll::Pending => return (taken, false),
            }
        }
    }

    fn stall(&mut self, stalled: bool) -> bool {
        self.set_capacity(if stalled { 0 } else { CAPACITY });
        true
    }

    fn patience(&self) -> u32 {
        3
    }
}

/// A TCP connection, whose one end is of a runtime.
#[cfg_attr(not(any(feature = "smol", feature = "async-std")), allow(dead_code))]
pub(crate) fn over_tcp<S>(convert: fn(TcpStream) -> S) -> Ends<S>
where
    S: AsyncRead + AsyncWrite + Unpin + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let theirs = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (ours, _) = listener.accept().unwrap();
    for stream in [&ours, &theirs] {
        stream.set_nodelay(true).unwrap();
    }
    ends(convert(ours), theirs, |stream| {
        let _ = stream;
        #[cfg(feature = "async-std")]
        if let Some(stream) =
            (stream as &mut dyn std::any::Any).downcast_ref::<async_std::net::TcpStream>()
        {
            let _ = stream.shutdown(Shutdown::Write);
        }
    })
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

    fn patience(&self) -> u32 {
        20
    }
}
