//! Frames to messages.

use bytes::{Bytes, BytesMut};

use crate::config::Config;
use crate::error::ReceiveErrorKind;
use crate::event::Event;
use crate::message::{Message, MessageKind};
use crate::utf8::{Utf8Bytes, Utf8Validator};

/// The message that is being received.
#[derive(Debug, Default)]
pub(super) struct Assembler {
    /// `None` between messages.
    kind: Option<MessageKind>,
    /// Of the whole message, the frame that is being received included.
    len: usize,
    fragments: u32,
    utf8: Utf8Validator,
    /// What earlier frames of the message brought, unless it is handed on in chunks.
    data: BytesMut,
}

impl Assembler {
    /// A message begins.
    pub(super) fn begin(&mut self, kind: MessageKind) -> Result<(), ReceiveErrorKind> {
        if self.kind.is_some() {
            return Err(ReceiveErrorKind::ExpectedContinuation);
        }
        self.kind = Some(kind);
        Ok(())
    }

    /// A frame of the message begins. Limits are judged here, before any of its payload has come.
    pub(super) fn begin_frame(
        &mut self,
        payload_len: u64,
        config: &Config,
    ) -> Result<usize, ReceiveErrorKind> {
        if self.kind.is_none() {
            return Err(ReceiveErrorKind::UnexpectedContinuation);
        }
        let payload_len = usize::try_from(payload_len)
            .ok()
            .filter(|len| *len <= config.max_frame_size)
            .ok_or(ReceiveErrorKind::FrameTooLarge)?;
        self.len = self
            .len
            .checked_add(payload_len)
            .filter(|len| *len <= config.max_message_size)
            .ok_or(ReceiveErrorKind::MessageTooLarge)?;
        self.fragments += 1;
        if self.fragments > config.max_fragments {
            return Err(ReceiveErrorKind::TooManyFragments);
        }
        Ok(payload_len)
    }

    /// Whether the frame that is being received is the message's first.
    pub(super) fn is_first_frame(&self) -> bool {
        self.fragments == 1
    }

    /// The next bytes of the message, as they come.
    pub(super) fn check(&mut self, bytes: &[u8]) -> Result<(), ReceiveErrorKind> {
        if self.kind == Some(MessageKind::Text) {
            self.utf8
                .push(bytes)
                .map_err(|_| ReceiveErrorKind::InvalidUtf8)?;
        }
        Ok(())
    }

    /// Keeps bytes until the message is whole.
    pub(super) fn append(&mut self, bytes: &[u8]) {
        self.data.extend_from_slice(bytes);
    }

    /// A piece of the message that is handed on at once; `last` ends the message.
    pub(super) fn chunk(
        &mut self,
        data: BytesMut,
        last: bool,
    ) -> Result<Option<Event>, ReceiveErrorKind> {
        let Some(kind) = self.kind else {
            return Ok(None);
        };
        if last {
            self.end()?;
        }
        Ok(Some(Event::Chunk {
            kind,
            data: data.freeze(),
            last,
        }))
    }

    /// The message ends with `rest`.
    pub(super) fn message(&mut self, rest: BytesMut) -> Result<Option<Event>, ReceiveErrorKind> {
        let Some(kind) = self.kind else {
            return Ok(None);
        };
        let data = if self.is_first_frame() {
            rest
        } else {
            self.append(&rest);
            core::mem::take(&mut self.data)
        };
        self.end()?;
        Ok(Some(Event::Message(message(kind, data.freeze()))))
    }

    fn end(&mut self) -> Result<(), ReceiveErrorKind> {
        self.kind = None;
        self.len = 0;
        self.fragments = 0;
        self.utf8
            .finish()
            .map_err(|_| ReceiveErrorKind::InvalidUtf8)
    }
}

fn message(kind: MessageKind, data: Bytes) -> Message {
    match kind {
        MessageKind::Text => Message::Text(Utf8Bytes::from_validated(data)),
        MessageKind::Binary => Message::Binary(data),
    }
}
