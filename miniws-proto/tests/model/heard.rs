//! What comes out of a connection, in a form that does not depend on how its input was cut.

use miniws_proto::{CloseFrame, Event, MessageKind};

/// An event. Chunks that follow each other within a message are one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    Data {
        kind: MessageKind,
        data: Vec<u8>,
        last: bool,
    },
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Close(Option<CloseFrame>),
}

impl Heard {
    pub(crate) fn data(kind: MessageKind, data: &[u8], last: bool) -> Self {
        Self::Data {
            kind,
            data: data.into(),
            last,
        }
    }
}

impl From<&Event> for Heard {
    fn from(event: &Event) -> Self {
        match event {
            Event::Message(message) => Self::data(message.kind(), message.as_bytes(), true),
            Event::Chunk { kind, data, last } => Self::data(*kind, data, *last),
            Event::Ping(payload) => Self::Ping(payload.to_vec()),
            Event::Pong(payload) => Self::Pong(payload.to_vec()),
            Event::Close(frame) => Self::Close(frame.clone()),
            other => panic!("an event that the fuzz targets don't know: {other:?}"),
        }
    }
}

/// Appends an event, or more of the message that the last one has begun.
pub(crate) fn push(all: &mut Vec<Heard>, new: Heard) {
    if let (
        Some(Heard::Data {
            kind,
            data,
            last: last @ false,
        }),
        Heard::Data {
            kind: new_kind,
            data: new_data,
            last: new_last,
        },
    ) = (all.last_mut(), &new)
    {
        assert_eq!(kind, new_kind, "the chunks of a message have one kind");
        data.extend_from_slice(new_data);
        *last = *new_last;
    } else {
        all.push(new);
    }
}
