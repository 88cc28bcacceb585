//! Talks to a WebSocket server from the command line.
//!
//! `client URL [--subprotocol P] [--header 'N: V'] [--binary]` sends each line of its input, prints
//! what arrives, and closes with 1000 once the input has ended and the server has been quiet for a
//! fifth of a second. `--deflate[=SETTING,..]` offers compression, and `--negotiated` prints the
//! answer on standard error.
//!
//! `client URL --check` sends messages of its own to an echo server and expects each back, within
//! fifteen seconds.

mod options;

use std::io::Write;
use std::time::Duration;

use lexopt::{Arg, Parser, ValueExt};
use miniws_tokio::{
    Client, CloseCode, Config, DeflateConfig, Event, Message, NetStream, WebSocket,
};
use tokio::io::{AsyncBufReadExt, BufReader, stdin};
use tokio::time::{sleep, timeout};

type Error = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let status = match run().await {
        Ok(()) => 0,
        Err(error) => {
            eprintln!("client: {error}");
            1
        }
    };
    // Not by returning: a read of the terminal that is under way can't be called off.
    std::process::exit(status);
}

async fn run() -> Result<(), Error> {
    let options = Options::parse()?;
    if options.check {
        return timeout(CHECK_TIMEOUT, check(options))
            .await
            .map_err(|_| "the server did not echo everything within 14 seconds")?;
    }
    let socket = options
        .client
        .config(Config::default().deflate(options.deflate))
        .connect()
        .await?;
    if options.negotiated {
        print_negotiated(&socket);
    }
    talk(socket, options.binary).await
}

/// Leaves a second of the fifteen for saying so.
const CHECK_TIMEOUT: Duration = Duration::from_secs(14);

/// How long the server has to be quiet, after the last line, before it is taken to have said all.
const QUIET: Duration = Duration::from_millis(200);

async fn talk(mut socket: WebSocket<NetStream>, binary: bool) -> Result<(), Error> {
    let mut lines = BufReader::new(stdin()).lines();
    let mut more = true;
    loop {
        tokio::select! {
            // `recv` writes what was fed, so sending never keeps from receiving.
            event = socket.recv() => match event? {
                Some(event) => print(event)?,
                None => return Ok(()),
            },
            line = lines.next_line(), if more && socket.can_send() => match line? {
                Some(line) if binary => socket.feed(line.into_bytes())?,
                Some(line) => socket.feed(line)?,
                None => more = false,
            },
            () = sleep(QUIET), if !more => {
                let status = socket.close().await?;
                return expect_normal(status.code, &status.reason);
            }
        }
    }
}

fn print(event: Event) -> Result<(), Error> {
    let mut out = std::io::stdout();
    match event {
        Event::Message(Message::Text(text)) => writeln!(out, "{text}")?,
        Event::Message(Message::Binary(bytes)) => {
            out.write_all(&bytes)?;
            writeln!(out)?;
        }
        Event::Close(Some(frame)) => expect_normal(frame.code(), frame.reason())?,
        _ => {}
    }
    Ok(out.flush()?)
}

fn print_negotiated(socket: &WebSocket<NetStream>) {
    match socket.deflate() {
        Some(params) => eprintln!("negotiated: {params}"),
        None => eprintln!("negotiated: no extension"),
    }
}

async fn check(options: Options) -> Result<(), Error> {
    let config = Config::default()
        .max_message_size(64 << 20)
        .deflate(options.deflate);
    let mut socket = options.client.config(config).connect().await?;
    if options.negotiated {
        print_negotiated(&socket);
    }
    let large: Vec<u8> = (0..5_000_000_u32).map(|at| (at % 251) as u8).collect();
    for message in [
        Message::from("hello"),
        Message::from("grüße, 世界 🌍"),
        Message::from(vec![0, 1, 254, 255]),
        Message::from(""),
        Message::from(Vec::new()),
        Message::from("long ".repeat(700_000)),
        Message::from(large),
    ] {
        expect_echo(&mut socket, message).await?;
    }
    let status = socket.close().await?;
    expect_normal(status.code, &status.reason)
}

async fn expect_echo(socket: &mut WebSocket<NetStream>, message: Message) -> Result<(), Error> {
    socket.send(message.clone()).await?;
    while let Some(event) = socket.recv().await? {
        match event {
            Event::Message(echo) if echo == message => return Ok(()),
            Event::Message(echo) => {
                return Err(format!(
                    "{:?} of {} bytes came back as {:?} of {} bytes, or changed",
                    message.kind(),
                    message.len(),
                    echo.kind(),
                    echo.len()
                )
                .into());
            }
            Event::Close(_) => break,
            _ => {}
        }
    }
    Err("the server closed the connection before it had echoed everything".into())
}

fn expect_normal(code: CloseCode, reason: &str) -> Result<(), Error> {
    match code {
        CloseCode::NORMAL | CloseCode::NO_STATUS => Ok(()),
        code => Err(format!("the server closed with {code} {reason:?}").into()),
    }
}

struct Options {
    client: Client,
    deflate: Option<DeflateConfig>,
    negotiated: bool,
    binary: bool,
    check: bool,
}

impl Options {
    fn parse() -> Result<Self, Error> {
        let mut parser = Parser::from_env();
        let mut url = None;
        let mut subprotocols = Vec::new();
        let mut headers = Vec::new();
        let mut deflate = None;
        let (mut negotiated, mut binary, mut check) = (false, false, false);
        while let Some(arg) = parser.next()? {
            match arg {
                Arg::Value(value) if url.is_none() => url = Some(value.string()?),
                Arg::Long("subprotocol") => subprotocols.push(parser.value()?.string()?),
                Arg::Long("header") => headers.push(parser.value()?.string()?),
                Arg::Long("deflate") => {
                    let settings = parser.optional_value().map(ValueExt::string).transpose()?;
                    deflate = Some(options::deflate(settings.as_deref())?);
                }
                Arg::Long("negotiated") => negotiated = true,
                Arg::Long("binary") => binary = true,
                Arg::Long("check") => check = true,
                _ => return Err(arg.unexpected().into()),
            }
        }
        let url = url.ok_or(
            "usage: client URL [--subprotocol P] [--header 'N: V'] [--binary] [--check] \
             [--deflate[=SETTING,..]] [--negotiated]",
        )?;
        let mut client = Client::new(&url);
        for name in subprotocols {
            client = client.subprotocol(&name);
        }
        for header in headers {
            let (name, value) = header
                .split_once(':')
                .ok_or("a header is written as 'Name: value'")?;
            client = client.header(name.trim(), value.trim());
        }
        Ok(Self {
            client,
            deflate,
            negotiated,
            binary,
            check,
        })
    }
}
