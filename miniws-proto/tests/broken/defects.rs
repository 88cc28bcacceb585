//! The defects. Each is as small as it can be and still be the mistake that its name says.

use std::time::Duration;

use miniws_conformance::{
    CloseBody, Event, Happening, Kind, State, Status, Subject, Transport, Unsupported,
};

use super::Defect;

/// Nothing is wrong.
pub(crate) struct None;

impl Defect for None {}

pub(crate) struct DropsPongs;

impl Defect for DropsPongs {
    fn wire(&mut self, mut output: Vec<u8>) -> Vec<u8> {
        if output.first() == Some(&0x8a) {
            output.clear();
        }
        output
    }
}

pub(crate) struct FlipsABit;

impl Defect for FlipsABit {
    fn wire(&mut self, mut output: Vec<u8>) -> Vec<u8> {
        if let Some(last) = output.last_mut() {
            *last ^= 1;
        }
        output
    }
}

pub(crate) struct ReportsAWrongCloseCode;

impl Defect for ReportsAWrongCloseCode {
    fn happening(&mut self, inner: &mut dyn Subject) -> Option<Happening> {
        match inner.happening()? {
            Happening::Event(Event::Close(Some(body))) => {
                Some(Happening::Event(Event::Close(Some(CloseBody {
                    code: 1000,
                    ..body
                }))))
            }
            other => Some(other),
        }
    }
}

pub(crate) struct ReportsEveryCloseAsClean;

impl Defect for ReportsEveryCloseAsClean {
    fn status(&mut self, status: Option<Status>) -> Option<Status> {
        status.map(|status| Status {
            clean: true,
            ..status
        })
    }
}

pub(crate) struct ForgetsTheClose;

impl Defect for ForgetsTheClose {
    fn wire(&mut self, mut output: Vec<u8>) -> Vec<u8> {
        if output.first() == Some(&0x88) {
            output.clear();
        }
        output
    }
}

pub(crate) struct MergesMessages;

impl Defect for MergesMessages {
    fn happening(&mut self, inner: &mut dyn Subject) -> Option<Happening> {
        let Happening::Event(Event::Message(kind, mut data)) = inner.happening()? else {
            return inner.happening();
        };
        if let Some(Happening::Event(Event::Message(_, more))) = inner.happening() {
            data.extend(more);
        }
        Some(Happening::Event(Event::Message(kind, data)))
    }
}

pub(crate) struct SwallowsErrors;

impl Defect for SwallowsErrors {
    fn happening(&mut self, inner: &mut dyn Subject) -> Option<Happening> {
        match inner.happening()? {
            Happening::Failure(_) => inner.happening(),
            other => Some(other),
        }
    }
}

/// It tells every error at the beginning of the stream.
pub(crate) struct TellsNoOffset;

impl Defect for TellsNoOffset {
    fn happening(&mut self, inner: &mut dyn Subject) -> Option<Happening> {
        let mut happening = inner.happening();
        if let Some(Happening::Failure(failure)) = &mut happening {
            failure.offset = failure.offset.map(|_| 0);
        }
        happening
    }
}

pub(crate) struct NeverShutsDown;

impl Defect for NeverShutsDown {
    fn transport(&mut self, transport: Transport) -> Transport {
        match transport {
            Transport::Shutdown => Transport::Open,
            other => other,
        }
    }
}

/// Whatever the server says, the client hears the right key.
pub(crate) struct AcceptsAnyAcceptKey;

impl Defect for AcceptsAnyAcceptKey {
    fn peer(&mut self, inner: &mut dyn Subject, bytes: &[u8]) {
        const NAME: &str = "Sec-WebSocket-Accept: ";
        let text = String::from_utf8_lossy(bytes);
        let Some((before, value)) = text.split_once(NAME) else {
            return inner.peer(bytes);
        };
        let after = value.find("\r\n").map_or("", |end| &value[end..]);
        let right = "7Ubo2JRe6fIuZAdGHq7kDA4XEQ0=";
        inner.peer(format!("{before}{NAME}{right}{after}").as_bytes());
    }
}

#[derive(Default)]
pub(crate) struct GoesOnAfterTheEnd {
    ended: bool,
    received: bool,
}

impl Defect for GoesOnAfterTheEnd {
    fn peer(&mut self, inner: &mut dyn Subject, bytes: &[u8]) {
        self.received = self.ended;
        inner.peer(bytes);
    }

    fn happening(&mut self, inner: &mut dyn Subject) -> Option<Happening> {
        let happening = inner.happening();
        self.ended |= matches!(
            happening,
            Some(Happening::Failure(_) | Happening::Event(Event::Close(_)))
        );
        if happening.is_none() && std::mem::take(&mut self.received) {
            return Some(Happening::Event(Event::Message(Kind::Text, b"late".into())));
        }
        happening
    }
}

pub(crate) struct ToleratesUnmaskedFrames;

impl Defect for ToleratesUnmaskedFrames {
    fn happening(&mut self, inner: &mut dyn Subject) -> Option<Happening> {
        match inner.happening()? {
            Happening::Failure(failure) if failure.kind == "unmasked-frame" => Some(
                Happening::Event(Event::Message(Kind::Text, b"Hello".into())),
            ),
            other => Some(other),
        }
    }
}

#[derive(Default)]
pub(crate) struct AnswersPongs {
    owed: bool,
}

impl Defect for AnswersPongs {
    fn happening(&mut self, inner: &mut dyn Subject) -> Option<Happening> {
        let happening = inner.happening();
        self.owed |= matches!(happening, Some(Happening::Event(Event::Pong(_))));
        happening
    }

    fn wire(&mut self, mut output: Vec<u8>) -> Vec<u8> {
        if std::mem::take(&mut self.owed) {
            output.extend([0x8a, 0]);
        }
        output
    }
}

/// Text is found wrong when more of it comes, not at its first wrong byte.
#[derive(Default)]
pub(crate) struct JudgesTextLate {
    held_back: Option<Happening>,
}

impl Defect for JudgesTextLate {
    fn happening(&mut self, inner: &mut dyn Subject) -> Option<Happening> {
        let happening = inner.happening();
        match &happening {
            Some(Happening::Failure(failure)) if failure.kind == "invalid-utf8" => {
                std::mem::replace(&mut self.held_back, happening)
            }
            Some(_) => happening,
            Option::None => Option::None,
        }
    }
}

pub(crate) struct TakesTextForBinary;

impl Defect for TakesTextForBinary {
    fn happening(&mut self, inner: &mut dyn Subject) -> Option<Happening> {
        match inner.happening()? {
            Happening::Event(Event::Message(_, data)) => {
                Some(Happening::Event(Event::Message(Kind::Binary, data)))
            }
            other => Some(other),
        }
    }
}

pub(crate) struct HasNoClock;

impl Defect for HasNoClock {
    fn advance(&mut self, _: &mut dyn Subject, _: Duration) -> Result<(), Unsupported> {
        Ok(())
    }
}

pub(crate) struct HidesSendErrors;

impl Defect for HidesSendErrors {
    fn app(&mut self, _: Result<(), String>) -> Result<(), String> {
        Ok(())
    }
}

pub(crate) struct SaysItIsOpen;

impl Defect for SaysItIsOpen {
    fn state(&mut self, state: State) -> State {
        match state {
            State::Closing => State::Open,
            other => other,
        }
    }
}

#[derive(Default)]
pub(crate) struct WritesMoreAtTheEnd {
    written: bool,
}

impl Defect for WritesMoreAtTheEnd {
    fn wire(&mut self, output: Vec<u8>) -> Vec<u8> {
        if output.is_empty() && !std::mem::replace(&mut self.written, true) {
            return vec![0x89, 0];
        }
        output
    }
}

pub(crate) struct LosesWhatIsBehindAHead;

impl Defect for LosesWhatIsBehindAHead {
    fn peer(&mut self, inner: &mut dyn Subject, bytes: &[u8]) {
        const END: &[u8] = b"\r\n\r\n";
        let end = bytes.windows(END.len()).rposition(|at| at == END);
        inner.peer(&bytes[..end.map_or(bytes.len(), |end| end + END.len())]);
    }
}

pub(crate) struct TakesAnExtension;

impl Defect for TakesAnExtension {
    fn wire(&mut self, output: Vec<u8>) -> Vec<u8> {
        const HEAD: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\n";
        match output.strip_prefix(HEAD) {
            Some(rest) => [HEAD, b"Sec-WebSocket-Extensions: foo\r\n", rest].concat(),
            Option::None => output,
        }
    }
}

pub(crate) struct HoldsMore;

impl Defect for HoldsMore {
    fn held(&mut self, held: usize) -> usize {
        held + 1
    }
}

/// Three single bytes in a row, and the third is read wrong.
#[derive(Default)]
pub(crate) struct BreaksWhenCut {
    single: usize,
}

impl Defect for BreaksWhenCut {
    fn peer(&mut self, inner: &mut dyn Subject, bytes: &[u8]) {
        self.single = if bytes.len() == 1 { self.single + 1 } else { 0 };
        match (self.single, bytes) {
            (3, [byte]) => inner.peer(&[byte ^ 0x80]),
            _ => inner.peer(bytes),
        }
    }
}
