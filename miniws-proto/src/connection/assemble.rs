//! Frames to messages.

use alloc::vec::Vec;

use bytes::{Bytes, BytesMut};

use crate::config::Config;
use crate::error::ReceiveErrorKind;
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
    /// Whether the message is compressed. Then what counts is what comes out.
    is_deflated: bool,
    utf8: Utf8Validator,
    /// What earlier frames of the message brought, unless it is handed on in chunks.
    data: Vec<u8>,
}

/// What is wrong with some bytes of a message.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) kind: ReceiveErrorKind,
    /// How many of the bytes come before it.
    pub(super) good: usize,
}

impl Assembler {
    /// Whether no message has begun.
    pub(super) fn is_empty(&self) -> bool {
        self.kind.is_none()
    }

    /// A message begins.
    pub(super) fn begin(
        &mut self,
        kind: MessageKind,
        is_deflated: bool,
    ) -> Result<MessageKind, ReceiveErrorKind> {
        match self.kind {
            Some(_) => Err(ReceiveErrorKind::ExpectedContinuation),
            None => {
                self.kind = Some(kind);
                self.is_deflated = is_deflated;
                Ok(kind)
            }
        }
    }

    /// The message goes on.
    pub(super) fn resume(&self) -> Result<MessageKind, ReceiveErrorKind> {
        self.kind.ok_or(ReceiveErrorKind::UnexpectedContinuation)
    }

    /// A frame of the message begins. Limits are judged here, before any of its payload has come.
    pub(super) fn begin_frame(
        &mut self,
        payload_len: u64,
        config: &Config,
    ) -> Result<usize, ReceiveErrorKind> {
        let payload_len = usize::try_from(payload_len)
            .ok()
            .filter(|len| *len <= config.max_frame_size)
            .ok_or(ReceiveErrorKind::FrameTooLarge)?;
        if !self.is_deflated {
            self.len = self
                .len
                .checked_add(payload_len)
                .filter(|len| *len <= config.max_message_size)
                .ok_or(ReceiveErrorKind::MessageTooLarge)?;
        }
        self.fragments = self.fragments.saturating_add(1);
        if self.fragments > config.max_fragments {
            return Err(ReceiveErrorKind::TooManyFragments);
        }
        Ok(payload_len)
    }

    /// Whether the frame that is being received is the message's first.
    pub(super) fn is_first_frame(&self) -> bool {
        self.fragments == 1
    }

    /// Whether the message is compressed.
    pub(super) fn is_deflated(&self) -> bool {
        self.is_deflated
    }

    /// How many bytes more the message may inflate to.
    pub(super) fn room(&self, config: &Config) -> usize {
        config.max_message_size.saturating_sub(self.len)
    }

    /// The next bytes of a compressed message, after it was inflated.
    pub(super) fn check_inflated(
        &mut self,
        kind: MessageKind,
        bytes: &[u8],
        config: &Config,
    ) -> Result<(), Fault> {
        let room = self.room(config);
        if kind == MessageKind::Text {
            // Up to the limit: what is wrong first is told, however the bytes came.
            self.check(&bytes[..bytes.len().min(room)])?;
        }
        if bytes.len() > room {
            return Err(Fault {
                kind: ReceiveErrorKind::MessageTooLarge,
                good: room,
            });
        }
        self.len += bytes.len();
        Ok(())
    }

    /// The next bytes of a text, as they come.
    pub(super) fn check(&mut self, text: &[u8]) -> Result<(), Fault> {
        self.utf8.push(text).map_err(|error| Fault {
            kind: ReceiveErrorKind::InvalidUtf8,
            good: error.good,
        })
    }

    /// Whether a message that is not compressed can go on with a frame of so many bytes.
    pub(super) fn has_room_for(&self, payload_len: usize, config: &Config) -> bool {
        self.kind.is_some()
            && !self.is_deflated
            && payload_len <= config.max_frame_size
            && payload_len <= self.room(config)
            && self.fragments < config.max_fragments
    }

    /// The next frame of such a message, which does not end it: checks and keeps its payload. If
    /// there is anything wrong with that, this does nothing and returns false.
    pub(super) fn try_append(&mut self, payload: &[u8]) -> bool {
        if self.kind == Some(MessageKind::Text) {
            let mut utf8 = self.utf8.clone();
            if utf8.push(payload).is_err() {
                return false;
            }
            self.utf8 = utf8;
        }
        self.len += payload.len();
        self.fragments += 1;
        self.append(payload);
        true
    }

    /// Keeps bytes until the message is whole.
    pub(super) fn append(&mut self, bytes: &[u8]) {
        self.data.extend_from_slice(bytes);
    }

    /// All of what has been kept, with `rest` behind it.
    pub(super) fn take(&mut self, rest: BytesMut) -> Bytes {
        if self.data.is_empty() {
            return rest.freeze();
        }
        self.append(&rest);
        core::mem::take(&mut self.data).into()
    }

    /// The message ends.
    pub(super) fn end(&mut self) -> Result<(), ReceiveErrorKind> {
        self.kind = None;
        self.len = 0;
        self.fragments = 0;
        let finished = self.utf8.finish();
        finished.map_err(|_| ReceiveErrorKind::InvalidUtf8)
    }
}

/// A message of bytes that have been checked.
pub(super) fn message(kind: MessageKind, data: Bytes) -> Message {
    match kind {
        MessageKind::Text => Message::Text(Utf8Bytes::from_validated(data)),
        MessageKind::Binary => Message::Binary(data),
    }
}
