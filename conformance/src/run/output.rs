//! Compares the output, which is one stream of bytes however it is written.

use super::Mismatch;
use super::compressed::{CompressedMessage, Inflater};
use super::patience::Patience;
use crate::bytes::shown;
use crate::compressed::ExpectedCompressed;
use crate::expect::{ExpectedResponse, ExpectedSentRequest};
use crate::http::{HttpRequest, HttpResponse};
use crate::subject::Subject;

/// The output that no step has asked for yet.
#[derive(Default)]
pub(super) struct Output {
    bytes: Vec<u8>,
}

impl Output {
    pub(super) fn expect_bytes(
        &mut self,
        subject: &mut dyn Subject,
        expected: &[u8],
    ) -> Result<(), Mismatch> {
        let mut patience = Patience::default();
        loop {
            self.bytes.extend(subject.wire());
            if self.bytes.starts_with(expected) {
                self.bytes.drain(..expected.len());
                return Ok(());
            }
            let differs = !expected.starts_with(&self.bytes);
            if differs || !patience.wait(subject) {
                return Err(self.mismatch(expected));
            }
        }
    }

    pub(super) fn expect_request(
        &mut self,
        subject: &mut dyn Subject,
        expected: &ExpectedSentRequest,
    ) -> Result<(), Mismatch> {
        let request = self.take(subject, expected, HttpRequest::take)?;
        expected
            .check(&request)
            .map_err(|wrong| Mismatch::new(format!("{expected:?}"), wrong))
    }

    pub(super) fn expect_response(
        &mut self,
        subject: &mut dyn Subject,
        expected: &ExpectedResponse,
    ) -> Result<(), Mismatch> {
        let response = self.take(subject, expected, HttpResponse::take)?;
        expected
            .check(&response)
            .map_err(|wrong| Mismatch::new(format!("{expected:?}"), wrong))
    }

    pub(super) fn expect_compressed(
        &mut self,
        subject: &mut dyn Subject,
        expected: &ExpectedCompressed,
        inflater: &mut Inflater,
    ) -> Result<(), Mismatch> {
        let message = self.take(subject, expected, CompressedMessage::take)?;
        if !expected.takeover {
            *inflater = Inflater::new(expected.window_bits);
        }
        inflater
            .inflate(&message.payload)
            .and_then(|data| expected.check(&message, &data))
            .map_err(|wrong| Mismatch::new(format!("{expected:?}"), wrong))
    }

    /// Waits until there is enough for `take`.
    fn take<T>(
        &mut self,
        subject: &mut dyn Subject,
        expected: &dyn std::fmt::Debug,
        take: impl Fn(&mut Vec<u8>) -> Result<Option<T>, String>,
    ) -> Result<T, Mismatch> {
        let wrong = |wrong| Mismatch::new(format!("{expected:?}"), wrong);
        let mut patience = Patience::default();
        loop {
            self.bytes.extend(subject.wire());
            if let Some(taken) = take(&mut self.bytes).map_err(wrong)? {
                return Ok(taken);
            }
            if !patience.wait(subject) {
                return Err(wrong(shown(&self.bytes)));
            }
        }
    }

    /// What there is and no step has asked for.
    pub(super) fn left(&mut self, subject: &mut dyn Subject) -> &[u8] {
        self.bytes.extend(subject.wire());
        &self.bytes
    }

    /// Shows both from shortly before the place where they begin to differ.
    fn mismatch(&self, expected: &[u8]) -> Mismatch {
        const BEFORE: usize = 16;
        let same = expected
            .iter()
            .zip(&self.bytes)
            .take_while(|(expected, got)| expected == got)
            .count();
        let from = same.saturating_sub(BEFORE);
        let place = |bytes: &[u8]| match from {
            0 => shown(bytes),
            _ => format!("from byte {from} on: {}", shown(&bytes[from..])),
        };
        Mismatch::new(place(expected), place(&self.bytes))
    }
}
