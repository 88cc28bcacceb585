//! An echo server with a page to try it on.
//!
//! `echo [--addr 127.0.0.1:9001] [--max-message BYTES] [--subprotocol NAME]... [--deflate[=SETTING,..]]`
//!
//! It prints `listening on ws://ADDR` when it is ready. Ctrl-C closes everyone with 1001.

#[path = "../../miniws-tokio/examples/common/echo.rs"]
mod common;
#[path = "../../miniws-tokio/examples/common/exit.rs"]
mod exit;

use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use miniws_blocking::{Event, Server, WebSocket};

fn main() {
    exit::exit(run())
}

fn run() -> Result<(), exit::Error> {
    let options = common::Options::parse()?;
    let server = Server::new()
        .config(options.config())
        .subprotocols(&options.subprotocols)
        .plain(|_request| common::page());
    let bound = server.bind(&options.addr);
    let listener = bound.map_err(|error| format!("{}: {error}", options.addr))?;

    let stopper = listener.stopper();
    ctrlc::set_handler(move || {
        stopper.close_all(Duration::from_secs(3));
        exit::exit(Ok(()));
    })?;
    println!("listening on ws://{}", listener.local_addr());
    listener.serve(echo);
    // Stopped: the thread that does so also ends the program, once everyone is gone.
    loop {
        thread::park();
    }
}

/// `recv` writes what was fed before it waits, so a burst is answered with one write.
fn echo(mut socket: WebSocket<TcpStream>) {
    while let Ok(Some(event)) = socket.recv() {
        let Event::Message(message) = event else {
            continue;
        };
        if !socket.can_send() && socket.flush().is_err() {
            return;
        }
        // It fails once the connection is closing: then the rest is for `recv` to tell.
        let _ = socket.feed(message);
    }
}
