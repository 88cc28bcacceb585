//! Bytes to frames to events.

use core::ops::Range;

use bytes::{Buf, Bytes, BytesMut};

use super::Connection;
use super::assemble::{Assembler, message};
use super::short;
use super::tally::Tally;
use crate::close::{CloseCode, CloseFrame};
use crate::config::Config;
use crate::error::{ReceiveError, ReceiveErrorKind};
use crate::event::Event;
use crate::frame::decode::{self, Header};
use crate::frame::{Opcode, mask};
use crate::message::MessageKind;
use crate::utf8::Utf8Bytes;

#[derive(Debug, Default)]
pub(super) struct Receiver {
    /// The frame whose header has been taken out of the input, but not all of its payload.
    pub(super) frame: Option<Frame>,
    pub(super) assembler: Assembler,
    /// There is more to be received without any more input: the payload of `frame` that has come has
    /// not been inflated to its end, or the frame fails.
    pub(super) has_more: bool,
    /// Up to where a whole message takes the short way, see [`short::whole_end`].
    pub(super) whole_end: u32,
    /// How many bytes of complete frames have come.
    offset: u64,
    pub(super) tally: Tally,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    pub(super) header: Header,
    content: Content,
    /// What is still to be taken out of the input.
    pub(super) remaining: usize,
    /// How much of that, at the front of the input, has been unmasked and checked.
    pub(super) ready: usize,
}

#[derive(Clone, Copy, Debug)]
enum Content {
    Data(MessageKind),
    /// Data of a compressed message.
    Deflated(MessageKind),
    Control,
    /// All that came before the failure has been handed on.
    Failed(ReceiveErrorKind),
}

impl Receiver {
    pub(super) fn new(config: &Config) -> Self {
        Self {
            whole_end: short::whole_end(config),
            ..Self::default()
        }
    }

    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// Whether the next byte begins a frame.
    pub(super) fn is_between_frames(&self) -> bool {
        self.frame.is_none()
    }

    /// Whether the next byte begins a message, or a control frame.
    pub(super) fn is_between_messages(&self) -> bool {
        self.is_between_frames() && self.assembler.is_empty()
    }

    /// A frame of so many bytes has fully come.
    pub(super) fn count(&mut self, bytes: usize) {
        self.offset += bytes as u64;
    }

    pub(super) fn read_hint(&self) -> usize {
        match self.frame {
            Some(frame) => {
                let missing = frame.remaining - frame.ready;
                missing
                    .saturating_add(AHEAD)
                    .clamp(MIN_READ, frame.ready.max(FREE))
            }
            None => MIN_READ,
        }
    }

    pub(super) fn release(&mut self) {
        self.frame = None;
        self.has_more = false;
        self.assembler = Assembler::default();
    }
}

/// How much room to read into while nothing is known to come.
const MIN_READ: usize = 8 << 10;
/// How much room to make behind a frame. A read that gets all of it, and falls short of its room, has
/// emptied the socket, and saves the runtime another one to find that out.
const AHEAD: usize = 1;
/// How much room a frame gets on the strength of its header alone.
const FREE: usize = 16 << 10;

impl Connection {
    /// Takes the next event out of `input`.
    ///
    /// Between two calls only append to `input`: what is left in it belongs to a frame that has not
    /// fully come, and may have been unmasked in place. A whole message in one frame leaves it
    /// without being copied; as long as the application keeps the message, it shares the memory of
    /// `input`.
    ///
    /// `Ok(None)` says that more bytes are needed, or, when [`wants_read`](Self::wants_read) is
    /// false, that it is over. The peer's close is shown once the answer to it has left the queue.
    ///
    /// # Errors
    ///
    /// What ended the connection, again at each later call. If the peer is to blame, a close frame
    /// that says so has been queued; go on driving the connection until
    /// [`wants_read`](Self::wants_read) is false, so that the frame reaches the peer.
    ///
    /// ```
    /// use bytes::BytesMut;
    /// use miniws_proto::{Config, Connection, Event, Message, Negotiated};
    ///
    /// let mut server = Connection::server(Config::default(), Negotiated::default());
    /// let mut input = BytesMut::from(&b"\x81\x82\x01\x02\x03\x04ik"[..]);
    /// let event = server.receive(&mut input)?;
    /// assert_eq!(event, Some(Event::Message(Message::from("hi"))));
    /// assert_eq!(server.receive(&mut input)?, None);
    /// # Ok::<(), miniws_proto::ReceiveError>(())
    /// ```
    pub fn receive(&mut self, input: &mut BytesMut) -> Result<Option<Event>, ReceiveError> {
        while self.lifecycle.is_receiving() {
            if let Some(message) = self.receive_whole(input) {
                return Ok(Some(Event::Message(message)));
            }
            if self.receive_middle(input) {
                continue;
            }
            if input.is_empty() && !self.receiver.has_more {
                return Ok(None);
            }
            match self.receive_frame(input) {
                Ok(Step::Event(event)) => return Ok(Some(event)),
                Ok(Step::Nothing) => {}
                Ok(Step::Starved) => return Ok(None),
                Err(kind) => {
                    self.on_failure(kind);
                }
            }
        }
        self.receive_after_end(input)
    }

    /// The transport has ended: nothing more will be read.
    ///
    /// Whether that is an error depends on whether the close handshake was done;
    /// [`receive`](Self::receive) tells. Call it only after everything that was read has gone through
    /// `receive`.
    pub fn receive_eof(&mut self) {
        self.on_eof();
    }

    /// Nothing counts any more (RFC 6455 section 1.4); what is left is to tell how it ended.
    #[cold]
    fn receive_after_end(&mut self, input: &mut BytesMut) -> Result<Option<Event>, ReceiveError> {
        input.clear();
        if let Some(error) = self.lifecycle.failure() {
            return Err(error);
        }
        if self.has_output() {
            return Ok(None);
        }
        Ok(self.lifecycle.tell_close().map(Event::Close))
    }

    #[inline(never)]
    fn receive_frame(&mut self, input: &mut BytesMut) -> Result<Step, ReceiveErrorKind> {
        let mut frame = match self.receiver.frame.take() {
            Some(frame) => frame,
            None => match self.receive_header(input)? {
                Some(frame) => frame,
                None => return Ok(Step::Starved),
            },
        };
        let news = frame.unmask(input);
        if !news.is_empty() {
            self.timers.received = true;
        }
        match frame.content {
            Content::Control => self.receive_control(frame, input),
            Content::Deflated(kind) => self.receive_deflated(kind, frame, input),
            Content::Data(kind) => {
                if kind == MessageKind::Text
                    && let Err(fault) = self.receiver.assembler.check(&input[news])
                {
                    let good = input.split_to(fault.good).freeze();
                    return self.fail_behind(kind, good, frame, fault.kind);
                }
                self.receive_data(kind, frame, input)
            }
            Content::Failed(kind) => Err(kind),
        }
    }

    fn receive_header(&mut self, input: &mut BytesMut) -> Result<Option<Frame>, ReceiveErrorKind> {
        let Some(header) = decode::decode(input, self.masker.is_none(), self.deflate.is_some())?
        else {
            return Ok(None);
        };
        let assembler = &mut self.receiver.assembler;
        let kind = match header.opcode {
            Opcode::Text => Some(assembler.begin(MessageKind::Text, header.rsv1)?),
            Opcode::Binary => Some(assembler.begin(MessageKind::Binary, header.rsv1)?),
            Opcode::Continuation => Some(assembler.resume()?),
            Opcode::Close | Opcode::Ping | Opcode::Pong => None,
        };
        let content = match kind {
            Some(kind) if assembler.is_deflated() => Content::Deflated(kind),
            Some(kind) => Content::Data(kind),
            None => Content::Control,
        };
        let remaining = match content {
            Content::Data(_) | Content::Deflated(_) => {
                assembler.begin_frame(header.payload_len, &self.config)?
            }
            // At most 125, or the header would not have been decoded.
            Content::Control | Content::Failed(_) => header.payload_len as usize,
        };
        input.advance(header.size.into());
        self.timers.received = true;
        Ok(Some(Frame {
            header,
            content,
            remaining,
            ready: 0,
        }))
    }

    fn receive_data(
        &mut self,
        kind: MessageKind,
        mut frame: Frame,
        input: &mut BytesMut,
    ) -> Result<Step, ReceiveErrorKind> {
        let assembler = &mut self.receiver.assembler;
        let complete = frame.ready == frame.remaining;
        let last = complete && frame.header.fin;
        let event = if self.config.chunks {
            let data = input.split_to(frame.take()).freeze();
            if last && let Err(failure) = assembler.end() {
                return self.fail_behind(kind, data, frame, failure);
            }
            (last || !data.is_empty()).then(|| chunk(kind, data, last))
        } else if last {
            assembler.end()?;
            let data = assembler.take(input.split_to(frame.take()));
            Some(Event::Message(message(kind, data)))
        } else if frame.header.fin && assembler.is_first_frame() {
            // The whole message. It stays in the input until all of it is there, and then leaves
            // uncopied.
            None
        } else {
            let count = frame.take();
            assembler.append(&input[..count]);
            input.advance(count);
            None
        };

        Ok(self.put_back(frame, complete, event))
    }

    /// Ends a data frame that is complete, or keeps it for what is to come of it.
    pub(super) fn put_back(&mut self, frame: Frame, complete: bool, event: Option<Event>) -> Step {
        if complete {
            self.end_frame(&frame.header);
        } else {
            self.receiver.frame = Some(frame);
        }
        match event {
            Some(event) => {
                self.timers.messages = true;
                Step::Event(event)
            }
            None if complete => Step::Nothing,
            None => Step::Starved,
        }
    }

    /// Fails with `failure`. In chunks, the `good` bytes before it are handed on first, as they would
    /// have been if they had come alone: how the peer's bytes are cut never matters.
    #[cold]
    pub(super) fn fail_behind(
        &mut self,
        kind: MessageKind,
        good: Bytes,
        frame: Frame,
        failure: ReceiveErrorKind,
    ) -> Result<Step, ReceiveErrorKind> {
        if !self.config.chunks || good.is_empty() {
            return Err(failure);
        }
        self.receiver.has_more = true;
        self.receiver.frame = Some(Frame {
            content: Content::Failed(failure),
            remaining: 0,
            ready: 0,
            ..frame
        });
        Ok(Step::Event(chunk(kind, good, false)))
    }

    fn receive_control(
        &mut self,
        frame: Frame,
        input: &mut BytesMut,
    ) -> Result<Step, ReceiveErrorKind> {
        if frame.ready < frame.remaining {
            self.receiver.frame = Some(frame);
            return Ok(Step::Starved);
        }
        let payload = input.split_to(frame.remaining).freeze();
        let step = match frame.header.opcode {
            Opcode::Ping => {
                self.queue_pong(&payload);
                Step::Event(Event::Ping(payload))
            }
            Opcode::Pong if self.timers.take_answer(&payload) => Step::Nothing,
            Opcode::Pong => Step::Event(Event::Pong(payload)),
            _ => {
                self.on_peer_close(parse_close(&payload)?);
                Step::Nothing
            }
        };
        self.end_frame(&frame.header);
        Ok(step)
    }

    pub(super) fn end_frame(&mut self, header: &Header) {
        self.receiver.offset += u64::from(header.size) + header.payload_len;
        match header.opcode.is_control() {
            true => self.receiver.tally.control(),
            false => self
                .receiver
                .tally
                .data(header.payload_len as usize, header.fin),
        }
    }
}

pub(super) fn chunk(kind: MessageKind, data: Bytes, last: bool) -> Event {
    Event::Chunk { kind, data, last }
}

/// What a look at the input came to.
pub(super) enum Step {
    Event(Event),
    /// A frame that the application need not see; the next may be there.
    Nothing,
    /// More bytes are needed.
    Starved,
}

impl Frame {
    /// Unmasks what has newly come of the payload. Returns where in the input that is.
    fn unmask(&mut self, input: &mut [u8]) -> Range<usize> {
        let news = self.ready..input.len().min(self.remaining);
        if let Some(key) = self.header.mask {
            let offset = self.header.payload_len as usize - self.remaining + self.ready;
            mask::apply(key, offset, &mut input[news.clone()]);
        }
        self.ready = news.end;
        news
    }

    /// How many bytes at the front of the input to take out now: all that are ready.
    fn take(&mut self) -> usize {
        let count = core::mem::take(&mut self.ready);
        self.remaining -= count;
        count
    }
}

/// RFC 6455 section 5.5.1: nothing, or a code of two bytes and a reason in UTF-8.
fn parse_close(payload: &[u8]) -> Result<Option<CloseFrame>, ReceiveErrorKind> {
    let code = match *payload {
        [] => return Ok(None),
        [_] => return Err(ReceiveErrorKind::TruncatedClose),
        [high, low, ..] => CloseCode::from(u16::from_be_bytes([high, low])),
    };
    let reason = Utf8Bytes::try_from(Bytes::copy_from_slice(&payload[2..]))
        .map_err(|_| ReceiveErrorKind::InvalidUtf8)?;
    CloseFrame::new(code, reason)
        .map(Some)
        .map_err(|_| ReceiveErrorKind::InvalidCloseCode(code))
}
