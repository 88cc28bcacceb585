//! What went to and fro.

use std::collections::VecDeque;
use std::fmt;

use miniws_proto::{CloseFrame, Event, Message};

/// How many lines are kept, the latest ones.
const MOST_LINES: usize = 1000;
/// How many characters of a text, or bytes of anything else, are shown.
const MOST_SHOWN: usize = 80;

/// What a peer sent, and what it got.
#[derive(Debug, Default)]
pub(super) struct Transcript {
    lines: VecDeque<String>,
    forgotten: usize,
}

impl Transcript {
    pub(super) fn sent(&mut self, what: &str) {
        self.push(format!("sent {what}"));
    }

    pub(super) fn got(&mut self, what: &str) {
        self.push(format!("got {what}"));
    }

    fn push(&mut self, line: String) {
        if self.lines.len() == MOST_LINES {
            self.lines.pop_front();
            self.forgotten += 1;
        }
        self.lines.push_back(line);
    }
}

impl fmt::Display for Transcript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.forgotten > 0 {
            writeln!(f, "({} lines before)", self.forgotten)?;
        }
        self.lines.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

/// An event, or the end, in a few words.
pub(super) fn event(event: Option<&Event>) -> String {
    match event {
        Some(Event::Message(what)) => message(what),
        Some(Event::Chunk { data, last, .. }) => {
            format!(
                "{} {}",
                if *last { "last chunk" } else { "chunk" },
                bytes(data)
            )
        }
        Some(Event::Ping(payload)) => format!("ping {}", bytes(payload)),
        Some(Event::Pong(payload)) => format!("pong {}", bytes(payload)),
        Some(Event::Close(Some(frame))) => close(frame),
        Some(Event::Close(None)) => "close without a code".to_owned(),
        Some(other) => format!("{other:?}"),
        None => "the end".to_owned(),
    }
}

pub(super) fn message(message: &Message) -> String {
    match message.as_text() {
        Some(text) => match text.char_indices().nth(MOST_SHOWN) {
            None => format!("text {text:?}"),
            Some((end, _)) => format!("text {:?}... of {} bytes", &text[..end], text.len()),
        },
        None => format!("binary {}", bytes(message.as_bytes())),
    }
}

pub(super) fn close(frame: &CloseFrame) -> String {
    format!("close {} {:?}", frame.code(), frame.reason())
}

pub(super) fn bytes(bytes: &[u8]) -> String {
    match bytes.get(..MOST_SHOWN) {
        None => format!("b\"{}\"", bytes.escape_ascii()),
        Some(shown) => format!("b\"{}\"... of {} bytes", shown.escape_ascii(), bytes.len()),
    }
}
