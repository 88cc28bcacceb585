//! The floor's echo: the least work for the right answer.

use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;

use super::Echo;
use crate::wire;

/// What a connection holds: nothing, unless half a frame has come or the socket is full.
pub struct Floor {
    half: Vec<u8>,
    unsent: Vec<u8>,
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
            unsent: Vec::new(),
        }
    }

    fn go_on(&mut self, stream: &mut TcpStream, buffers: &mut Buffers) -> io::Result<bool> {
        if !self.unsent.is_empty() {
            let written = write(stream, &self.unsent)?;
            self.unsent.drain(..written);
            if !self.unsent.is_empty() {
                return Ok(true);
            }
            self.unsent = Vec::new();
        }
        let count = if self.half.is_empty() {
            read(stream, &mut buffers.input)?
        } else {
            let missing = wire::parse(&self.half).map_or(0, |header| {
                (header.size + header.payload).saturating_sub(self.half.len())
            });
            let start = self.half.len();
            self.half.resize(start + missing.max(4096), 0);
            let count = read(stream, &mut self.half[start..])?;
            self.half.truncate(start + count);
            count
        };
        if count == 0 {
            return Ok(false);
        }
        buffers.output.clear();
        let bytes = if self.half.is_empty() {
            &mut buffers.input[..count]
        } else {
            &mut self.half[..]
        };
        let whole = answer(bytes, &mut buffers.output)?;
        let rest = bytes.len() - whole;
        if self.half.is_empty() {
            self.half.extend_from_slice(&buffers.input[whole..count]);
        } else if rest == 0 {
            self.half = Vec::new();
        } else {
            self.half.drain(..whole);
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
