//! The sockets of async-io, for the shared way to where a URL leads.

use async_io::Async;
use miniws_adapter::{Net, TcpDial};
use miniws_proto::Time;

use crate::io::Io;
use crate::{Error, NetStream, tcp};

/// The sockets of async-io, which are the same on every runtime.
pub(crate) struct Sockets;

impl Net for Sockets {
    type Stream = Io<NetStream>;

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
}
