//! tokio's sockets and TLS, for the shared way to where a URL leads.

use std::net::SocketAddr;
#[cfg(feature = "rustls")]
use std::sync::Arc;

use miniws_adapter::{Net, TcpDial};
use miniws_proto::Time;

use crate::io::Io;
use crate::{Error, NetStream, tcp};

/// tokio's sockets and TLS.
#[cfg_attr(not(feature = "rustls"), derive(Default))]
pub(crate) struct Sockets {
    #[cfg(feature = "rustls")]
    pub(crate) tls: Arc<tokio_rustls::rustls::ClientConfig>,
}

#[cfg(feature = "rustls")]
impl Default for Sockets {
    fn default() -> Self {
        Self {
            tls: miniws_adapter::tls::client_config(),
        }
    }
}

impl Net for Sockets {
    type Stream = Io<NetStream>;

    const HAS_TLS: bool = cfg!(feature = "rustls");

    fn peer_addr(Io(stream): &Self::Stream) -> Option<SocketAddr> {
        stream.peer_addr()
    }

    async fn tcp(
        &self,
        dial: &TcpDial,
        host: &str,
        port: u16,
        _: Time,
    ) -> Result<Self::Stream, Error> {
        Ok(Io(tcp::connect(dial, host, port).await?.into()))
    }

    #[cfg(unix)]
    async fn unix(&self, path: &str, _: Time) -> Result<Self::Stream, Error> {
        Ok(Io(tokio::net::UnixStream::connect(path).await?.into()))
    }

    #[cfg(feature = "rustls")]
    async fn tls(
        &self,
        Io(stream): Self::Stream,
        host: &str,
        _: Time,
    ) -> Result<Self::Stream, Error> {
        let name = miniws_adapter::tls::server_name(host)?;
        let connector = tokio_rustls::TlsConnector::from(Arc::clone(&self.tls));
        Ok(Io(connector.connect(name, stream).await?.into()))
    }
}
