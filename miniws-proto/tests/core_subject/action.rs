//! What the application does, done to a connection.

use miniws_conformance::{Action, CloseBody, kebab};
use miniws_proto::{CloseCode, CloseFrame, Connection, Message, PreparedMessage, SendError};

use super::given::{self, message};
use super::view;

pub(crate) fn perform(connection: &mut Connection, action: &Action) -> Result<(), String> {
    match action {
        Action::Send(kind, data) => {
            let message = message(*kind, data)?;
            sent(&message, connection.send(message.clone()))
        }
        Action::SendWith(kind, data, compression) => {
            let message = message(*kind, data)?;
            let compression = given::compression(*compression);
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
