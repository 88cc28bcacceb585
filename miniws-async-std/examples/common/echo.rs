//! The echo server, on either runtime.

// Written once for all runtimes.
#[path = "../../../miniws-tokio/examples/common/echo.rs"]
mod common;
#[path = "../../../miniws-tokio/examples/common/exit.rs"]
mod exit;

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use async_signal::{Signal, Signals};
use futures_lite::StreamExt;
use futures_lite::future::zip;
use miniws_async_std::generic::{Listener, Runtime, Server};
use miniws_async_std::{Event, Listen, WebSocket};

pub(crate) use exit::exit;

/// Serves until Ctrl-C, then closes everyone with 1001.
pub(crate) async fn run<R: Runtime, L: Listen<Address = SocketAddr>>(
    bind: impl AsyncFnOnce(Server<R>, &str) -> io::Result<Listener<R, L>>,
) -> Result<(), exit::Error> {
    let options = common::Options::parse()?;
    let server = Server::<R>::new()
        .config(options.config())
        .subprotocols(&options.subprotocols)
        .plain(|_request| common::page());
    let bound = bind(server, &options.addr).await;
    let listener = bound.map_err(|error| format!("{}: {error}", options.addr))?;

    let mut interrupts = Signals::new([Signal::Int])?;
    println!("listening on ws://{}", listener.local_addr());

    let stopper = listener.stopper();
    let stopping = async {
        interrupts.next().await;
        stopper.close_all(Duration::from_secs(3)).await;
    };
    zip(listener.serve(echo), stopping).await;
    Ok(())
}

/// `recv` writes what was fed before it waits, so a burst is answered with one write.
async fn echo<S>(mut socket: WebSocket<S>)
where
    S: futures_io::AsyncRead + futures_io::AsyncWrite + Unpin,
{
    while let Ok(Some(event)) = socket.recv().await {
        let Event::Message(message) = event else {
            continue;
        };
        if !socket.can_send() && socket.flush().await.is_err() {
            return;
        }
        // It fails once the connection is closing: then the rest is for `recv` to tell.
        let _ = socket.feed(message);
    }
}
