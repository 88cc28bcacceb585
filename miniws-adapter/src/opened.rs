//! What a handshake comes to.

use bytes::BytesMut;
use miniws_proto::Connection;

use crate::Error;
use crate::trace::Trace;

/// What a handshake comes to.
#[derive(Debug)]
pub struct Opened {
    /// The connection.
    pub connection: Connection,
    /// What was read behind the handshake.
    pub input: BytesMut,
    /// What is told of the connection.
    pub trace: Trace,
}

impl Opened {
    /// The handshake is done.
    #[must_use]
    pub fn new(connection: Connection, input: BytesMut, mut trace: Trace) -> Self {
        trace.open(&connection);
        Self {
            connection,
            input,
            trace,
        }
    }

    /// The handshake was done elsewhere.
    #[must_use]
    pub fn elsewhere(connection: Connection, input: BytesMut) -> Self {
        let trace = Trace::elsewhere(connection.is_client());
        Self::new(connection, input, trace)
    }

    /// The end of a handshake.
    ///
    /// # Errors
    ///
    /// That of the handshake.
    pub fn from_result(
        opened: Result<(Connection, BytesMut), Error>,
        mut trace: Trace,
    ) -> Result<Self, Error> {
        let (connection, input) = opened.inspect_err(|error| trace.failed(error))?;
        Ok(Self::new(connection, input, trace))
    }
}
