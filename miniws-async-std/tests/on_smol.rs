//! What every asynchronous adapter promises, on smol.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../../behaviour/mod.rs"]
mod behaviour;
mod both;

mod miniws {
    pub(crate) use miniws_async_std::smol::{Client, Listener, Server, accept, connect};
    pub(crate) use miniws_async_std::*;
}

/// What is different on the other runtimes.
mod runtime {
    use std::future::Future;

    pub(crate) use crate::both::*;
    #[cfg(unix)]
    pub(crate) use smol::net::unix::{UnixListener, UnixStream};
    pub(crate) use smol::net::{TcpListener, TcpStream};
    pub(crate) use smol::{
        block_on, block_on as block_on_threads, block_on as block_on_test_clock,
    };

    #[cfg(unix)]
    pub(crate) async fn bind_unix(path: &str) -> UnixListener {
        UnixListener::bind(path).unwrap()
    }

    pub(crate) fn spawn(task: impl Future<Output = ()> + Send + 'static) {
        smol::spawn(task).detach();
    }
}
