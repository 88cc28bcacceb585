//! What the adapter promises, on async-std.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod behaviour;
mod support;

/// What differs on the other runtime.
mod runtime {
    use std::future::Future;

    pub(crate) use async_std::net::{TcpListener, TcpStream};
    #[cfg(unix)]
    pub(crate) use async_std::os::unix::net::UnixStream;
    pub(crate) use async_std::task::block_on;
    pub(crate) use miniws_async_std::async_std::{Client, Listener, Server, accept, connect};

    pub(crate) fn spawn(task: impl Future<Output = ()> + Send + 'static) {
        async_std::task::spawn(task);
    }
}
