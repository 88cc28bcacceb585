//! Defects of compression.

use miniws_conformance::{Happening, Subject};

use super::Defect;

/// Compressed messages look like others.
pub(crate) struct ClearsRsv1;

impl Defect for ClearsRsv1 {
    fn wire(&mut self, mut output: Vec<u8>) -> Vec<u8> {
        if let Some(first @ (0xc1 | 0xc2)) = output.first_mut() {
            *first &= !0x40;
        }
        output
    }
}

/// Other messages look like compressed ones.
pub(crate) struct SetsRsv1;

impl Defect for SetsRsv1 {
    fn wire(&mut self, mut output: Vec<u8>) -> Vec<u8> {
        if let Some(first @ (0x81 | 0x82)) = output.first_mut() {
            *first |= 0x40;
        }
        output
    }
}

pub(crate) struct LeavesTheTailIn;

impl Defect for LeavesTheTailIn {
    fn wire(&mut self, mut output: Vec<u8>) -> Vec<u8> {
        if let [0xc1, len @ 0..=121, ..] = &mut output[..] {
            *len += 4;
            output.extend([0x00, 0x00, 0xff, 0xff]);
        }
        output
    }
}

/// There is nothing to flush, so nothing is sent.
pub(crate) struct SendsNoEmptyMessage;

impl Defect for SendsNoEmptyMessage {
    fn wire(&mut self, mut output: Vec<u8>) -> Vec<u8> {
        if let [0xc1, 0x01, 0x00] = output[..] {
            output[1] = 0;
            output.pop();
        }
        output
    }
}

/// What cannot be inflated is found when more of it comes.
#[derive(Default)]
pub(crate) struct FindsCorruptionLate {
    held_back: Option<Happening>,
}

impl Defect for FindsCorruptionLate {
    fn happening(&mut self, inner: &mut dyn Subject) -> Option<Happening> {
        let happening = inner.happening();
        match &happening {
            Some(Happening::Failure(failure)) if failure.kind == "invalid-deflate" => {
                std::mem::replace(&mut self.held_back, happening)
            }
            _ => happening,
        }
    }
}

/// Whatever the server answers, the client hears what it has offered.
pub(crate) struct TakesAnyAnswer;

impl Defect for TakesAnyAnswer {
    fn peer(&mut self, inner: &mut dyn Subject, bytes: &[u8]) {
        const ANSWER: &str = "permessage-deflate; server_max_window_bits=";
        let text = String::from_utf8_lossy(bytes);
        match text.split_once(ANSWER) {
            Some((before, after)) => {
                let rest = after.trim_start_matches(|digit: char| digit.is_ascii_digit());
                inner.peer(format!("{before}{ANSWER}12{rest}").as_bytes());
            }
            None => inner.peer(bytes),
        }
    }
}

/// An answer that says more than it may.
pub(crate) struct AnswersUnasked;

impl Defect for AnswersUnasked {
    fn wire(&mut self, output: Vec<u8>) -> Vec<u8> {
        let text = String::from_utf8_lossy(&output);
        match text.split_once("Extensions: permessage-deflate") {
            Some((before, after)) => {
                const MORE: &str = "Extensions: permessage-deflate; client_max_window_bits=10";
                format!("{before}{MORE}{after}").into_bytes()
            }
            None => output,
        }
    }
}
