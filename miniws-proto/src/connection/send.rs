//! Messages to frames in the send queue.

use alloc::boxed::Box;

use bytes::Bytes;

use super::Connection;
use super::defer::Deferred;
use super::tally::Tally;
use crate::deflate::Prepared;
use crate::error::SendError;
use crate::frame::encode::Header;
use crate::frame::{MaskKey, Opcode, mask};
use crate::message::{Compression, Message, MessageKind};
use crate::prepared::PreparedMessage;
use crate::queue::{COPY_MAX, SendQueue};
use crate::utf8::Utf8Validator;

#[derive(Debug, Default)]
pub(super) struct Sender {
    /// Whole frames, on their way to the transport.
    pub(super) queue: SendQueue,
    /// What has to wait until the queue has run empty. Most connections never have any.
    pub(super) deferred: Option<Box<Deferred>>,
    /// The message that the application sends in chunks.
    stream: Option<Stream>,
    pub(super) tally: Tally,
}

#[derive(Debug)]
struct Stream {
    kind: MessageKind,
    is_deflated: bool,
    utf8: Utf8Validator,
}

impl Sender {
    /// Whether the application is in the middle of a message that it sends in chunks.
    pub(super) fn is_streaming(&self) -> bool {
        self.stream.is_some()
    }

    /// Drops what is not in the queue yet: there is no time for it any more.
    pub(super) fn drop_deferred(&mut self) {
        self.queue.note_dropped(self.deferred_len());
        self.deferred = None;
        self.stream = None;
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
        self.send_message(message.into(), compression)
    }

    fn send_message(
        &mut self,
        message: Message,
        compression: Compression,
    ) -> Result<(), SendError> {
        if !self.can_send() {
            return Err(self.refusal(Some(message)));
        }
        self.timers.messages = true;
        let opcode = Opcode::from(message.kind());
        let payload = message.into_bytes();
        if self.deflate.is_some() || self.config.fragment_size.is_some() {
            self.write_message(opcode, payload, compression);
        } else {
            self.write_frame(opcode, true, false, payload);
        }
        Ok(())
    }

    /// Writes a message that may have to be compressed, cut into fragments, or both.
    #[inline(never)]
    fn write_message(&mut self, opcode: Opcode, mut payload: Bytes, compression: Compression) {
        let mut rsv1 = false;
        if let Some(deflate) = &mut self.deflate
            && let Some(deflated) = deflate.message(&payload, compression)
        {
            self.sender.tally.deflated(payload.len(), deflated.len());
            payload = deflated.into();
            rsv1 = true;
        }
        match self.config.fragment_size {
            Some(size) if payload.len() > size => self.cut(opcode, rsv1, payload),
            _ => self.write_frame(opcode, true, rsv1, payload),
        }
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
        if is_deflated
            && let Some(deflate) = &mut self.deflate
            && let Some(deflated) = deflate.chunk(&data, last)
        {
            self.sender.tally.deflated(data.len(), deflated.len());
            data = deflated.into();
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
                .send_with(message.message().clone(), message.choice())
                .map_err(|error| match error {
                    SendError::Full(_) => SendError::Full(None),
                    error => error,
                });
        }
        if !self.can_send() {
            return Err(self.refusal(None));
        }
        let (len, choice) = (message.message().len(), message.choice());
        let deflate = self.deflate.as_ref();
        let frame = match deflate.map(|deflate| deflate.prepared(len, choice)) {
            None | Some(Prepared::Uncompressed) => message.frame().clone(),
            Some(Prepared::Shared(recipe)) => message.deflated(recipe),
            Some(Prepared::Own) => return self.send_with(message.message().clone(), choice),
        };
        self.timers.messages = true;
        self.sender.tally.framed(len, frame.len());
        self.sender.queue.note_data();
        self.sender.queue.push(frame);
        Ok(())
    }

    /// Queues the response of the handshake.
    pub(crate) fn queue_response(&mut self, response: &[u8]) {
        self.sender.tally.handshake(response.len());
        self.sender.queue.copy(response);
    }

    /// Whether anything waits for the transport, or to be put into the queue for it.
    pub(super) fn has_output(&self) -> bool {
        !self.sender.queue.is_settled() || self.sender.deferred.is_some()
    }

    pub(super) fn has_room(&self) -> bool {
        !self.is_above_mark() && !self.sender.is_cutting()
    }

    pub(super) fn is_above_mark(&self) -> bool {
        self.sender.queue.len() >= self.config.max_queued
    }

    #[inline(always)]
    pub(super) fn write_frame(&mut self, opcode: Opcode, fin: bool, rsv1: bool, payload: Bytes) {
        let header = Header::new(opcode, fin, rsv1, payload.len());
        self.sender.tally.data(payload.len(), fin);
        let queue = &mut self.sender.queue;
        queue.note_data();
        if let Some(masker) = &mut self.masker {
            write_masked(queue, header, masker.key(), &payload);
        } else if payload.len() > COPY_MAX {
            write_chained(queue, header, payload);
        } else {
            write_copied(queue, header, &payload);
        }
    }

    /// Why nothing can be sent just now.
    #[cold]
    #[inline(never)]
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

#[inline(always)]
pub(super) fn write_copied(queue: &mut SendQueue, header: Header, payload: &[u8]) {
    let out = queue.room(Header::MAX + payload.len());
    header.write(None, out);
    out.extend_from_slice(payload);
}

#[inline(never)]
pub(super) fn write_masked(queue: &mut SendQueue, header: Header, key: MaskKey, payload: &[u8]) {
    let out = queue.room(Header::MAX + payload.len());
    header.write(Some(key), out);
    mask::extend_masked(out, key, payload);
}

#[inline(never)]
fn write_chained(queue: &mut SendQueue, header: Header, payload: Bytes) {
    header.write(None, queue.room(Header::MAX));
    queue.chain(payload);
}
