//! Compares what the application learns, in order.

use super::Mismatch;
use super::patience::Patience;
use crate::event::{Event, Kind};
use crate::expect::{ExpectedError, ExpectedRequest, ExpectedSeenResponse};
use crate::subject::{Happening, Subject};

/// The happenings that no step has asked for yet.
#[derive(Default)]
pub(super) struct Events {
    chunk: Option<Joined>,
}

/// Chunks of one message, joined: where a message is cut depends on how its bytes arrive, so a step
/// says how much it expects and takes that much.
struct Joined {
    kind: Kind,
    data: Vec<u8>,
    last: bool,
}

impl Events {
    pub(super) fn expect_event(
        &mut self,
        subject: &mut dyn Subject,
        expected: &Event,
    ) -> Result<(), Mismatch> {
        if let Event::Chunk { kind, data, last } = expected {
            return self.expect_chunk(subject, *kind, data, *last);
        }
        let expected = Happening::Event(expected.clone());
        let got = self.next(subject, &expected)?;
        if got == expected {
            Ok(())
        } else {
            Err(mismatch(&expected, &got))
        }
    }

    pub(super) fn expect_request(
        &mut self,
        subject: &mut dyn Subject,
        expected: &ExpectedRequest,
    ) -> Result<(), Mismatch> {
        match self.next(subject, expected)? {
            Happening::Request(got) => expected
                .check(&got)
                .map_err(|wrong| Mismatch::new(format!("{expected:?}"), wrong)),
            other => Err(mismatch(expected, &other)),
        }
    }

    pub(super) fn expect_response(
        &mut self,
        subject: &mut dyn Subject,
        expected: &ExpectedSeenResponse,
    ) -> Result<(), Mismatch> {
        match self.next(subject, expected)? {
            Happening::Response(got) => expected
                .check(&got)
                .map_err(|wrong| Mismatch::new(format!("{expected:?}"), wrong)),
            other => Err(mismatch(expected, &other)),
        }
    }

    pub(super) fn expect_error(
        &mut self,
        subject: &mut dyn Subject,
        expected: &ExpectedError,
    ) -> Result<(), Mismatch> {
        match self.next(subject, expected)? {
            Happening::Failure(got) if expected.matches(&got) => Ok(()),
            other => Err(mismatch(expected, &other)),
        }
    }

    /// What happened and no step has asked for.
    pub(super) fn left(&mut self, subject: &mut dyn Subject) -> Option<String> {
        if let Some(chunk) = &self.chunk {
            return Some(chunk.to_string());
        }
        let left = subject.happening()?;
        Some(format!("{left:?}"))
    }

    fn expect_chunk(
        &mut self,
        subject: &mut dyn Subject,
        kind: Kind,
        data: &[u8],
        last: bool,
    ) -> Result<(), Mismatch> {
        let expected = Event::Chunk {
            kind,
            data: data.to_vec(),
            last,
        };
        let mut joined = match self.chunk.take() {
            Some(joined) => joined,
            None => Joined::new(Self::more(subject, &expected)?, &expected)?,
        };
        while joined.data.len() < data.len() || (last && !joined.last) {
            if joined.last {
                return Err(Mismatch::new(format!("{expected:?}"), joined.to_string()));
            }
            let next = Joined::new(Self::more(subject, &expected)?, &expected)?;
            joined.append(next, &expected)?;
        }
        let whole = joined.data.len() == data.len();
        if joined.kind != kind || !joined.data.starts_with(data) || (last && !whole) {
            return Err(Mismatch::new(format!("{expected:?}"), joined.to_string()));
        }
        joined.data.drain(..data.len());
        if !last && (!joined.data.is_empty() || joined.last) {
            self.chunk = Some(joined);
        }
        Ok(())
    }

    /// The next happening, after all chunks that were expected.
    fn next(
        &self,
        subject: &mut dyn Subject,
        expected: &dyn std::fmt::Debug,
    ) -> Result<Happening, Mismatch> {
        match &self.chunk {
            Some(chunk) => Err(Mismatch::new(format!("{expected:?}"), chunk.to_string())),
            None => Self::more(subject, expected),
        }
    }

    fn more(
        subject: &mut dyn Subject,
        expected: &dyn std::fmt::Debug,
    ) -> Result<Happening, Mismatch> {
        let mut patience = Patience::default();
        loop {
            if let Some(happening) = subject.happening() {
                return Ok(happening);
            }
            if !patience.wait(subject) {
                return Err(Mismatch::new(format!("{expected:?}"), "nothing happened"));
            }
        }
    }
}

impl Joined {
    fn new(happening: Happening, expected: &Event) -> Result<Self, Mismatch> {
        match happening {
            Happening::Event(Event::Chunk { kind, data, last }) => Ok(Self { kind, data, last }),
            other => Err(mismatch(expected, &other)),
        }
    }

    fn append(&mut self, next: Self, expected: &Event) -> Result<(), Mismatch> {
        if next.kind != self.kind {
            return Err(Mismatch::new(format!("{expected:?}"), next.to_string()));
        }
        self.data.extend(next.data);
        self.last = next.last;
        Ok(())
    }
}

impl std::fmt::Display for Joined {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let event = Event::Chunk {
            kind: self.kind,
            data: self.data.clone(),
            last: self.last,
        };
        write!(f, "{event:?}")
    }
}

fn mismatch(expected: &dyn std::fmt::Debug, got: &dyn std::fmt::Debug) -> Mismatch {
    Mismatch::new(format!("{expected:?}"), format!("{got:?}"))
}
