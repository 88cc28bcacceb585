//! Control frames in the send queue (RFC 6455 section 5.5).

use bytes::Bytes;

use super::Connection;
use super::send::{write_copied, write_masked};
use crate::close::CloseFrame;
use crate::error::SendError;
use crate::frame::encode::Header;
use crate::frame::{MAX_CONTROL, Opcode};

/// How many bytes may wait before a pong is no longer queued at once, so that pings from a peer
/// that never reads cost no more than this.
const PONG_MARK: usize = 16 << 10;

impl Connection {
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

    pub(super) fn queue_ping(&mut self, payload: &[u8]) {
        self.write_control(Opcode::Ping, payload);
    }

    pub(super) fn queue_pong(&mut self, payload: &[u8]) {
        // It takes the place of one that still waits: after a newer pong nobody expects it.
        if self.sender.queue.len() < PONG_MARK {
            self.sender.take_pong();
            self.write_control(Opcode::Pong, payload);
        } else {
            self.sender.defer_pong(Bytes::copy_from_slice(payload));
        }
    }

    pub(super) fn queue_close(&mut self, frame: Option<CloseFrame>) {
        if let Some(frame) = self.sender.defer_close(frame) {
            self.write_close(frame);
        }
    }

    /// Behind a pong that had to wait: it is owed, and nothing should come after a close.
    pub(super) fn write_close(&mut self, frame: Option<CloseFrame>) {
        if let Some(payload) = self.sender.take_pong() {
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

    pub(super) fn write_control(&mut self, opcode: Opcode, payload: &[u8]) {
        self.sender.tally.control();
        let header = Header::new(opcode, true, false, payload.len());
        let queue = &mut self.sender.queue;
        queue.note_control();
        match &mut self.masker {
            Some(masker) => write_masked(queue, header, masker.key(), payload),
            None => write_copied(queue, header, payload),
        }
    }
}
