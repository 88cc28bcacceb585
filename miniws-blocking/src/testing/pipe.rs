//! A pipe in memory, as a stream that blocks.

use std::io::{self, IoSlice, Read, Write};
use std::net::Shutdown;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use miniws_adapter::testing;

use super::wait_for;
use crate::{SharedStream, Stream};

/// Both ends of a pipe in memory that holds so many bytes in each direction, and at least one. Where a peer is
/// to be slow, a small one shows it soon.
///
/// ```
/// use std::thread;
/// use miniws_blocking::testing::{self, Peer};
/// use miniws_blocking::{Client, Config, Server};
///
/// # fn main() -> Result<(), miniws_blocking::Error> {
/// let (ours, theirs) = testing::pipe(256);
/// let client = thread::spawn(|| Client::new("ws://test/").handshake(theirs));
/// let mut server = Server::new().config(Config::default().max_queued(1000)).accept(ours)?;
/// let mut peer = Peer::from(client.join().unwrap()?);
///
/// // As long as the peer does not read, 256 bytes are under way, and 1000 wait. Then it is enough.
/// let sent = (0..).take_while(|_| server.feed("0123456789").is_ok()).count();
/// assert_eq!(sent, 84); // of 12 bytes each
/// let sending = thread::spawn(move || server.send("more"));
/// for _ in 0..sent {
///     peer.expect("0123456789");
/// }
/// peer.expect("more");
/// sending.join().unwrap()
/// # }
/// ```
#[must_use]
pub fn pipe(capacity: usize) -> (Pipe, Pipe) {
    let (one, other) = testing::pipe(capacity);
    (Pipe::new(one), Pipe::new(other))
}

/// One end of a [`pipe`]. Dropping it ends it as dropping a socket does.
#[derive(Debug)]
pub struct Pipe {
    pub(super) pipe: testing::Pipe,
    read_timeout: Mutex<Option<Duration>>,
    write_timeout: Mutex<Option<Duration>>,
}

impl Pipe {
    fn new(pipe: testing::Pipe) -> Self {
        Self {
            pipe,
            read_timeout: Mutex::default(),
            write_timeout: Mutex::default(),
        }
    }
}

impl Stream for Pipe {
    fn set_read_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        set(&self.read_timeout, timeout);
        Ok(())
    }

    fn set_write_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        set(&self.write_timeout, timeout);
        Ok(())
    }

    fn shutdown_write(&mut self) -> io::Result<()> {
        self.shutdown_shared(Shutdown::Write)
    }
}

impl SharedStream for Pipe {
    fn read_shared(&self, buffer: &mut [u8]) -> io::Result<usize> {
        wait_for(get(&self.read_timeout), |cx| {
            self.pipe.poll_read(cx, buffer)
        })
    }

    fn write_shared(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        wait_for(get(&self.write_timeout), |cx| {
            self.pipe.poll_write(cx, slices)
        })
    }

    fn shutdown_shared(&self, how: Shutdown) -> io::Result<()> {
        if how != Shutdown::Read {
            self.pipe.shutdown_write();
        }
        if how != Shutdown::Write {
            self.pipe.shutdown_read();
        }
        Ok(())
    }
}

impl Read for Pipe {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.read_shared(buffer)
    }
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_shared(&[IoSlice::new(bytes)])
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.write_shared(slices)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn get(timeout: &Mutex<Option<Duration>>) -> Option<Duration> {
    *timeout.lock().unwrap_or_else(PoisonError::into_inner)
}

fn set(timeout: &Mutex<Option<Duration>>, to: Option<Duration>) {
    *timeout.lock().unwrap_or_else(PoisonError::into_inner) = to;
}
