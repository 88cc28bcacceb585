//! An echo server with a page to try it on.
//!
//! `echo [--addr 127.0.0.1:9001] [--max-message BYTES] [--subprotocol NAME]... [--deflate[=SETTING,..]]`
//!
//! It prints `listening on ws://ADDR` when it is ready. Ctrl-C closes everyone with 1001.

#[path = "common/echo.rs"]
mod common;
#[path = "common/exit.rs"]
mod exit;

use std::time::Duration;

use miniws_tokio::{Event, Server, WebSocket};
use tokio::net::TcpStream;
use tokio::signal::ctrl_c;

#[tokio::main]
async fn main() {
    exit::exit(run().await)
}

async fn run() -> Result<(), exit::Error> {
    let options = common::Options::parse()?;
    let server = Server::new()
        .config(options.config())
        .subprotocols(&options.subprotocols)
        .plain(|_request| common::page());
    let bound = server.bind(&options.addr).await;
    let listener = bound.map_err(|error| format!("{}: {error}", options.addr))?;
    let ready = format!("listening on ws://{}", listener.local_addr());
    let stopper = listener.stopper();
    let serving = tokio::spawn(listener.serve(echo));

    // Who has read that it is ready may interrupt it: `ctrl_c` is polled first, and catches from
    // then on.
    let (interrupted, ()) = tokio::join!(ctrl_c(), async { println!("{ready}") });
    interrupted?;
    stopper.close_all(Duration::from_secs(3)).await;
    serving.await?;
    Ok(())
}

/// `recv` writes what was fed before it waits, so a burst is answered with one write.
async fn echo(mut socket: WebSocket<TcpStream>) {
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
