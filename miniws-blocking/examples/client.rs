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

#[path = "../../miniws-tokio/examples/common/client.rs"]
mod common;
#[path = "../../miniws-tokio/examples/common/exit.rs"]
mod exit;

use std::io::{BufRead, stdin};

use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use miniws_blocking::{Client, Event, Message, NetStream, Receiver, SendError, Sender, WebSocket};

use common::Options;
use exit::Error;

fn main() {
    exit::exit(run())
}

fn run() -> Result<(), Error> {
    let options = Options::parse()?;
    if options.check {
        let (report, checked) = mpsc::channel();
        thread::spawn(move || report.send(check(&options)));
        return checked
            .recv_timeout(common::CHECK_TIMEOUT)
            .map_err(|_| common::CHECK_TOO_LATE)?;
    }
    talk(connect(&options)?, options.binary)
}

fn connect(options: &Options) -> Result<WebSocket<NetStream>, Error> {
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
    let connected = client.connect();
    let socket = connected.map_err(|error| format!("{}: {error}", options.url))?;
    if options.negotiated {
        common::print_negotiated(socket.deflate());
    }
    Ok(socket)
}

/// What the threads that talk and listen report.
enum News {
    Heard,
    AllSaid,
    Over(Result<(), Error>),
}

fn talk(socket: WebSocket<NetStream>, binary: bool) -> Result<(), Error> {
    let (sender, receiver) = socket.split();
    let (report, news) = mpsc::channel();
    let (said, heard) = (report.clone(), report);
    let lines = sender.clone();
    thread::spawn(move || match say(&lines, binary) {
        Ok(()) => said.send(News::AllSaid),
        Err(error) => said.send(News::Over(Err(error))),
    });
    thread::spawn(move || {
        let result = listen(receiver, &heard);
        heard.send(News::Over(result))
    });

    let mut all_said = false;
    loop {
        let wait = if all_said {
            common::QUIET
        } else {
            Duration::MAX
        };
        match news.recv_timeout(wait) {
            Ok(News::Heard) => {}
            Ok(News::AllSaid) => all_said = true,
            Ok(News::Over(result)) => return result,
            Err(RecvTimeoutError::Timeout) => {
                // It may be closing already; the one who listens sees the end.
                let _ = sender.close();
                all_said = false;
            }
            Err(RecvTimeoutError::Disconnected) => return Err("nobody talks any more".into()),
        }
    }
}

fn say(sender: &Sender<NetStream>, binary: bool) -> Result<(), Error> {
    for line in stdin().lock().split(b'\n') {
        match sender.send(common::message(line, binary)?) {
            // Why it is closing, the one who listens gets to know.
            Err(miniws_blocking::Error::Send(SendError::Closed)) => break,
            sent => sent?,
        }
    }
    Ok(())
}

fn listen(mut receiver: Receiver<NetStream>, heard: &mpsc::Sender<News>) -> Result<(), Error> {
    while let Some(event) = receiver.recv()? {
        common::print(event)?;
        heard.send(News::Heard)?;
    }
    Ok(())
}

fn check(options: &Options) -> Result<(), Error> {
    let mut socket = connect(options)?;
    for message in common::samples() {
        socket.feed(message.clone())?;
        common::expect_echo(&message, next_message(&mut socket)?)?;
    }
    let status = socket.close()?;
    common::expect_normal(status.code, &status.reason)
}

fn next_message(socket: &mut WebSocket<NetStream>) -> Result<Option<Message>, Error> {
    while let Some(event) = socket.recv()? {
        match event {
            Event::Message(message) => return Ok(Some(message)),
            Event::Close(_) => break,
            _ => {}
        }
    }
    Ok(None)
}
