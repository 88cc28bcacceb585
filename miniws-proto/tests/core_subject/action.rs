//! What the application does, done to a connection.

use bytes::Bytes;
use miniws_conformance::{Action, CloseBody, Kind, kebab};
use miniws_proto::{
    CloseCode, CloseFrame, Compression, Connection, Message, PreparedMessage, SendError, Utf8Bytes,
};

use super::view;

pub(crate) fn perform(connection: &mut Connection, action: &Action) -> Result<(), String> {
    match action {
        Action::Send(kind, data) => {
            let message = message(*kind, data)?;
            sent(&message, connection.send(message.clone()))
        }
        Action::SendWith(kind, data, compression) => {
            let message = message(*kind, data)?;
            let compression = match compression {
                miniws_conformance::Compression::Auto => Compression::Auto,
                miniws_conformance::Compression::Always => Compression::Always,
                miniws_conformance::Compression::Never => Compression::Never,
            };
            sent(&message, connection.send_with(message.clone(), compression))
        }
        Action::Chunk { kind, data, last } => connection
            .send_chunk(view::message_kind(*kind), data.clone(), *last)
            .map_err(|error| kebab(&error)),
        Action::Prepared(kind, data) => connection
            .send_prepared(&PreparedMessage::new(message(*kind, data)?))
            .map_err(|error| kebab(&error)),
        Action::Ping(data) => connection.ping(data).map_err(|error| kebab(&error)),
        Action::Close(body) => close(connection, body.as_ref()).map_err(|error| kebab(&error)),
    }
}

fn sent(message: &Message, result: Result<(), SendError>) -> Result<(), String> {
    result.map_err(|error| match error {
        SendError::Full(Some(back)) if back == *message => "full".into(),
        SendError::Full(_) => "full, and the message is lost".into(),
        error => kebab(&error),
    })
}

fn close(connection: &mut Connection, body: Option<&CloseBody>) -> Result<(), SendError> {
    let frame = body
        .map(|body| CloseFrame::new(CloseCode::from(body.code), body.reason.as_str()))
        .transpose()?;
    connection.close(frame)
}

fn message(kind: Kind, data: &[u8]) -> Result<Message, String> {
    let data = Bytes::copy_from_slice(data);
    match kind {
        Kind::Binary => Ok(Message::Binary(data)),
        Kind::Text => Utf8Bytes::try_from(data)
            .map(Message::Text)
            .map_err(|error| error.to_string()),
    }
}
