//! The other end of a TCP connection over loopback.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};

use crate::peer::{Ends, Peer, ends};

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
