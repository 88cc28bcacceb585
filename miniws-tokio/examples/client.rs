//! Talks to a WebSocket server from the command line.
//!
//! `client URL [--subprotocol P] [--header 'N: V'] [--binary]` sends each line of its input, prints
//! what arrives, and closes with 1000 once the input has ended and the server has been quiet for a
//! fifth of a second. `--deflate[=SETTING,..]` offers compression, and `--negotiated` prints the
//! answer on standard error.
//!
//! `--proxy URL` goes through a proxy, `--proxy-from-env` through the one that the environment names, and
//! `--redirects N` follows so many redirects.
//!
//! `client URL --check` sends messages of its own to an echo server and expects each back, within
//! fifteen seconds.

#[path = "common/client.rs"]
mod common;
#[path = "common/exit.rs"]
mod exit;

use miniws_tokio::{Client, Event, Message, NetStream, WebSocket};
use tokio::io::{AsyncBufReadExt, BufReader, stdin};
use tokio::time::{sleep, timeout};

use common::Options;
use exit::Error;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    exit::exit(run().await)
}

async fn run() -> Result<(), Error> {
    let options = Options::parse()?;
    if options.check {
        return timeout(common::CHECK_TIMEOUT, check(&options))
            .await
            .map_err(|_| common::CHECK_TOO_LATE)?;
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

async fn talk(mut socket: WebSocket<NetStream>, binary: bool) -> Result<(), Error> {
    let mut lines = BufReader::new(stdin()).split(b'\n');
    let mut more = true;
    loop {
        tokio::select! {
            // `recv` writes what was fed, so sending never keeps from receiving.
            event = socket.recv() => match event? {
                Some(event) => common::print(event)?,
                None => return Ok(()),
            },
            line = lines.next_segment(), if more && socket.can_send() => match line.transpose() {
                Some(line) => socket.feed(common::message(line, binary)?)?,
                None => more = false,
            },
            () = sleep(common::QUIET), if !more => {
                let status = socket.close().await?;
                return common::expect_normal(status.code, &status.reason);
            }
        }
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
