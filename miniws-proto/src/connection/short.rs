//! The short way for what comes most: frames that are all in the input, in a connection that takes
//! whole messages.
//!
//! For everything else, and for all that is wrong, these functions do nothing and leave everything as
//! it was. What it is, the long way finds out, so the two cannot disagree.

use bytes::{Buf, BytesMut};

use super::Connection;
use super::assemble::message;
use crate::config::Config;
use crate::frame::{MaskKey, decode, mask};
use crate::message::{Message, MessageKind};
use crate::utf8;

impl Connection {
    /// Takes a whole message in one frame out of `input`.
    #[inline(always)]
    pub(super) fn receive_whole(&mut self, input: &mut BytesMut) -> Option<Message> {
        if !self.receiver.is_between_messages() {
            return None;
        }
        let short = decode::decode_short(input, self.masker.is_none())?;
        let kind = match short.first {
            0x81 => MessageKind::Text,
            0x82 => MessageKind::Binary,
            _ => return None,
        };
        let (start, end) = (short.payload.start, short.payload.end);
        let payload = input.get_mut(start..end)?;
        if payload.len() >= self.receiver.whole_end as usize {
            return None;
        }

        unmask(short.mask, payload);
        if kind == MessageKind::Text && !utf8::is_utf8(payload) {
            undo(short.mask, payload);
            return None;
        }
        let mut data = input.split_to(end).freeze();
        data.advance(start);

        self.timers.received = true;
        self.timers.messages = true;
        self.receiver.count(end);
        self.receiver.tally.data(end - start, true);
        Some(message(kind, data))
    }

    /// Takes a frame from the middle of a message out of `input`, one that neither begins nor ends
    /// it. Tells whether there was one.
    #[inline(never)]
    pub(super) fn receive_middle(&mut self, input: &mut BytesMut) -> bool {
        let config = &self.config;
        if input.first() != Some(&0) || !self.receiver.is_between_frames() || config.chunks {
            return false;
        }
        let Some(short) = decode::decode_short(input, self.masker.is_none()) else {
            return false;
        };
        let end = short.payload.end;
        let Some(payload) = input.get_mut(short.payload.clone()) else {
            return false;
        };
        let assembler = &mut self.receiver.assembler;
        if !assembler.has_room_for(payload.len(), config) {
            return false;
        }
        unmask(short.mask, payload);
        if !assembler.try_append(payload) {
            undo(short.mask, payload);
            return false;
        }
        input.advance(end);

        self.timers.received = true;
        self.receiver.count(end);
        self.receiver.tally.data(short.payload.len(), false);
        true
    }
}

#[inline(always)]
fn unmask(mask: Option<MaskKey>, payload: &mut [u8]) {
    if let Some(key) = mask {
        mask::apply(key, 0, payload);
    }
}

/// Masking is its own inverse: done once more, it is undone.
#[cold]
fn undo(mask: Option<MaskKey>, payload: &mut [u8]) {
    unmask(mask, payload);
}

/// Messages in one frame that have fewer payload bytes than this take the short way. It is fixed by
/// the settings, and looked at for each message.
pub(super) fn whole_end(config: &Config) -> u32 {
    if config.chunks || config.max_fragments == 0 {
        return 0;
    }
    let most = config.max_frame_size.min(config.max_message_size);
    u32::try_from(most).unwrap_or(u32::MAX).saturating_add(1)
}
