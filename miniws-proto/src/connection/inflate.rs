//! Compressed frames to events (RFC 7692 section 6.2).

use bytes::{Buf as _, Bytes, BytesMut};

use super::Connection;
use super::assemble::message;
use super::receive::{Frame, Step, chunk};
use crate::deflate::Then;
use crate::error::ReceiveErrorKind;
use crate::event::Event;
use crate::message::MessageKind;

impl Connection {
    /// Inflates what has come of a frame, as far as it goes without more input, or in chunks as far
    /// as the next one: whatever a message inflates to, no more than a block of it is held then.
    pub(super) fn receive_deflated(
        &mut self,
        kind: MessageKind,
        mut frame: Frame,
        input: &mut BytesMut,
    ) -> Result<Step, ReceiveErrorKind> {
        let Some(deflate) = &mut self.deflate else {
            // RSV1 would not have been let through.
            return Err(ReceiveErrorKind::ReservedBits);
        };
        let assembler = &mut self.receiver.assembler;
        let mut out = Bytes::new();
        let then = loop {
            let is_whole = frame.header.fin && frame.ready == frame.remaining;
            let room = assembler.room(&self.config);
            let inflated = deflate.inflate(&input[..frame.ready], is_whole, room);
            input.advance(inflated.used);
            frame.ready -= inflated.used;
            frame.remaining -= inflated.used;
            let (bytes, then) = match assembler.check_inflated(kind, inflated.bytes, &self.config) {
                Ok(()) => (inflated.bytes, inflated.then),
                Err(fault) => (&inflated.bytes[..fault.good], Then::Failed(fault.kind)),
            };
            self.receiver.tally.deflated(bytes.len(), 0);
            if self.config.chunks {
                out = Bytes::copy_from_slice(bytes);
                break then;
            }
            assembler.append(bytes);
            if !matches!(then, Then::More) {
                break then;
            }
        };

        let mut is_ended = false;
        self.receiver.has_more = false;
        match then {
            Then::Failed(failure) => return self.fail_behind(kind, out, frame, failure),
            Then::More => self.receiver.has_more = true,
            Then::Starved => {}
            Then::Ended => {
                deflate.end_inflate();
                if let Err(failure) = assembler.end() {
                    return self.fail_behind(kind, out, frame, failure);
                }
                is_ended = true;
                if !self.config.chunks {
                    out = assembler.take(BytesMut::new());
                }
            }
        }
        let is_complete = frame.remaining == 0 && !self.receiver.has_more;
        if is_complete {
            let carried = frame.header.payload_len as usize;
            self.receiver.tally.deflated(0, carried);
        }
        let event = match self.config.chunks {
            true if is_ended || !out.is_empty() => Some(chunk(kind, out, is_ended)),
            false if is_ended => Some(Event::Message(message(kind, out))),
            _ => None,
        };
        Ok(self.put_back(frame, is_complete, event))
    }
}
