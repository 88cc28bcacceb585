//! What every asynchronous adapter promises, on async-std.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../../behaviour/mod.rs"]
mod behaviour;
mod both;

mod miniws {
    pub(crate) use miniws_async_std::async_std::{Client, Listener, Server, accept, connect};
    pub(crate) use miniws_async_std::*;
}

/// What is different on the other runtimes.
mod runtime {
    use std::future::Future;

    pub(crate) use crate::both::*;
    pub(crate) use async_std::net::{TcpListener, TcpStream};
    #[cfg(unix)]
    pub(crate) use async_std::os::unix::net::{UnixListener, UnixStream};
    pub(crate) use async_std::task::{
        block_on, block_on as block_on_threads, block_on as block_on_test_clock,
    };

    #[cfg(unix)]
    pub(crate) async fn bind_unix(path: &str) -> UnixListener {
        UnixListener::bind(path).await.unwrap()
    }

    pub(crate) fn spawn(task: impl Future<Output = ()> + Send + 'static) {
        async_std::task::spawn(task);
    }
}
