//! The peer's end of a TCP connection over loopback.

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};

use super::far::Far;

pub(crate) struct TcpPeer {
    stream: TcpStream,
    taken: Vec<u8>,
    is_shut: bool,
}

/// Our end, not yet the runtime's, and the peer's.
pub(crate) fn tcp() -> std::io::Result<(TcpStream, TcpPeer)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let near = TcpStream::connect(listener.local_addr()?)?;
    let (stream, _) = listener.accept()?;
    near.set_nonblocking(true)?;
    stream.set_nonblocking(true)?;
    stream.set_nodelay(true)?;
    let peer = TcpPeer {
        stream,
        taken: Vec::new(),
        is_shut: false,
    };
    Ok((near, peer))
}

impl TcpPeer {
    fn read(&mut self) {
        let mut bytes = [0; 16 << 10];
        while !self.is_shut {
            match self.stream.read(&mut bytes) {
                Ok(0) => self.is_shut = true,
                Ok(count) => self.taken.extend_from_slice(&bytes[..count]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(_) => self.is_shut = true,
            }
        }
    }
}

impl Far for TcpPeer {
    fn give(&mut self, bytes: &mut Vec<u8>) {
        while !bytes.is_empty() {
            match self.stream.write(bytes) {
                Ok(count) => drop(bytes.drain(..count)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                // Our side has ended already, and is not interested.
                Err(_) => bytes.clear(),
            }
        }
    }

    fn end(&mut self) {
        let _ = self.stream.shutdown(Shutdown::Write);
    }

    fn take(&mut self) -> Vec<u8> {
        self.read();
        std::mem::take(&mut self.taken)
    }

    fn is_shut(&mut self) -> bool {
        self.read();
        self.is_shut
    }

    fn stall(&mut self, _: bool) {}
}
