//! What goes wrong, where, and what has to come of it. Blocking I/O is tested with the same.

use std::io;

use super::conversation::{Conversation, Start};
use crate::miniws::{Error, Event, HandshakeError, ReceiveErrorKind, SendError};

/// What goes wrong with an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It moves one byte only.
    Short,
    /// It has to be tried again.
    NotReady,
    /// A signal interrupts it.
    Interrupted,
    /// The transport breaks.
    Reset,
    /// The transport gives the end, and takes nothing.
    End,
    /// It takes for ever, and so do later ones of its direction.
    Stall,
}

impl Fault {
    pub(crate) const PASSING: [Self; 3] = [Self::Short, Self::NotReady, Self::Interrupted];
    pub(crate) const FATAL: [Self; 2] = [Self::Reset, Self::End];

    fn is_fatal(self) -> bool {
        !Self::PASSING.contains(&self)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    Read,
    Write,
    Flush,
    Shutdown,
}

/// What a transport does, and where it has its fault.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    fault: Option<(Fault, usize)>,
    operations: usize,
    /// The operation that the fault has met.
    pub(crate) met: Option<Operation>,
    /// What our side has written.
    pub(crate) sent: Vec<u8>,
    /// How much our side has read.
    pub(crate) received: usize,
}

impl Plan {
    /// One with a fault at the operation with this number, from 1 on.
    pub(crate) fn new(fault: Fault, at: usize) -> Self {
        Self {
            fault: Some((fault, at)),
            ..Self::default()
        }
    }

    /// How many operations there have been.
    pub(crate) const fn operations(&self) -> usize {
        self.operations
    }

    /// What goes wrong with the next operation.
    pub(crate) fn next(&mut self, operation: Operation) -> Option<Fault> {
        self.operations += 1;
        let (fault, at) = self.fault?;
        if self.operations == at {
            self.met = Some(operation);
            return Some(fault);
        }
        let met = self.met?;
        let same_direction = (met == Operation::Read) == (operation == Operation::Read);
        match fault {
            Fault::Reset | Fault::End => Some(fault),
            Fault::Stall if same_direction => Some(fault),
            _ => None,
        }
    }
}

/// What has come of a conversation.
pub(crate) struct Outcome {
    pub(crate) plan: Plan,
    pub(crate) events: Vec<Event>,
    pub(crate) end: Result<(), Error>,
}

impl Outcome {
    /// Whether the fault has met an operation.
    pub(crate) fn is_met(&self) -> bool {
        self.plan.met.is_some()
    }

    /// The right result, or the right error, and nothing lost or doubled before it.
    pub(crate) fn judge(&self, conversation: &Conversation) {
        let label = format!(
            "{} as {:?}, {:?} met {:?}, came to {:?}, after {} bytes in and {} out, and {:?}",
            conversation.name,
            conversation.start,
            self.plan.fault,
            self.plan.met,
            self.end,
            self.plan.received,
            self.plan.sent.len(),
            self.events,
        );
        let fault = self.plan.fault.map(|(fault, _)| fault);
        let expected = conversation.events();
        let seen = &self.events;
        assert!(seen.len() <= expected.len(), "doubled: {label}");
        let mut pairs = seen.iter().zip(&expected);
        assert!(pairs.all(|(a, (_, b))| a == b), "other events: {label}");
        self.judge_sent(conversation, &label);
        match &self.end {
            Ok(()) => {
                // The peer's close counts, even if the answer to it could not be written.
                let answer = conversation.steps.last().map_or(0, |step| step.ours.len());
                let missing = conversation
                    .ours()
                    .len()
                    .saturating_sub(self.plan.sent.len());
                let is_sent =
                    missing == 0 || fault.is_some_and(|it| it.is_fatal()) && missing <= answer;
                assert!(seen.len() == expected.len() && is_sent, "lost: {label}");
                return;
            }
            // The peer's close counts, and what was queued behind it, the answer at least, is lost.
            Err(Error::Send(SendError::Closed)) => {
                let is_cut_off = fault.is_some_and(|it| it.is_fatal());
                assert!(
                    is_cut_off && seen.len() == expected.len(),
                    "closed: {label}"
                );
            }
            Err(error) => assert!(is_right(fault, error), "the wrong error: {label}"),
        }
        // A deadline has its error before what has come is looked at.
        if fault != Some(Fault::Stall) {
            let came = |&&(at, _): &&(usize, Event)| at <= self.plan.received;
            let came = expected.iter().take_while(came).count();
            assert_eq!(seen.len(), came, "lost: {label}");
        }
    }

    /// What has been sent is the beginning of what has to be. Behind it is at most what a deadline adds.
    fn judge_sent(&self, conversation: &Conversation, label: &str) {
        let (sent, expected) = (&self.plan.sent, conversation.ours());
        let is_late = self
            .plan
            .fault
            .is_some_and(|(fault, _)| fault == Fault::Stall);
        if conversation.start == Start::ClientHandshake {
            let is_more = sent.len() > expected.len();
            return assert!(!is_more || is_late, "doubled: {label}");
        }
        let same = sent.iter().zip(&expected).take_while(|(a, b)| a == b);
        let rest = &sent[same.count()..];
        let is_added = rest.starts_with(b"\x89") || rest.starts_with(b"408 ");
        assert!(
            rest.is_empty() || is_late && is_added,
            "other bytes: {label}"
        );
    }
}

/// Whether this error is one that the fault explains.
fn is_right(fault: Option<Fault>, error: &Error) -> bool {
    match (fault, error) {
        (Some(Fault::Reset), Error::Io(error)) => error.kind() == io::ErrorKind::ConnectionReset,
        (Some(Fault::End), Error::Io(error)) => error.kind() == io::ErrorKind::WriteZero,
        (Some(Fault::End), Error::Receive(error)) => {
            error.kind() == ReceiveErrorKind::ConnectionLost
        }
        (Some(Fault::End), Error::Handshake(error)) => *error == HandshakeError::ConnectionLost,
        (Some(Fault::Stall), Error::Handshake(error)) => *error == HandshakeError::Timeout,
        (Some(Fault::Stall), Error::Receive(error)) => matches!(
            error.kind(),
            ReceiveErrorKind::PongTimeout
                | ReceiveErrorKind::WriteTimeout
                | ReceiveErrorKind::CloseTimeout
        ),
        _ => false,
    }
}
