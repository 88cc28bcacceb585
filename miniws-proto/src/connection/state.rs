//! Every transition between open and closed.
//!
//! ```text
//!            our close                the peer's close
//!   Open ---------------> CloseSent ------------------+
//!    |                        |                       v
//!    +--- the peer's close, a failure -----------> Ending --- end of TCP, deadline ---> Ended
//!    |                        |                                                           ^
//!    +--- end of TCP, silence +--- end of TCP, deadline ----------------------------------+
//! ```

use alloc::boxed::Box;

use super::Connection;
use crate::close::{CloseCode, CloseFrame, CloseStatus};
use crate::error::{ReceiveError, ReceiveErrorKind};
use crate::utf8::Utf8Bytes;

/// Where a connection stands between connecting and closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// The handshake is not done.
    Connecting,
    /// Messages go both ways.
    Open,
    /// A close frame has been sent or received, or the connection has failed; the transport has
    /// not ended yet.
    Closing,
    /// It is over; the transport can be dropped.
    Closed,
}

#[derive(Debug, Default)]
pub(super) struct Lifecycle {
    phase: Phase,
    /// `None` until it is decided; most of the time there is none.
    outcome: Option<Box<Outcome>>,
    /// The peer's close has not been shown to the application yet.
    close_untold: bool,
    /// Our close was on its way before anything else ended the connection.
    closed_first: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Phase {
    #[default]
    Open,
    /// Our close is on its way; messages from the peer still count.
    CloseSent,
    /// Nothing more counts, in either direction; what is queued goes out and TCP is ended.
    Ending,
    Ended,
}

#[derive(Clone, Debug)]
enum Outcome {
    Closed(Option<CloseFrame>),
    Failed(ReceiveError),
}

impl Lifecycle {
    pub(super) fn is_open(&self) -> bool {
        self.phase == Phase::Open
    }

    /// Whether frames from the peer still count.
    pub(super) fn is_receiving(&self) -> bool {
        matches!(self.phase, Phase::Open | Phase::CloseSent)
    }

    pub(super) fn is_ending(&self) -> bool {
        self.phase == Phase::Ending
    }

    pub(super) fn is_ended(&self) -> bool {
        self.phase == Phase::Ended
    }

    pub(super) fn state(&self) -> State {
        match self.phase {
            Phase::Open => State::Open,
            Phase::CloseSent | Phase::Ending => State::Closing,
            Phase::Ended => State::Closed,
        }
    }

    pub(super) fn has_closed_first(&self) -> bool {
        self.closed_first
    }

    pub(super) fn failure(&self) -> Option<ReceiveError> {
        match *self.outcome.as_deref()? {
            Outcome::Failed(error) => Some(error),
            Outcome::Closed(_) => None,
        }
    }

    /// The peer's close, the first time that this is asked.
    pub(super) fn tell_close(&mut self) -> Option<Option<CloseFrame>> {
        match self.outcome.as_deref() {
            Some(Outcome::Closed(frame)) if core::mem::take(&mut self.close_untold) => {
                Some(frame.clone())
            }
            _ => None,
        }
    }

    pub(super) fn close_status(&self) -> Option<CloseStatus> {
        let (code, reason, clean) = match self.outcome.as_deref()? {
            Outcome::Closed(Some(frame)) => (frame.code(), frame.reason_bytes().clone(), true),
            Outcome::Closed(None) => (CloseCode::NO_STATUS, Utf8Bytes::default(), true),
            Outcome::Failed(_) => (CloseCode::ABNORMAL, Utf8Bytes::default(), false),
        };
        Some(CloseStatus {
            code,
            reason,
            clean,
        })
    }
}

impl Connection {
    /// The application closes.
    pub(super) fn on_local_close(&mut self, frame: Option<CloseFrame>) {
        self.lifecycle.phase = Phase::CloseSent;
        self.lifecycle.closed_first = true;
        self.queue_close(frame);
    }

    /// A close frame has come. It is echoed, unless it answers ours (RFC 6455 section 5.5.1).
    pub(super) fn on_peer_close(&mut self, frame: Option<CloseFrame>) {
        if self.lifecycle.phase == Phase::Open {
            self.queue_close(frame.as_ref().map(|frame| CloseFrame::bare(frame.code())));
        }
        self.on_ending();
        self.lifecycle.outcome = Some(Box::new(Outcome::Closed(frame)));
        self.lifecycle.close_untold = true;
    }

    /// The connection fails (RFC 6455 section 7.1.7). The peer is told why, if there is a code for
    /// it and our close is not already on its way.
    pub(super) fn on_failure(&mut self, kind: ReceiveErrorKind) -> ReceiveError {
        let error = ReceiveError::new(kind, self.receiver.offset());
        match error.close_code() {
            Some(code) => {
                if self.lifecycle.phase == Phase::Open {
                    self.sender.drop_deferred();
                    self.queue_close(Some(CloseFrame::bare(code)));
                }
                self.on_ending();
            }
            None => self.on_ended(),
        }
        self.lifecycle.outcome = Some(Box::new(Outcome::Failed(error)));
        error
    }

    /// The transport has ended: after the close handshake, or instead of it.
    pub(super) fn on_eof(&mut self) {
        if self.lifecycle.is_receiving() {
            self.on_failure(ReceiveErrorKind::ConnectionLost);
        } else {
            self.on_ended();
        }
    }

    /// The deadline for closing has passed.
    pub(super) fn on_close_deadline(&mut self) {
        if self.lifecycle.is_receiving() {
            self.on_failure(ReceiveErrorKind::CloseTimeout);
        } else {
            // Both close frames were through, or the failure is known: no news for anyone.
            self.on_ended();
        }
    }

    fn on_ending(&mut self) {
        self.lifecycle.phase = Phase::Ending;
        self.receiver.release();
        self.deflate = None;
    }

    fn on_ended(&mut self) {
        self.on_ending();
        self.lifecycle.phase = Phase::Ended;
        self.sender.release();
    }
}
