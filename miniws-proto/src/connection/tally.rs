//! Counts of what goes over a connection. Without the feature `stats`, `tally_off.rs` stands in for
//! this module.
//!
//! What most messages do, a frame that is a whole message, adds to two numbers. All others follow
//! from these, from what is rare, and from what is counted anyway.

use super::Connection;
use crate::stats::{Stats, Traffic};

/// The counts of one direction.
#[derive(Debug, Default)]
pub(super) struct Tally {
    messages: u64,
    /// Data frames that did not end a message.
    unfinished: u64,
    control_frames: u64,
    /// What data frames carry.
    payload: u64,
    /// How much more than that the messages are which were compressed.
    saved: i64,
    /// Bytes of the handshake in the queue.
    handshake: u64,
}

impl Tally {
    /// A data frame. `fin` says that it ends a message.
    #[inline(always)]
    pub(super) fn data(&mut self, payload_len: usize, fin: bool) {
        self.messages += u64::from(fin);
        self.unfinished += u64::from(!fin);
        self.payload += payload_len as u64;
    }

    /// A control frame.
    pub(super) fn control(&mut self) {
        self.control_frames += 1;
    }

    /// So many bytes of a message are carried as so many by frames that count, too.
    pub(super) fn deflated(&mut self, bytes: usize, payload_len: usize) {
        let saved = (bytes as i64).wrapping_sub(payload_len as i64);
        self.saved = self.saved.wrapping_add(saved);
    }

    /// A whole message in a frame of a server's, header included.
    pub(super) fn framed(&mut self, message_len: usize, frame_len: usize) {
        // RFC 6455 section 5.2: lengths of up to 125 bytes, and of up to 65535.
        let header = match frame_len {
            0..=127 => 2,
            128..=65_539 => 4,
            _ => 10,
        };
        let payload_len = frame_len.saturating_sub(header);
        self.data(payload_len, true);
        self.deflated(message_len, payload_len);
    }

    /// The response of the handshake is queued.
    pub(super) fn handshake(&mut self, bytes: usize) {
        self.handshake += bytes as u64;
    }

    /// All of it. `bytes` have gone over the transport.
    fn traffic(&self, bytes: u64) -> Traffic {
        Traffic {
            messages: self.messages,
            message_bytes: self.payload.saturating_add_signed(self.saved),
            payload_bytes: self.payload,
            data_frames: self.messages + self.unfinished,
            control_frames: self.control_frames,
            bytes: bytes.saturating_sub(self.handshake),
        }
    }
}

impl Connection {
    /// What has gone over the connection so far, and what waits, at any time, also after the end.
    ///
    /// Only with the feature `stats`: counting takes up to four instructions for a message, and 96
    /// bytes for a connection.
    #[must_use]
    pub fn stats(&self) -> Stats {
        Stats {
            received: self.receiver.tally.traffic(self.receiver.offset()),
            sent: self.sender.tally.traffic(self.sender.queue.taken()),
            queued: self.sender.queue.len() + self.sender.deferred_len(),
            latency: self.latency(),
        }
    }
}
