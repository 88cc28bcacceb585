//! An echo server with a page to try it on.
//!
//! `echo [--addr 127.0.0.1:9001] [--max-message BYTES] [--subprotocol NAME]... [--deflate[=SETTING,..]]`
//!
//! It prints `listening on ws://ADDR` when it is ready. Ctrl-C closes everyone with 1001.

#[path = "../../miniws-tokio/examples/options/mod.rs"]
mod options;

use std::error::Error;
use std::net::TcpStream;
use std::time::Duration;

use lexopt::{Arg, Parser, ValueExt};
use miniws_blocking::{Config, DeflateConfig, Event, Reply, Server, WebSocket};

fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::parse()?;
    let config = Config::default()
        .max_message_size(options.max_message)
        .max_frame_size(options.max_message)
        .deflate(options.deflate);
    let listener = Server::new()
        .config(config)
        .subprotocols(options.subprotocols)
        .plain(|_request| page())
        .bind(&options.addr)?;

    let stopper = listener.stopper();
    ctrlc::set_handler(move || {
        stopper.close_all(Duration::from_secs(3));
        std::process::exit(0);
    })?;
    println!("listening on ws://{}", listener.local_addr());
    listener.serve(echo);
    // Stopped: the thread that does so also ends the program, once everyone is gone.
    loop {
        std::thread::park();
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

fn page() -> Reply {
    Reply::new(200)
        .header("Content-Type", "text/html; charset=utf-8")
        // With these two a browser's clock is finer, and so are the round trips on the page.
        .header("Cross-Origin-Opener-Policy", "same-origin")
        .header("Cross-Origin-Embedder-Policy", "require-corp")
        .body(include_str!("../../miniws-tokio/examples/pages/echo.html"))
}

struct Options {
    addr: String,
    max_message: usize,
    subprotocols: Vec<String>,
    deflate: Option<DeflateConfig>,
}

impl Options {
    fn parse() -> Result<Self, lexopt::Error> {
        let mut options = Self {
            addr: "127.0.0.1:9001".to_owned(),
            max_message: 32 << 20,
            subprotocols: Vec::new(),
            deflate: None,
        };
        let mut parser = Parser::from_env();
        while let Some(arg) = parser.next()? {
            match arg {
                Arg::Long("addr") => options.addr = parser.value()?.string()?,
                Arg::Long("max-message") => options.max_message = parser.value()?.parse()?,
                Arg::Long("subprotocol") => options.subprotocols.push(parser.value()?.string()?),
                Arg::Long("deflate") => {
                    let settings = parser.optional_value().map(ValueExt::string).transpose()?;
                    options.deflate = Some(options::deflate(settings.as_deref())?);
                }
                _ => return Err(arg.unexpected()),
            }
        }
        Ok(options)
    }
}
