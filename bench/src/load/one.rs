//! One client at a time, on blocking sockets.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use crate::deflate::inflate;
use crate::wire;

/// So long a server may say nothing.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// A connection after its handshake.
///
/// # Errors
///
/// When the server does not want one.
pub fn connect(address: SocketAddr, request: &[u8]) -> io::Result<TcpStream> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(request)?;
    let head = read_head(&mut stream)?;
    if !head.starts_with(b"HTTP/1.1 101 ") {
        return Err(io::Error::other("the handshake was refused"));
    }
    Ok(stream)
}

/// The head of an answer. Nothing may come behind it.
///
/// # Errors
///
/// When it does not come.
pub fn read_head(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    let mut bytes = [0; 1024];
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read(&mut bytes)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            count => head.extend_from_slice(&bytes[..count]),
        }
    }
    Ok(head)
}

/// Leaves with a reset, so that the port is free at once.
pub fn leave(stream: &TcpStream) {
    let _ = rustix::net::sockopt::set_socket_linger(stream, Some(Duration::ZERO));
}

/// How many bytes a server has allocated, `None` if it does not know.
pub fn heap(address: SocketAddr) -> Option<u64> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    stream
        .write_all(b"GET /heap HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .ok()?;
    let mut bytes = [0; 64];
    let count = stream.read(&mut bytes).ok()?;
    std::str::from_utf8(&bytes[..count]).ok()?.parse().ok()
}

/// Sends a frame and compares what comes back with a payload, compressed or not. Returns the frame
/// that came.
///
/// # Errors
///
/// When something else comes back.
pub fn echo(stream: &mut TcpStream, frame: &[u8], payload: &[u8]) -> io::Result<Vec<u8>> {
    stream.write_all(frame)?;
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    let header = loop {
        match wire::parse(&bytes) {
            Some(header) if bytes.len() >= header.size + header.payload => break header,
            _ => match stream.read(&mut buffer)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                count => bytes.extend_from_slice(&buffer[..count]),
            },
        }
    };
    let came = &bytes[header.size..];
    let is_right = if header.rsv1 {
        inflate(came, payload.len()).as_deref() == Some(payload)
    } else {
        came == payload
    };
    if is_right {
        Ok(bytes)
    } else {
        Err(io::Error::other("the server sent something else back"))
    }
}
