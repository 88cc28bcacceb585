//! Reaching a Unix socket.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use socket2::{Domain, SockAddr, Socket, Type};

/// Connects, within the timeout. `std` would wait for as long as the listener's backlog is full.
pub(crate) fn connect(address: &SockAddr, timeout: Duration) -> io::Result<UnixStream> {
    if timeout.is_zero() {
        return Err(io::ErrorKind::TimedOut.into());
    }
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    socket.set_write_timeout(Some(timeout))?;
    socket.connect(address)?;
    socket.set_write_timeout(None)?;
    Ok(OwnedFd::from(socket).into())
}
