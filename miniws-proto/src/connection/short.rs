//! The short way for what comes most: frames that are all in the input, in a connection that takes
//! whole messages.
//!
//! For everything else, and for all that is wrong, these functions do nothing and leave everything as
//! it was. What it is, the long way finds out, so the two cannot disagree.

use bytes::{Buf, BytesMut};

use super::Connection;
use super::assemble::message;
use crate::frame::decode::{self, Short};
use crate::frame::mask;
use crate::message::{Message, MessageKind};
use crate::utf8;

impl Connection {
    /// Takes a whole message in one frame out of `input`.
    #[inline(always)]
    pub(super) fn receive_whole(&mut self, input: &mut BytesMut) -> Option<Message> {
        let config = &self.config;
        if !self.receiver.is_between_messages() || config.chunks || config.max_fragments == 0 {
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
        if payload.len() > config.max_frame_size || payload.len() > config.max_message_size {
            return None;
        }

        unmask(&short, payload);
        if kind == MessageKind::Text && !utf8::is_utf8(payload) {
            unmask(&short, payload);
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
        unmask(&short, payload);
        if !assembler.try_append(payload) {
            unmask(&short, payload);
            return false;
        }
        input.advance(end);

        self.timers.received = true;
        self.receiver.count(end);
        self.receiver.tally.data(short.payload.len(), false);
        true
    }
}

/// Masking is its own inverse: done once more, it undoes this.
#[inline(always)]
fn unmask(short: &Short, payload: &mut [u8]) {
    if let Some(key) = short.mask {
        mask::apply(key, 0, payload);
    }
}
