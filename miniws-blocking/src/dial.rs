//! The sockets of `std`, for the shared way to where a URL leads.

use miniws_adapter::{Net, TcpDial};
use miniws_proto::Time;

use crate::connecting::Progress;
use crate::handshake::Patient;
#[cfg(unix)]
use crate::stream::is_timeout;
use crate::{Error, NetStream, tcp};

/// The sockets of `std`.
#[derive(Default)]
pub(crate) struct Sockets<'a> {
    /// Who may give up meanwhile.
    pub(crate) progress: Option<&'a Progress>,
}

impl Sockets<'_> {
    fn reached(&self, stream: NetStream) -> Result<Patient<NetStream>, Error> {
        if let Some(progress) = self.progress {
            progress.reached(stream.try_clone()?)?;
        }
        Ok(Patient(stream))
    }
}

impl Net for Sockets<'_> {
    type Stream = Patient<NetStream>;

    async fn tcp(
        &self,
        dial: &TcpDial,
        host: &str,
        port: u16,
        deadline: Time,
    ) -> Result<Self::Stream, Error> {
        let stream = tcp::connect(dial, host, port, deadline)?;
        self.reached(stream.into())
    }

    #[cfg(unix)]
    async fn unix(&self, path: &str, deadline: Time) -> Result<Self::Stream, Error> {
        let address = socket2::SockAddr::unix(path)?;
        let left = deadline.saturating_since(miniws_adapter::clock::now());
        match crate::unix::connect(&address, left) {
            Err(error) if is_timeout(&error) => Err(Error::ConnectTimeout),
            reached => self.reached(reached?.into()),
        }
    }
}
