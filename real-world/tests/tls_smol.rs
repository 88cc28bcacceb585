//! `wss://` on smol.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod tls;
#[path = "tls/write_zero.rs"]
mod write_zero;

mod miniws {
    pub(crate) use miniws_async_std::smol::{Client, Server, accept};
    pub(crate) use miniws_async_std::*;
}

/// What is different on the other runtimes.
mod runtime {
    use std::future::Future;
    use std::io;

    pub(crate) use futures_lite::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
    pub(crate) use futures_rustls::{TlsAcceptor, TlsConnector};
    pub(crate) use smol::block_on;
    pub(crate) use smol::net::{TcpListener, TcpStream};

    pub(crate) fn spawn(task: impl Future<Output = ()> + Send + 'static) {
        smol::spawn(task).detach();
    }

    /// Ends the writing side.
    pub(crate) async fn end<S: AsyncWrite + Unpin>(stream: &mut S) -> io::Result<()> {
        stream.close().await
    }
}
