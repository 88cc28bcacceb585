//! Calls to frames in the send queue.

use bytes::Bytes;

use super::Connection;
use crate::close::CloseFrame;
use crate::deflate::Prepared;
use crate::error::SendError;
use crate::frame::{MAX_CONTROL, Opcode, encode, mask};
use crate::message::{Compression, Message, MessageKind};
use crate::prepared::PreparedMessage;
use crate::queue::SendQueue;
use crate::utf8::Utf8Validator;

#[derive(Debug, Default)]
pub(super) struct Sender {
    /// Whole frames, on their way to the transport.
    pub(super) queue: SendQueue,
    /// The message that is being cut into fragments: what is left of it.
    cut: Option<Cut>,
    /// The message that the application sends in chunks.
    stream: Option<Stream>,
    /// The latest pong that had to wait (RFC 6455 section 5.5.3 allows to leave out the others).
    pong: Option<Bytes>,
    /// The close frame, while a message that is being cut is still in front of it.
    close: Option<Option<CloseFrame>>,
}

#[derive(Debug)]
struct Cut {
    opcode: Opcode,
    rsv1: bool,
    rest: Bytes,
}

#[derive(Debug)]
struct Stream {
    kind: MessageKind,
    is_deflated: bool,
    utf8: Utf8Validator,
}

/// How many bytes may wait before a pong is no longer queued at once, so that pings from a peer
/// that never reads cost no more than this.
const PONG_MARK: usize = 16 << 10;

impl Sender {
    /// Whether the application is in the middle of a message that it sends in chunks.
    pub(super) fn is_streaming(&self) -> bool {
        self.stream.is_some()
    }

    /// Drops what is not in the queue yet: there is no time for it any more.
    pub(super) fn drop_deferred(&mut self) {
        self.cut = None;
        self.stream = None;
        self.pong = None;
        self.close = None;
    }

    pub(super) fn release(&mut self) {
        self.drop_deferred();
        self.queue.clear();
    }
}

impl Connection {
    /// Queues a message.
    ///
    /// Only its header is copied, and its payload if that is small or has to be masked; the
    /// caller's buffers never change.
    ///
    /// # Errors
    ///
    /// [`SendError::Full`] with the message when the queue has reached
    /// [`Config::max_queued`](crate::Config::max_queued), [`SendError::Closed`] once a close frame
    /// has been sent or received, and [`SendError::FragmentInProgress`] within a message that
    /// [`send_chunk`](Self::send_chunk) has begun.
    pub fn send(&mut self, message: impl Into<Message>) -> Result<(), SendError> {
        self.send_with(message, Compression::Auto)
    }

    /// Like [`send`](Self::send), with a say in whether the message is compressed, where compression
    /// has been negotiated.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    ///
    /// ```
    /// use bytes::Buf;
    /// use miniws_proto::{Compression, Config, Connection, Negotiated};
    ///
    /// let mut server = Connection::server(Config::default(), Negotiated::default());
    /// server.send_with("a secret", Compression::Never)?;
    /// assert_eq!(server.outgoing().chunk(), b"\x81\x08a secret");
    /// # Ok::<(), miniws_proto::SendError>(())
    /// ```
    pub fn send_with(
        &mut self,
        message: impl Into<Message>,
        compression: Compression,
    ) -> Result<(), SendError> {
        let message = message.into();
        if !self.can_send() {
            return Err(self.refusal(Some(message)));
        }
        self.timers.messages = true;
        let opcode = Opcode::from(message.kind());
        let payload = message.into_bytes();
        let deflated = self
            .deflate
            .as_mut()
            .and_then(|deflate| deflate.message(&payload, compression));
        let rsv1 = deflated.is_some();
        let payload = deflated.map_or(payload, Bytes::from);
        match self.config.fragment_size {
            Some(size) if payload.len() > size => {
                self.sender.cut = Some(Cut {
                    opcode,
                    rsv1,
                    rest: payload,
                });
                self.refill();
            }
            _ => self.write_frame(opcode, true, rsv1, payload),
        }
        Ok(())
    }

    /// Queues a piece of a message as a frame of its own, for a message whose end is not known yet
    /// or that is too large to hold. `last` ends the message. Control frames may go between.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send); [`SendError::FragmentInProgress`] when `kind` is not that of the
    /// message which has begun; [`SendError::InvalidUtf8`] when the pieces of a text are not UTF-8.
    /// A piece may end within a character, a text may not.
    ///
    /// ```
    /// use bytes::Buf;
    /// use miniws_proto::{Config, Connection, MessageKind, Negotiated};
    ///
    /// let mut server = Connection::server(Config::default(), Negotiated::default());
    /// server.send_chunk(MessageKind::Text, "good ", false)?;
    /// server.send_chunk(MessageKind::Text, "day", true)?;
    /// assert_eq!(server.outgoing().chunk(), b"\x01\x05good \x80\x03day");
    /// # Ok::<(), miniws_proto::SendError>(())
    /// ```
    pub fn send_chunk(
        &mut self,
        kind: MessageKind,
        data: impl Into<Bytes>,
        last: bool,
    ) -> Result<(), SendError> {
        self.send_chunk_with(kind, data, last, Compression::Auto)
    }

    /// Like [`send_chunk`](Self::send_chunk), with a say in whether the message is compressed, where
    /// compression has been negotiated. The choice for its first piece holds for the whole message,
    /// and [`Compression::Auto`] compresses it, as its size is not known.
    ///
    /// # Errors
    ///
    /// As [`send_chunk`](Self::send_chunk).
    pub fn send_chunk_with(
        &mut self,
        kind: MessageKind,
        data: impl Into<Bytes>,
        last: bool,
        compression: Compression,
    ) -> Result<(), SendError> {
        if !self.lifecycle.is_open() || !self.has_room() {
            return Err(self.refusal(None));
        }
        let mut data = data.into();
        let (opcode, is_deflated, mut utf8) = match &self.sender.stream {
            Some(stream) if stream.kind != kind => return Err(SendError::FragmentInProgress),
            Some(stream) => (
                Opcode::Continuation,
                stream.is_deflated,
                stream.utf8.clone(),
            ),
            None => (
                Opcode::from(kind),
                self.deflate
                    .as_ref()
                    .is_some_and(|deflate| deflate.is_streamed(compression)),
                Utf8Validator::default(),
            ),
        };
        if kind == MessageKind::Text {
            utf8.push(&data)
                .and_then(|()| if last { utf8.finish() } else { Ok(()) })
                .map_err(|_| SendError::InvalidUtf8)?;
        }
        if is_deflated && let Some(deflate) = &mut self.deflate {
            let deflated = deflate.chunk(&data, last);
            // The compressor has a new state then, with which it may be tried again.
            data = deflated.ok_or(SendError::Full(None))?.into();
        }
        self.sender.stream = (!last).then_some(Stream {
            kind,
            is_deflated,
            utf8,
        });
        self.timers.messages = true;
        let rsv1 = is_deflated && opcode != Opcode::Continuation;
        self.write_frame(opcode, last, rsv1, data);
        Ok(())
    }

    /// Queues a message that has been framed before. A server neither frames nor copies it again,
    /// nor cuts it into fragments.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send), but [`SendError::Full`] comes without the message.
    pub fn send_prepared(&mut self, message: &PreparedMessage) -> Result<(), SendError> {
        if self.masker.is_some() {
            return self
                .send(message.message().clone())
                .map_err(|error| match error {
                    SendError::Full(_) => SendError::Full(None),
                    error => error,
                });
        }
        if !self.can_send() {
            return Err(self.refusal(None));
        }
        let deflate = self.deflate.as_ref();
        let frame = match deflate.map(|deflate| deflate.prepared(message.message().len())) {
            None | Some(Prepared::Uncompressed) => message.frame().clone(),
            Some(Prepared::Shared(recipe)) => message.deflated(recipe),
            Some(Prepared::Own) => return self.send(message.message().clone()),
        };
        self.timers.messages = true;
        self.sender.queue.push(frame);
        Ok(())
    }

    /// Queues a ping with a payload of at most 125 bytes. The answer comes as
    /// [`Event::Pong`](crate::Event::Pong) with the same payload.
    ///
    /// # Errors
    ///
    /// [`SendError::ControlTooLong`] for a longer payload; [`SendError::Full`] and
    /// [`SendError::Closed`] as [`send`](Self::send).
    pub fn ping(&mut self, payload: &[u8]) -> Result<(), SendError> {
        if payload.len() > MAX_CONTROL {
            return Err(SendError::ControlTooLong {
                len: payload.len(),
                max: MAX_CONTROL,
            });
        }
        if !self.lifecycle.is_open() {
            return Err(SendError::Closed);
        }
        if self.is_above_mark() {
            return Err(SendError::Full(None));
        }
        self.queue_ping(payload);
        Ok(())
    }

    /// Starts the close handshake, with a code and reason or, for `None`, without. What was queued
    /// before still goes out first. Nothing can be sent after it; messages from the peer still come
    /// until its own close frame, or the end of the transport.
    ///
    /// A message that [`send_chunk`](Self::send_chunk) has begun stays unfinished.
    ///
    /// # Errors
    ///
    /// [`SendError::Closed`] when a close frame has already been sent or received, or the
    /// connection has failed.
    pub fn close(&mut self, frame: Option<CloseFrame>) -> Result<(), SendError> {
        if !self.lifecycle.is_open() {
            return Err(SendError::Closed);
        }
        self.on_local_close(frame);
        Ok(())
    }

    /// Whether anything waits for the transport, or to be put into the queue for it.
    pub(super) fn has_output(&self) -> bool {
        let sender = &self.sender;
        !sender.queue.is_empty()
            || sender.cut.is_some()
            || sender.pong.is_some()
            || sender.close.is_some()
    }

    pub(super) fn has_room(&self) -> bool {
        !self.is_above_mark() && self.sender.cut.is_none()
    }

    pub(super) fn is_above_mark(&self) -> bool {
        self.sender.queue.len() >= self.config.max_queued
    }

    pub(super) fn queue_ping(&mut self, payload: &[u8]) {
        self.write_control(Opcode::Ping, payload);
    }

    pub(super) fn queue_pong(&mut self, payload: &[u8]) {
        // It takes the place of one that still waits: after a newer pong nobody expects it.
        if self.sender.queue.len() < PONG_MARK {
            self.sender.pong = None;
            self.write_control(Opcode::Pong, payload);
        } else {
            self.sender.pong = Some(Bytes::copy_from_slice(payload));
        }
    }

    pub(super) fn queue_close(&mut self, frame: Option<CloseFrame>) {
        if self.sender.cut.is_some() {
            self.sender.close = Some(frame);
        } else {
            self.write_close(frame);
        }
    }

    /// Once the queue has run empty: the pong that had to wait, then the next fragment, then the
    /// close that came behind the fragments.
    pub(super) fn refill(&mut self) {
        if !self.sender.queue.is_empty() {
            return;
        }
        if let Some(payload) = self.sender.pong.take() {
            self.write_control(Opcode::Pong, &payload);
        }
        if let Some(cut) = self.sender.cut.take() {
            self.write_fragment(cut);
        }
        if self.sender.cut.is_none()
            && let Some(frame) = self.sender.close.take()
        {
            self.write_close(frame);
        }
    }

    fn write_fragment(&mut self, cut: Cut) {
        let Cut {
            opcode,
            rsv1,
            mut rest,
        } = cut;
        let size = self.config.fragment_size.unwrap_or(usize::MAX);
        let fragment = rest.split_to(size.min(rest.len()));
        let last = rest.is_empty();
        self.write_frame(opcode, last, rsv1, fragment);
        if !last {
            self.sender.cut = Some(Cut {
                opcode: Opcode::Continuation,
                rsv1: false,
                rest,
            });
        }
    }

    /// Behind a pong that had to wait: it is owed, and nothing should come after a close.
    fn write_close(&mut self, frame: Option<CloseFrame>) {
        if let Some(payload) = self.sender.pong.take() {
            self.write_control(Opcode::Pong, &payload);
        }
        let mut payload = [0; MAX_CONTROL];
        let mut len = 0;
        if let Some(frame) = frame {
            payload[..2].copy_from_slice(&u16::from(frame.code()).to_be_bytes());
            len = 2 + frame.reason().len();
            payload[2..len].copy_from_slice(frame.reason().as_bytes());
        }
        self.write_control(Opcode::Close, &payload[..len]);
    }

    fn write_control(&mut self, opcode: Opcode, payload: &[u8]) {
        let key = self.masker.as_mut().map(|masker| masker.key());
        self.sender.queue.write(|out| {
            out.extend_from_slice(encode::encode(opcode, true, payload.len(), key).as_slice());
            match key {
                Some(key) => mask::extend_masked(out, key, payload),
                None => out.extend_from_slice(payload),
            }
        });
    }

    fn write_frame(&mut self, opcode: Opcode, fin: bool, rsv1: bool, payload: Bytes) {
        let key = self.masker.as_mut().map(|masker| masker.key());
        let header = encode::encode(opcode, fin, payload.len(), key).with_rsv1(rsv1);
        let queue = &mut self.sender.queue;
        match key {
            None => {
                queue.copy(header.as_slice());
                queue.push(payload);
            }
            Some(key) => queue.write(|out| {
                out.extend_from_slice(header.as_slice());
                mask::extend_masked(out, key, &payload);
            }),
        }
    }

    /// Why nothing can be sent just now.
    #[cold]
    fn refusal(&self, message: Option<Message>) -> SendError {
        if !self.lifecycle.is_open() {
            SendError::Closed
        } else if self.has_room() {
            SendError::FragmentInProgress
        } else {
            SendError::Full(message)
        }
    }
}
