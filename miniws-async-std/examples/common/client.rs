//! The command line client, on either runtime.

// Written once for all runtimes.
#[path = "../../../miniws-tokio/examples/common/client.rs"]
mod common;
#[path = "../../../miniws-tokio/examples/common/exit.rs"]
mod exit;

use std::future::{Future, pending};
use std::io::stdin;

use async_io::Timer;
use blocking::Unblock;
use futures_lite::io::{AsyncBufReadExt, BufReader};
use futures_lite::{FutureExt, StreamExt};
use miniws_async_std::{Client, Event, Message, NetStream, WebSocket};

use common::Options;
use exit::Error;

pub(crate) use exit::exit;

/// Does what the command line says.
pub(crate) async fn run() -> Result<(), Error> {
    let options = Options::parse()?;
    if options.check {
        let too_late = async {
            Timer::after(common::CHECK_TIMEOUT).await;
            Err(common::CHECK_TOO_LATE.into())
        };
        return check(&options).or(too_late).await;
    }
    talk(connect(&options).await?, options.binary).await
}

async fn connect(options: &Options) -> Result<WebSocket<NetStream>, Error> {
    let mut client = Client::new(&options.url)
        .config(options.config())
        .max_redirects(options.redirects);
    for name in &options.subprotocols {
        client = client.subprotocol(name);
    }
    for (name, value) in &options.headers {
        client = client.header(name, value);
    }
    if options.proxy_from_env {
        client = client.proxy_from_env();
    }
    if let Some(proxy) = &options.proxy {
        client = client.proxy(proxy);
    }
    let connected = client.connect().await;
    let socket = connected.map_err(|error| format!("{}: {error}", options.url))?;
    if options.negotiated {
        common::print_negotiated(socket.deflate());
    }
    Ok(socket)
}

enum News {
    Event(Option<Event>),
    Line(Option<Message>),
    Quiet,
}

async fn talk(mut socket: WebSocket<NetStream>, binary: bool) -> Result<(), Error> {
    let mut lines = BufReader::new(Unblock::new(stdin())).split(b'\n');
    let mut more = true;
    loop {
        let reads = more && socket.can_send();
        // `recv` writes what was fed, so sending never keeps from receiving.
        let event = async { Ok::<_, Error>(News::Event(socket.recv().await?)) };
        let line = when(reads, async {
            let line = lines.next().await;
            let message = line.map(|line| common::message(line, binary));
            Ok(News::Line(message.transpose()?))
        });
        let quiet = when(!more, async {
            Timer::after(common::QUIET).await;
            Ok(News::Quiet)
        });
        match event.or(line).or(quiet).await? {
            News::Event(Some(event)) => common::print(event)?,
            News::Event(None) => return Ok(()),
            News::Line(Some(message)) => socket.feed(message)?,
            News::Line(None) => more = false,
            News::Quiet => {
                let status = socket.close().await?;
                return common::expect_normal(status.code, &status.reason);
            }
        }
    }
}

/// Never ready without the condition.
async fn when<T>(condition: bool, future: impl Future<Output = T>) -> T {
    match condition {
        true => future.await,
        false => pending().await,
    }
}

async fn check(options: &Options) -> Result<(), Error> {
    let mut socket = connect(options).await?;
    for message in common::samples() {
        socket.send(message.clone()).await?;
        common::expect_echo(&message, next_message(&mut socket).await?)?;
    }
    let status = socket.close().await?;
    common::expect_normal(status.code, &status.reason)
}

async fn next_message(socket: &mut WebSocket<NetStream>) -> Result<Option<Message>, Error> {
    while let Some(event) = socket.recv().await? {
        match event {
            Event::Message(message) => return Ok(Some(message)),
            Event::Close(_) => break,
            _ => {}
        }
    }
    Ok(None)
}
