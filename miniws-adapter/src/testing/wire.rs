//! The peer's end of the connection: bytes there and back.

use std::io::{self, IoSlice};
use std::task::{Context, Poll, ready};

use bytes::{Buf, BytesMut};
use miniws_proto::{Connection, Event, ReceiveError, ReceiveErrorKind};

use super::{Parts, Pipe};

/// A pipe and the connection over it, without deadlines.
pub(super) struct Wire {
    pub(super) pipe: Pipe,
    pub(super) connection: Connection,
    input: BytesMut,
    /// Whether pings are answered and closes echoed.
    pub(super) answers: bool,
}

impl Wire {
    pub(super) fn new((pipe, connection, input): Parts<Pipe>) -> Self {
        Self {
            pipe,
            connection,
            input,
            answers: true,
        }
    }

    /// A frame with this first byte, masked with zeros if it is a client's.
    pub(super) fn frame(&self, first: u8, payload: &[u8]) -> Vec<u8> {
        let masked = if self.connection.is_client() { 0x80 } else { 0 };
        let mut frame = vec![first];
        match payload.len() {
            len @ ..126 => frame.push(masked | len as u8),
            len @ ..65536 => {
                frame.push(masked | 126);
                frame.extend((len as u16).to_be_bytes());
            }
            len => {
                frame.push(masked | 127);
                frame.extend((len as u64).to_be_bytes());
            }
        }
        if masked != 0 {
            frame.extend([0; 4]);
        }
        frame.extend(payload);
        frame
    }

    /// What comes next, `None` at the end. Answers are written, or dropped.
    pub(super) fn poll_next(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<Event>, ReceiveError>> {
        loop {
            let received = self.connection.receive(&mut self.input);
            let has_answer = !self.connection.outgoing().is_empty();
            if !self.answers {
                self.drop_output();
            }
            let answered = self.poll_drain(cx);
            if let Poll::Ready(Err(_)) = answered {
                self.drop_output(); // There may still be something to read.
            }
            match received {
                Ok(None) => {}
                Err(error) if error.kind() == ReceiveErrorKind::ConnectionLost => {
                    return Poll::Ready(Ok(None));
                }
                received => return Poll::Ready(received),
            }
            if has_answer && answered.is_ready() {
                continue; // The close is told when its echo has left.
            }
            if !self.connection.wants_read() {
                return Poll::Ready(Ok(None));
            }
            let mut buffer = [0; 4096];
            match ready!(self.pipe.poll_read(cx, &mut buffer)) {
                Ok(count @ 1..) => self.input.extend_from_slice(&buffer[..count]),
                Ok(0) | Err(_) => self.connection.receive_eof(),
            }
        }
    }

    /// Writes what is queued, then `bytes`, from whose front it takes what is written.
    pub(super) fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        bytes: &mut &[u8],
    ) -> Poll<io::Result<()>> {
        ready!(self.poll_drain(cx))?;
        while !bytes.is_empty() {
            let count = ready!(self.pipe.poll_write(cx, &[IoSlice::new(bytes)]))?;
            bytes.advance(count);
        }
        Poll::Ready(Ok(()))
    }

    /// Writes what is queued, and ends the peer's side once both close frames are through.
    fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            let output = self.connection.outgoing();
            if output.is_empty() {
                break;
            }
            let slices = [IoSlice::new(output.chunk())];
            let count = ready!(self.pipe.poll_write(cx, &slices))?;
            output.advance(count);
        }
        if self.answers && self.connection.close_status().is_some() {
            // A client may do that first (RFC 6455 section 7.1.1), and the other end need not wait.
            self.pipe.shutdown_write();
        }
        Poll::Ready(Ok(()))
    }

    fn drop_output(&mut self) {
        loop {
            let output = self.connection.outgoing();
            match output.len() {
                0 => return,
                len => output.advance(len),
            }
        }
    }
}
