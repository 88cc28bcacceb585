//! The echo server, on either runtime.

// Written once for all runtimes.
#[path = "../../../miniws-tokio/examples/options/mod.rs"]
mod options;

use std::error::Error;
use std::time::Duration;

use async_signal::{Signal, Signals};
use futures_lite::StreamExt;
use futures_lite::future::zip;
use lexopt::{Arg, Parser, ValueExt};
use miniws_async_std::generic::{Listener, Runtime, Server};
use miniws_async_std::{Config, DeflateConfig, Event, Reply, WebSocket};

/// The command line.
pub(crate) struct Options {
    pub(crate) addr: String,
    max_message: usize,
    subprotocols: Vec<String>,
    deflate: Option<DeflateConfig>,
}

impl Options {
    pub(crate) fn parse() -> Result<Self, lexopt::Error> {
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

    /// A server with these options.
    pub(crate) fn server<R: Runtime>(&self) -> Server<R> {
        let config = Config::default()
            .max_message_size(self.max_message)
            .max_frame_size(self.max_message)
            .deflate(self.deflate.clone());
        Server::new()
            .config(config)
            .subprotocols(self.subprotocols.clone())
            .plain(|_request| page())
    }
}

/// Serves until Ctrl-C, then closes everyone with 1001.
pub(crate) async fn run<R: Runtime>(listener: Listener<R>) -> Result<(), Box<dyn Error>> {
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

fn page() -> Reply {
    Reply::new(200)
        .header("Content-Type", "text/html; charset=utf-8")
        // With these two a browser's clock is finer, and so are the round trips on the page.
        .header("Cross-Origin-Opener-Policy", "same-origin")
        .header("Cross-Origin-Embedder-Policy", "require-corp")
        .body(include_str!(
            "../../../miniws-tokio/examples/pages/echo.html"
        ))
}
