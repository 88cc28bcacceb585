//! A runtime's sockets, for the shared way to where a URL leads.

use std::marker::PhantomData;

use miniws_adapter::{Net, TcpDial};
use miniws_proto::Time;

use crate::io::Io;
use crate::runtime::Runtime;
use crate::{Error, tcp};

/// The sockets of a runtime.
pub(crate) struct Sockets<R>(PhantomData<fn() -> R>);

impl<R> Default for Sockets<R> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<R: Runtime> Net for Sockets<R> {
    type Stream = Io<R::TcpStream>;

    async fn tcp(
        &self,
        dial: &TcpDial,
        host: &str,
        port: u16,
        _: Time,
    ) -> Result<Self::Stream, Error> {
        let stream = tcp::connect(dial, host, port).await?;
        Ok(Io::new(R::stream(stream)?))
    }
}
