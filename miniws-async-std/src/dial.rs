//! The sockets of async-io and TLS, for the shared way to where a URL leads.

use std::net::SocketAddr;
#[cfg(feature = "rustls")]
use std::sync::Arc;

#[cfg(unix)]
use async_io::Async;
use miniws_adapter::{Net, TcpDial};
use miniws_proto::Time;

use crate::io::Io;
use crate::{Error, NetStream, tcp};

/// The sockets of async-io, which are the same on every runtime, and TLS.
#[cfg_attr(not(feature = "rustls"), derive(Default))]
pub(crate) struct Sockets {
    #[cfg(feature = "rustls")]
    pub(crate) tls: Arc<futures_rustls::rustls::ClientConfig>,
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

    fn peer_addr(io: &Self::Stream) -> Option<SocketAddr> {
        io.stream.peer_addr()
    }

    async fn tcp(
        &self,
        dial: &TcpDial,
        host: &str,
        port: u16,
        _: Time,
    ) -> Result<Self::Stream, Error> {
        let stream = tcp::connect(dial, host, port).await?;
        Ok(Io::new(stream.into()))
    }

    #[cfg(unix)]
    async fn unix(&self, path: &str, _: Time) -> Result<Self::Stream, Error> {
        let stream = Async::<std::os::unix::net::UnixStream>::connect(path).await?;
        Ok(Io::new(stream.into()))
    }

    #[cfg(feature = "rustls")]
    async fn tls(&self, io: Self::Stream, host: &str, _: Time) -> Result<Self::Stream, Error> {
        let name = miniws_adapter::tls::server_name(host)?;
        let connector = futures_rustls::TlsConnector::from(Arc::clone(&self.tls));
        Ok(Io::new(connector.connect(name, io.stream).await?.into()))
    }
}
