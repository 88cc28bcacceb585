//! The sockets of `std` and TLS, for the shared way to where a URL leads.

use std::net::SocketAddr;
use std::sync::Arc;

use miniws_adapter::{Net, TcpDial};
use miniws_proto::Time;

use crate::connecting::Progress;
use crate::handshake::Patient;
#[cfg(unix)]
use crate::stream::is_timeout;
use crate::{Error, NetStream, Stream, tcp};

/// The sockets of `std` and TLS.
#[cfg_attr(not(feature = "rustls"), derive(Default))]
pub(crate) struct Sockets {
    /// Who may give up meanwhile.
    pub(crate) progress: Option<Arc<Progress>>,
    #[cfg(feature = "rustls")]
    pub(crate) tls: Arc<rustls::ClientConfig>,
}

#[cfg(feature = "rustls")]
impl Default for Sockets {
    fn default() -> Self {
        Self {
            progress: None,
            tls: miniws_adapter::tls::client_config(),
        }
    }
}

impl Sockets {
    fn reached(&self, stream: NetStream) -> Result<Patient<NetStream>, Error> {
        if let Some(progress) = &self.progress {
            progress.reached(stream.try_clone()?)?;
        }
        Ok(Patient(stream))
    }
}

impl Net for Sockets {
    type Stream = Patient<NetStream>;

    const HAS_TLS: bool = cfg!(feature = "rustls");

    fn peer_addr(Patient(stream): &Self::Stream) -> Option<SocketAddr> {
        stream.peer_addr()
    }

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

    #[cfg(feature = "rustls")]
    async fn tls(
        &self,
        Patient(stream): Self::Stream,
        host: &str,
        _: Time,
    ) -> Result<Self::Stream, Error> {
        let name = miniws_adapter::tls::server_name(host)?;
        let session = rustls::ClientConnection::new(self.tls.clone(), name);
        let session = session.map_err(std::io::Error::other)?;
        let stream = crate::tls::TlsStream::new(stream, session);
        crate::handshake::of_tls(&stream).await?;
        Ok(Patient(stream.into()))
    }
}
