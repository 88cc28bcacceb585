//! What an `app` or `event` step says is sent or received: `text` or `data`, for chunks `kind` and
//! `last`, for a close `code` and `reason`.

use serde::Deserialize;

use crate::action::{Action, Compression};
use crate::bytes::Bytes;
use crate::compressed::ExpectedCompressed;
use crate::event::{CloseBody, Event, Kind};

/// The fields of an `app` step.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AppFields {
    app: AppName,
    kind: Option<Kind>,
    text: Option<String>,
    data: Option<Bytes>,
    last: Option<bool>,
    code: Option<u16>,
    reason: Option<String>,
    compression: Option<Compression>,
    pub(super) error: Option<String>,
}

/// The fields of an `event` step.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EventFields {
    event: EventName,
    kind: Option<Kind>,
    text: Option<String>,
    data: Option<Bytes>,
    last: Option<bool>,
    code: Option<u16>,
    reason: Option<String>,
    pub(super) times: Option<usize>,
}

/// The fields of a `compressed` step.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct CompressedFields {
    compressed: Kind,
    text: Option<String>,
    data: Option<Bytes>,
    frames: Option<usize>,
    takeover: Option<bool>,
    window_bits: Option<u8>,
    at_most: Option<usize>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum AppName {
    Text,
    Binary,
    Chunk,
    Prepared,
    Ping,
    Close,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum EventName {
    Text,
    Binary,
    Chunk,
    Ping,
    Pong,
    Close,
}

impl AppFields {
    pub(super) fn action(self) -> Result<(Action, Option<String>), String> {
        let content = Content {
            kind: self.kind,
            data: either(self.text, self.data)?,
            last: self.last,
            close: close_body(self.code, self.reason)?,
        };
        let compression = self.compression;
        let action = match self.app {
            AppName::Text => Action::Send(Kind::Text, content.text()?, compression),
            AppName::Binary => Action::Send(Kind::Binary, content.plain()?, compression),
            AppName::Prepared => {
                let (kind, data) = content.message()?;
                Action::Prepared(kind, data, compression)
            }
            AppName::Chunk => {
                let (kind, data, last) = content.chunk()?;
                Action::Chunk {
                    kind,
                    data,
                    last,
                    compression,
                }
            }
            AppName::Ping | AppName::Close if compression.is_some() => {
                return Err("`compression` is said of messages".into());
            }
            AppName::Ping => Action::Ping(content.plain()?),
            AppName::Close => Action::Close(content.close()?),
        };
        Ok((action, self.error))
    }
}

impl EventFields {
    pub(super) fn event(self) -> Result<Event, String> {
        let content = Content {
            kind: self.kind,
            data: either(self.text, self.data)?,
            last: self.last,
            close: close_body(self.code, self.reason)?,
        };
        Ok(match self.event {
            EventName::Text => Event::Message(Kind::Text, content.text()?),
            EventName::Binary => Event::Message(Kind::Binary, content.plain()?),
            EventName::Ping => Event::Ping(content.plain()?),
            EventName::Pong => Event::Pong(content.plain()?),
            EventName::Close => Event::Close(content.close()?),
            EventName::Chunk => {
                let (kind, data, last) = content.chunk()?;
                Event::Chunk { kind, data, last }
            }
        })
    }
}

impl CompressedFields {
    pub(super) fn expected(self) -> Result<ExpectedCompressed, String> {
        let window_bits = self.window_bits.unwrap_or(15);
        if !(8..=15).contains(&window_bits) {
            return Err("a window has 8 to 15 bits".into());
        }
        Ok(ExpectedCompressed {
            kind: self.compressed,
            data: either(self.text, self.data)?.ok_or("this needs `text` or `data`")?,
            frames: self.frames.unwrap_or(1),
            takeover: self.takeover.unwrap_or(false),
            window_bits,
            at_most: self.at_most.unwrap_or(usize::MAX),
        })
    }
}

/// The fields together; each way to use them refuses those that do not belong to it.
struct Content {
    kind: Option<Kind>,
    data: Option<Vec<u8>>,
    last: Option<bool>,
    close: Option<CloseBody>,
}

impl Content {
    fn plain(self) -> Result<Vec<u8>, String> {
        match self {
            Self {
                kind: None,
                data: Some(data),
                last: None,
                close: None,
            } => Ok(data),
            _ => Err("this needs `text` or `data`, and nothing else".into()),
        }
    }

    fn text(self) -> Result<Vec<u8>, String> {
        let text = self.plain()?;
        match std::str::from_utf8(&text) {
            Ok(_) => Ok(text),
            Err(_) => Err("a text that is not UTF-8".into()),
        }
    }

    fn message(self) -> Result<(Kind, Vec<u8>), String> {
        match self {
            Self {
                kind: Some(kind),
                data: Some(data),
                last: None,
                close: None,
            } => Ok((kind, data)),
            _ => Err("this needs `kind` and `text` or `data`, and nothing else".into()),
        }
    }

    fn chunk(self) -> Result<(Kind, Vec<u8>, bool), String> {
        match self {
            Self {
                kind: Some(kind),
                data: Some(data),
                last: Some(last),
                close: None,
            } => Ok((kind, data, last)),
            _ => Err("a chunk needs `kind`, `last` and `text` or `data`, and nothing else".into()),
        }
    }

    fn close(self) -> Result<Option<CloseBody>, String> {
        match self {
            Self {
                kind: None,
                data: None,
                last: None,
                close,
            } => Ok(close),
            _ => Err("a close has `code` and `reason`, and nothing else".into()),
        }
    }
}

fn either(text: Option<String>, data: Option<Bytes>) -> Result<Option<Vec<u8>>, String> {
    match (text, data) {
        (Some(_), Some(_)) => Err("both `text` and `data`".into()),
        (Some(text), None) => Ok(Some(text.into_bytes())),
        (None, data) => Ok(data.map(|bytes| bytes.0)),
    }
}

fn close_body(code: Option<u16>, reason: Option<String>) -> Result<Option<CloseBody>, String> {
    match (code, reason) {
        (Some(code), reason) => Ok(Some(CloseBody {
            code,
            reason: reason.unwrap_or_default(),
        })),
        (None, None) => Ok(None),
        (None, Some(_)) => Err("a reason without a code".into()),
    }
}
