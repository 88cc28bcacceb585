//! What the application does, done to a connection.

use miniws_conformance::{Action, CloseBody, kebab};
use miniws_proto::{CloseCode, CloseFrame, Connection, Message, SendError};

use super::given::{self, message};
use super::view;

pub(crate) fn perform(connection: &mut Connection, action: &Action) -> Result<(), String> {
    match action {
        Action::Send(kind, data, compression) => {
            let message = message(*kind, data)?;
            let result = match compression.map(given::compression) {
                Some(compression) => connection.send_with(message.clone(), compression),
                None => connection.send(message.clone()),
            };
            sent(&message, result)
        }
        Action::Chunk {
            kind,
            data,
            last,
            compression,
        } => {
            let (kind, data) = (view::message_kind(*kind), data.clone());
            match compression.map(given::compression) {
                Some(compression) => connection.send_chunk_with(kind, data, *last, compression),
                None => connection.send_chunk(kind, data, *last),
            }
            .map_err(|error| kebab(&error))
        }
        Action::Prepared(kind, data, compression) => connection
            .send_prepared(&given::prepared(*kind, data, *compression)?)
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
