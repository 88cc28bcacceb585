//! `wss://` on tokio.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod tls;

use miniws_tokio as miniws;

/// What is different on the other runtimes.
mod runtime {
    use std::future::Future;
    use std::io;

    pub(crate) use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
    pub(crate) use tokio::net::{TcpListener, TcpStream};
    use tokio::runtime::Builder;
    pub(crate) use tokio_rustls::{TlsAcceptor, TlsConnector};

    pub(crate) fn block_on<T>(test: impl Future<Output = T>) -> T {
        let mut builder = Builder::new_current_thread();
        builder.enable_all().build().unwrap().block_on(test)
    }

    pub(crate) fn spawn(task: impl Future<Output = ()> + Send + 'static) {
        tokio::spawn(task);
    }

    /// Ends the writing side.
    pub(crate) async fn end<S: AsyncWrite + Unpin>(stream: &mut S) -> io::Result<()> {
        stream.shutdown().await
    }
}
