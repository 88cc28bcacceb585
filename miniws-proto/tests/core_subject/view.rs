//! The core's types as the corpus sees them.

use miniws_conformance::{
    CloseBody, Event, Failure, Kind, SeenRequest, SeenResponse, State, Status, kebab,
};
use miniws_proto::{CloseStatus, Headers, Message, MessageKind, ReceiveError, Request, Response};

/// `None` for an event that the corpus does not know.
pub(crate) fn event(event: miniws_proto::Event) -> Option<Event> {
    Some(match event {
        miniws_proto::Event::Message(Message::Text(text)) => {
            Event::Message(Kind::Text, text.as_bytes().to_vec())
        }
        miniws_proto::Event::Message(Message::Binary(data)) => {
            Event::Message(Kind::Binary, data.to_vec())
        }
        miniws_proto::Event::Chunk { kind, data, last } => Event::Chunk {
            kind: match kind {
                MessageKind::Text => Kind::Text,
                MessageKind::Binary => Kind::Binary,
            },
            data: data.to_vec(),
            last,
        },
        miniws_proto::Event::Ping(data) => Event::Ping(data.to_vec()),
        miniws_proto::Event::Pong(data) => Event::Pong(data.to_vec()),
        miniws_proto::Event::Close(frame) => Event::Close(frame.map(|frame| CloseBody {
            code: frame.code().into(),
            reason: frame.reason().to_owned(),
        })),
        _ => return None,
    })
}

pub(crate) fn message_kind(kind: Kind) -> MessageKind {
    match kind {
        Kind::Text => MessageKind::Text,
        Kind::Binary => MessageKind::Binary,
    }
}

pub(crate) fn state(state: miniws_proto::State) -> State {
    match state {
        miniws_proto::State::Connecting => State::Connecting,
        miniws_proto::State::Open => State::Open,
        miniws_proto::State::Closing => State::Closing,
        miniws_proto::State::Closed => State::Closed,
    }
}

pub(crate) fn status(status: CloseStatus) -> Status {
    Status {
        code: status.code.into(),
        reason: status.reason.to_string(),
        clean: status.clean,
    }
}

pub(crate) fn failure(error: &ReceiveError) -> Failure {
    Failure {
        kind: kebab(&error.kind()),
        code: error.close_code().map(u16::from),
        status: None,
        offset: Some(error.offset()),
    }
}

pub(crate) fn request(request: &Request) -> SeenRequest {
    SeenRequest {
        method: request.method().to_owned(),
        target: request.target().to_owned(),
        host: request.host().map(str::to_owned),
        origin: request.origin().map(str::to_owned),
        subprotocols: request.subprotocols().map(str::to_owned).collect(),
        extensions: request
            .extensions()
            .iter()
            .map(ToString::to_string)
            .collect(),
        headers: headers(request.headers()),
    }
}

pub(crate) fn response(response: &Response) -> SeenResponse {
    SeenResponse {
        status: response.status(),
        subprotocol: response.subprotocol().map(str::to_owned),
        headers: headers(response.headers()),
        body: response.body().to_vec(),
    }
}

fn headers(headers: &Headers) -> Vec<(String, String)> {
    let text = |value| String::from_utf8_lossy(value).into_owned();
    headers
        .iter()
        .map(|(name, value)| (name.to_owned(), text(value)))
        .collect()
}
