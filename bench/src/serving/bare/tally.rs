//! The server of the clients whose handshakes are measured: it counts them.

use std::io::{self, ErrorKind, Read};
use std::net::TcpStream;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::Echo;

/// A client that has made its handshake, and will leave.
pub struct Tally;

static HANDSHAKES: AtomicU64 = AtomicU64::new(0);

impl Tally {
    /// How many there were.
    pub fn handshakes() -> u64 {
        HANDSHAKES.load(Relaxed)
    }
}

impl Echo for Tally {
    type Shared = ();

    fn new() -> Self {
        HANDSHAKES.fetch_add(1, Relaxed);
        Self
    }

    fn go_on(&mut self, stream: &mut TcpStream, (): &mut ()) -> io::Result<bool> {
        match stream.read(&mut [0; 64])? {
            0 => Err(ErrorKind::UnexpectedEof.into()),
            _ => Ok(false),
        }
    }
}
