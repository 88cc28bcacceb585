//! What the application does, done to a WebSocket.

use miniws_conformance::{Action, CloseBody, kebab};

use super::given::{self, message};
use super::view;
use crate::miniws::{Error, Message, SendError, State, WebSocket};
use crate::runtime::Near;

/// Does what needs no waiting, and returns what does.
pub(crate) fn perform<N: Near>(
    socket: &mut WebSocket<N>,
    action: &Action,
) -> Result<Option<Waiting>, String> {
    match action {
        Action::Send(kind, data, compression) => {
            let message = message(*kind, data)?;
            let result = match compression.map(given::compression) {
                Some(compression) => socket.feed_with(message.clone(), compression),
                None => socket.feed(message.clone()),
            };
            sent(&message, result)?;
        }
        Action::Chunk {
            kind,
            data,
            last,
            compression,
        } => {
            let (kind, data) = (view::message_kind(*kind), data.clone());
            match compression.map(given::compression) {
                Some(compression) => socket.feed_chunk_with(kind, data, *last, compression),
                None => socket.feed_chunk(kind, data, *last),
            }
            .map_err(|error| name(&error))?;
        }
        Action::Prepared(kind, data, compression) => socket
            .feed_prepared(&given::prepared(*kind, data, *compression)?)
            .map_err(|error| name(&error))?,
        Action::Ping(data) => return Ok(Some(Waiting::Ping(data.clone()))),
        Action::Close(body) => return Ok(Some(Waiting::Close(body.clone()))),
    }
    Ok(None)
}

fn sent(message: &Message, result: Result<(), Error>) -> Result<(), String> {
    result.map_err(|error| match error {
        Error::Send(SendError::Full(Some(back))) if back == *message => "full".into(),
        Error::Send(SendError::Full(_)) => "full, and the message is lost".into(),
        error => name(&error),
    })
}

/// A call that is asynchronous. When it waits, it has done what it was asked to.
pub(crate) enum Waiting {
    Ping(Vec<u8>),
    Close(Option<CloseBody>),
}

impl Waiting {
    pub(crate) async fn perform<N: Near>(&self, socket: &mut WebSocket<N>) -> Result<(), String> {
        match self {
            Self::Ping(data) => socket.ping(data).await,
            Self::Close(body) => {
                if socket.state() != State::Open {
                    // It would only wait for the end.
                    return Err(kebab(&SendError::Closed));
                }
                match body {
                    Some(body) => socket.close_with(body.code.into(), &body.reason).await,
                    None => socket.close_without_code().await,
                }
                .map(drop)
            }
        }
        .map_err(|error| name(&error))
    }
}

pub(crate) fn name(error: &Error) -> String {
    match error {
        Error::Send(error) => kebab(error),
        error => error.to_string(),
    }
}
