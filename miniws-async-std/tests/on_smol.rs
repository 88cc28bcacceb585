//! What the adapter promises, on smol.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod behaviour;
mod support;

/// What differs on the other runtime.
mod runtime {
    use std::future::Future;

    pub(crate) use miniws_async_std::smol::{Client, Listener, Server, accept, connect};
    pub(crate) use smol::block_on;
    #[cfg(unix)]
    pub(crate) use smol::net::unix::UnixStream;
    pub(crate) use smol::net::{TcpListener, TcpStream};

    pub(crate) fn spawn(task: impl Future<Output = ()> + Send + 'static) {
        smol::spawn(task).detach();
    }
}
