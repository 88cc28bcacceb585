//! `wss://` on async-std.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod tls;

mod miniws {
    pub(crate) use miniws_async_std::async_std::{Client, Server, accept};
    pub(crate) use miniws_async_std::*;
}

/// What is different on the other runtimes.
mod runtime {
    use std::future::Future;
    use std::io;

    pub(crate) use async_std::net::{TcpListener, TcpStream};
    pub(crate) use async_std::task::block_on;
    pub(crate) use futures_lite::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
    pub(crate) use futures_rustls::{TlsAcceptor, TlsConnector};

    pub(crate) fn spawn(task: impl Future<Output = ()> + Send + 'static) {
        async_std::task::spawn(task);
    }

    /// Ends the writing side.
    pub(crate) async fn end<S: AsyncWrite + Unpin>(stream: &mut S) -> io::Result<()> {
        stream.close().await
    }
}
