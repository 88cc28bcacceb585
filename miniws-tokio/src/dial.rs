//! The way to where a URL leads.

use std::fmt;
use std::io;
#[cfg(feature = "rustls")]
use std::sync::Arc;
use std::time::Duration;

use miniws_proto::Url;
use tokio::time::timeout;

use crate::tcp::TcpDial;
use crate::{Error, NetStream};

/// How to reach what a URL names.
#[derive(Clone)]
pub(crate) struct Dial {
    pub(crate) timeout: Duration,
    pub(crate) tcp: TcpDial,
    #[cfg(feature = "rustls")]
    pub(crate) tls: Arc<tokio_rustls::rustls::ClientConfig>,
}

impl Default for Dial {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(10),
            tcp: TcpDial::default(),
            #[cfg(feature = "rustls")]
            tls: miniws_adapter::tls::client_config(),
        }
    }
}

impl Dial {
    pub(crate) async fn connect(&self, url: &Url) -> Result<NetStream, Error> {
        let reached = timeout(self.timeout, self.reach(url)).await;
        Ok(reached.map_err(|_| Error::ConnectTimeout)??)
    }

    async fn reach(&self, url: &Url) -> io::Result<NetStream> {
        if let Some(path) = url.unix_path() {
            return unix(path).await;
        }
        let stream = NetStream::from(self.tcp.connect(url.host(), url.port()).await?);
        match url.is_secure() {
            true => self.secure(stream, url).await,
            false => Ok(stream),
        }
    }

    #[cfg(feature = "rustls")]
    async fn secure(&self, stream: NetStream, url: &Url) -> io::Result<NetStream> {
        let name = miniws_adapter::tls::server_name(url)?;
        let connector = tokio_rustls::TlsConnector::from(Arc::clone(&self.tls));
        Ok(connector.connect(name, stream).await?.into())
    }

    #[cfg(not(feature = "rustls"))]
    async fn secure(&self, _: NetStream, _: &Url) -> io::Result<NetStream> {
        Err(io::Error::new(
            io::ErrorKind::Unsupported,
            "wss:// needs TLS: turn on the feature `rustls`, or hand a TLS stream to `Client::handshake`",
        ))
    }
}

impl fmt::Debug for Dial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not how to do TLS: that is long, and may be secret.
        f.debug_struct("Dial")
            .field("timeout", &self.timeout)
            .field("tcp", &self.tcp)
            .finish_non_exhaustive()
    }
}

#[cfg(unix)]
async fn unix(path: &str) -> io::Result<NetStream> {
    Ok(tokio::net::UnixStream::connect(path).await?.into())
}

#[cfg(not(unix))]
async fn unix(_: &str) -> io::Result<NetStream> {
    Err(io::Error::new(
        io::ErrorKind::Unsupported,
        "there are no Unix sockets here",
    ))
}
