//! The sockets of `std`, for the shared way to where a URL leads.

use std::net::TcpStream;

use miniws_adapter::{Net, TcpDial};
use miniws_proto::Time;

use crate::connecting::Progress;
use crate::handshake::Patient;
use crate::{Error, tcp};

/// The sockets of `std`.
#[derive(Default)]
pub(crate) struct Sockets<'a> {
    /// Who may give up meanwhile.
    pub(crate) progress: Option<&'a Progress>,
}

impl Net for Sockets<'_> {
    type Stream = Patient<TcpStream>;

    async fn tcp(
        &self,
        dial: &TcpDial,
        host: &str,
        port: u16,
        deadline: Time,
    ) -> Result<Self::Stream, Error> {
        let stream = tcp::connect(dial, host, port, deadline)?;
        if let Some(progress) = self.progress {
            progress.reached(&stream)?;
        }
        Ok(Patient(stream))
    }
}
