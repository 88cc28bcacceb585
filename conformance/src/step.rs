//! One step of a case; how it is written is in `step/`.

mod content;
mod read;

use std::time::Duration;

use crate::action::Action;
use crate::compressed::ExpectedCompressed;
use crate::event::Event;
use crate::expect::{
    ExpectedError, ExpectedRequest, ExpectedResponse, ExpectedSeenResponse, ExpectedSentRequest,
};
use crate::subject::{State, Status, Transport};

/// One step of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Bytes arrive from the peer.
    Peer(Vec<u8>),
    /// The peer ends its side.
    PeerEof,
    /// The application calls; the error is the one it expects.
    App(Action, Option<String>),
    /// Time passes.
    Time(Duration),
    /// The peer stops reading, or reads again.
    Stall(bool),
    /// The next happening is this event, so many times.
    Event(Event, usize),
    /// The next happening is a request that the server's application is asked about.
    Request(ExpectedRequest),
    /// The next happening is the answer that the client's application gets.
    ResponseSeen(ExpectedSeenResponse),
    /// The next happening is this error.
    Error(ExpectedError),
    /// The next output is exactly these bytes.
    Wire(Vec<u8>),
    /// The next output is a compressed message like this.
    Compressed(ExpectedCompressed),
    /// The next output is a client's HTTP request like this.
    RequestSent(ExpectedSentRequest),
    /// The next output is an HTTP response like this.
    Response(ExpectedResponse),
    /// The transport stands here.
    Transport(Transport),
    /// The state is this.
    State(State),
    /// The connection was closed like this.
    Status(Status),
    /// At most so many bytes of output are queued.
    Held(usize),
    /// Nothing more happened, and there is no more output.
    Quiet,
}

impl Step {
    /// Whether the step expects something, rather than doing something.
    #[must_use]
    pub const fn is_expectation(&self) -> bool {
        !matches!(
            self,
            Self::Peer(_)
                | Self::PeerEof
                | Self::App(_, None)
                | Self::Time(_)
                | Self::Stall(_)
                | Self::Quiet
        )
    }
}
