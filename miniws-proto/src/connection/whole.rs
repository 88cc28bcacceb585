//! The short way for what comes most: a whole message in one frame, all of it in the input.

use bytes::{Buf, BytesMut};

use super::Connection;
use super::assemble::message;
use crate::frame::{decode, mask};
use crate::message::{Message, MessageKind};
use crate::utf8;

impl Connection {
    /// Takes such a message out of `input`.
    ///
    /// For everything else, and for all that is wrong, it returns `None` and leaves everything as it
    /// was: what it is, the long way finds out, so the two cannot disagree.
    #[inline(always)]
    pub(super) fn receive_whole(&mut self, input: &mut BytesMut) -> Option<Message> {
        let config = &self.config;
        if !self.receiver.is_between_messages() || config.chunks || config.max_fragments == 0 {
            return None;
        }
        let whole = decode::decode_whole(input, self.masker.is_none())?;
        let (start, end) = (whole.payload.start, whole.payload.end);
        let payload = input.get_mut(whole.payload)?;
        if payload.len() > config.max_frame_size || payload.len() > config.max_message_size {
            return None;
        }

        if let Some(key) = whole.mask {
            mask::apply(key, 0, payload);
        }
        if whole.kind == MessageKind::Text && !utf8::is_utf8(payload) {
            if let Some(key) = whole.mask {
                mask::apply(key, 0, payload);
            }
            return None;
        }
        let mut data = input.split_to(end).freeze();
        data.advance(start);

        self.timers.received = true;
        self.timers.messages = true;
        self.receiver.count(end);
        Some(message(whole.kind, data))
    }
}
