//! What has to wait until the queue has run empty.

use bytes::Bytes;

use super::Connection;
use super::send::Sender;
use crate::close::CloseFrame;
use crate::frame::Opcode;

/// What waits: a pong or a message, or both.
#[derive(Debug, Default)]
pub(super) struct Deferred {
    /// The latest pong that had to wait (RFC 6455 section 5.5.3 allows to leave out the others).
    pong: Option<Bytes>,
    /// The message that is being cut into fragments: what is left of it.
    cut: Option<Cut>,
    /// The close frame behind that message.
    close: Option<Option<CloseFrame>>,
}

#[derive(Debug)]
struct Cut {
    opcode: Opcode,
    rsv1: bool,
    rest: Bytes,
}

impl Sender {
    /// Whether a message is being cut into fragments.
    pub(super) fn is_cutting(&self) -> bool {
        let deferred = self.deferred.as_ref();
        deferred.is_some_and(|deferred| deferred.cut.is_some())
    }

    /// How many bytes of such a message are left.
    pub(super) fn deferred_len(&self) -> usize {
        let cut = self.deferred.as_ref().and_then(|one| one.cut.as_ref());
        cut.map_or(0, |cut| cut.rest.len())
    }

    pub(super) fn defer_pong(&mut self, payload: Bytes) {
        self.deferred.get_or_insert_default().pong = Some(payload);
    }

    /// The pong that waits, if there is one.
    pub(super) fn take_pong(&mut self) -> Option<Bytes> {
        let deferred = self.deferred.as_mut()?;
        let pong = deferred.pong.take();
        if deferred.cut.is_none() {
            self.deferred = None;
        }
        pong
    }

    /// Lets a close frame wait if there is a message in front of it; gives it back if there is none.
    pub(super) fn defer_close(&mut self, frame: Option<CloseFrame>) -> Option<Option<CloseFrame>> {
        match self
            .deferred
            .as_mut()
            .filter(|deferred| deferred.cut.is_some())
        {
            Some(deferred) => {
                deferred.close = Some(frame);
                None
            }
            None => Some(frame),
        }
    }
}

impl Connection {
    /// Cuts a message into fragments: one now, the others when their turn comes.
    pub(super) fn cut(&mut self, opcode: Opcode, rsv1: bool, rest: Bytes) {
        self.sender.deferred.get_or_insert_default().cut = Some(Cut { opcode, rsv1, rest });
        self.refill();
    }

    /// Once the queue has run empty: the pong that had to wait, then the next fragment, then the
    /// close that came behind the fragments.
    #[inline]
    pub(super) fn refill(&mut self) {
        if self.sender.deferred.is_some() && self.sender.queue.is_empty() {
            self.write_deferred();
        }
    }

    #[cold]
    fn write_deferred(&mut self) {
        let Some(mut deferred) = self.sender.deferred.take() else {
            return;
        };
        if let Some(payload) = deferred.pong.take() {
            self.write_control(Opcode::Pong, &payload);
        }
        if let Some(cut) = deferred.cut.take() {
            deferred.cut = self.write_fragment(cut);
        }
        if deferred.cut.is_some() {
            self.sender.deferred = Some(deferred);
        } else if let Some(frame) = deferred.close {
            self.write_close(frame);
        }
    }

    /// Returns what is left.
    fn write_fragment(&mut self, cut: Cut) -> Option<Cut> {
        let Cut {
            opcode,
            rsv1,
            mut rest,
        } = cut;
        let size = self.config.fragment_size.unwrap_or(usize::MAX);
        let fragment = rest.split_to(size.min(rest.len()));
        let is_last = rest.is_empty();
        self.write_frame(opcode, is_last, rsv1, fragment);
        (!is_last).then_some(Cut {
            opcode: Opcode::Continuation,
            rsv1: false,
            rest,
        })
    }
}
