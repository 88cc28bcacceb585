//! miniws-proto on the bare loop.

use std::io::{self, ErrorKind, IoSlice, Write};
use std::net::TcpStream;

use bytes::{Buf, BytesMut};
use miniws_proto::{Connection, Event, SendBuffer};

use super::Echo;
use crate::contestants::connection;
use crate::pipe::read_spare;
use crate::wire::Role;

/// A connection, and what has come of a frame.
pub struct Core<const DEFLATE: bool> {
    connection: Connection,
    half: BytesMut,
}

/// Buffers that go from connection to connection.
#[derive(Default)]
pub struct Buffers {
    input: BytesMut,
    output: Option<SendBuffer>,
}

impl<const DEFLATE: bool> Echo for Core<DEFLATE> {
    type Shared = Buffers;

    fn new() -> Self {
        Self {
            connection: connection::<DEFLATE>(Role::Server),
            half: BytesMut::new(),
        }
    }

    fn go_on(&mut self, stream: &mut TcpStream, buffers: &mut Buffers) -> io::Result<bool> {
        if self.write(stream)? {
            return Ok(true);
        }
        let input = if self.half.is_empty() {
            &mut buffers.input
        } else {
            &mut self.half
        };
        input.reserve(self.connection.read_hint().max(64 << 10));
        match read_spare(stream, input) {
            Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
            Ok(_) => {}
            Err(rustix::io::Errno::WOULDBLOCK) => return Ok(false),
            Err(error) => return Err(error.into()),
        }
        if let Some(output) = buffers.output.take() {
            self.connection.outgoing().give_buffer(output);
        }
        while let Some(event) = self.connection.receive(input).map_err(io::Error::other)? {
            match event {
                Event::Message(message) => {
                    self.connection.send(message).map_err(io::Error::other)?;
                }
                Event::Close(_) => return Err(ErrorKind::ConnectionAborted.into()),
                _ => {}
            }
        }
        let waits = self.write(stream)?;
        if let Some(buffer) = self.connection.outgoing().take_buffer() {
            buffers.output = Some(buffer);
        }
        if !buffers.input.is_empty() {
            self.half = std::mem::take(&mut buffers.input);
        } else if self.half.is_empty() && self.half.capacity() > 0 {
            buffers.input = std::mem::take(&mut self.half);
        }
        Ok(waits)
    }
}

impl<const DEFLATE: bool> Core<DEFLATE> {
    /// Writes as much as the socket takes. Returns whether there is more.
    fn write(&mut self, stream: &mut TcpStream) -> io::Result<bool> {
        loop {
            let outgoing = self.connection.outgoing();
            if outgoing.is_empty() {
                return Ok(false);
            }
            let chunk = outgoing.chunk();
            let written = if chunk.len() == outgoing.len() {
                stream.write(chunk)
            } else {
                let mut slices = [IoSlice::new(&[]); 16];
                let count = outgoing.chunks_vectored(&mut slices);
                stream.write_vectored(&slices[..count])
            };
            match written {
                Ok(written) => outgoing.advance(written),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(true),
                Err(error) => return Err(error),
            }
        }
    }
}
