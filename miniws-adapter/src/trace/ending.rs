//! How a connection has ended.

use std::io;

use miniws_proto::{CloseCode, Connection, ReceiveErrorKind};

use super::error_type::{io_error_type, name};

/// How a connection has ended.
#[derive(Debug)]
pub(super) struct Ending {
    pub(super) code: CloseCode,
    /// This side has closed first, given up on the peer, or let go.
    pub(super) is_ours: bool,
    /// `None` for a clean close.
    pub(super) error_type: Option<String>,
    pub(super) misbehaved: bool,
}

impl Ending {
    /// This side has let go without further ado.
    pub(super) fn by_us(error_type: &str) -> Self {
        Self {
            code: CloseCode::ABNORMAL,
            is_ours: true,
            error_type: Some(error_type.to_owned()),
            misbehaved: false,
        }
    }

    /// `failure` is what has become of the transport.
    pub(super) fn of(connection: &Connection, failure: Option<&io::Error>) -> Self {
        let closed_first = connection.has_closed_first();
        if let Some(status) = connection.close_status().filter(|status| status.clean) {
            return Self {
                code: status.code,
                is_ours: closed_first,
                error_type: None,
                misbehaved: false,
            };
        }
        let error = connection.error();
        let has_gone = match error {
            Some(error) => error.kind() == ReceiveErrorKind::ConnectionLost,
            None => failure.is_some(),
        };
        let told = error.and_then(|error| error.close_code());
        Self {
            code: told
                .filter(|_| !closed_first)
                .unwrap_or(CloseCode::ABNORMAL),
            is_ours: closed_first || !has_gone,
            error_type: match failure.filter(|_| has_gone) {
                Some(failure) => Some(io_error_type(failure)),
                None => error.map(|error| name(&error.kind())),
            },
            misbehaved: error.is_some_and(|error| error.is_peer_misbehaved()),
        }
    }
}
