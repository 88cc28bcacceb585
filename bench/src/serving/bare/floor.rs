//! The floor's echo: the least work for the right answer.

use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;

use super::Echo;
use crate::wire;

/// What a connection holds: nothing, unless half a frame has come or the socket is full.
pub struct Floor {
    /// Half a frame, and room for the rest of it.
    half: Vec<u8>,
    filled: usize,
    unsent: Vec<u8>,
    sent: usize,
}

/// One buffer for each direction, for all.
pub struct Buffers {
    input: Vec<u8>,
    output: Vec<u8>,
}

impl Default for Buffers {
    fn default() -> Self {
        Self {
            input: vec![0; 256 << 10],
            output: Vec::new(),
        }
    }
}

impl Echo for Floor {
    type Shared = Buffers;

    fn new() -> Self {
        Self {
            half: Vec::new(),
            filled: 0,
            unsent: Vec::new(),
            sent: 0,
        }
    }

    fn go_on(&mut self, stream: &mut TcpStream, buffers: &mut Buffers) -> io::Result<bool> {
        if !self.unsent.is_empty() {
            self.sent += write(stream, &self.unsent[self.sent..])?;
            if self.sent < self.unsent.len() {
                return Ok(true);
            }
            (self.unsent, self.sent) = (Vec::new(), 0);
        }
        let is_first = self.half.is_empty();
        let bytes = if is_first {
            let count = read(stream, &mut buffers.input)?;
            &mut buffers.input[..count]
        } else {
            let header = wire::parse(&self.half[..self.filled]);
            let whole = header.map_or(0, |header| header.size + header.payload);
            let room = whole.max(self.filled + 4096);
            if self.half.len() < room {
                self.half.resize(room, 0);
            }
            self.filled += read(stream, &mut self.half[self.filled..])?;
            &mut self.half[..self.filled]
        };
        buffers.output.clear();
        let whole = answer(bytes, &mut buffers.output)?;
        let rest = bytes.len() - whole;
        if is_first {
            self.half = bytes[whole..].to_vec();
        } else if rest == 0 {
            self.half = Vec::new();
        } else if whole > 0 {
            self.half.copy_within(whole..self.filled, 0);
        }
        self.filled = rest;
        if buffers.output.is_empty() {
            return Ok(false);
        }
        let written = write(stream, &buffers.output)?;
        self.unsent.extend_from_slice(&buffers.output[written..]);
        Ok(!self.unsent.is_empty())
    }
}

/// Answers all whole frames. Returns how many bytes those were.
fn answer(bytes: &mut [u8], output: &mut Vec<u8>) -> io::Result<usize> {
    let mut at = 0;
    while let Some(header) = wire::parse(&bytes[at..]) {
        let (start, end) = (at + header.size, at + header.size + header.payload);
        if end > bytes.len() {
            break;
        }
        let payload = &mut bytes[start..end];
        if let Some(key) = header.key {
            wire::mask(key, payload);
        }
        match header.opcode {
            wire::TEXT if simdutf8::basic::from_utf8(payload).is_err() => {
                return Err(ErrorKind::InvalidData.into());
            }
            wire::TEXT | wire::BINARY => {
                wire::push_frame(output, header.opcode, true, None, payload);
            }
            wire::PING => wire::push_frame(output, wire::PONG, true, None, payload),
            wire::CLOSE => return Err(ErrorKind::ConnectionAborted.into()),
            _ => {}
        }
        at = end;
    }
    Ok(at)
}

/// 0 when there is nothing to read; the end is an error.
fn read(stream: &mut TcpStream, buffer: &mut [u8]) -> io::Result<usize> {
    match stream.read(buffer) {
        Ok(0) => Err(ErrorKind::UnexpectedEof.into()),
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(0),
        result => result,
    }
}

/// How much the socket takes.
fn write(stream: &mut TcpStream, bytes: &[u8]) -> io::Result<usize> {
    match stream.write(bytes) {
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(0),
        result => result,
    }
}
