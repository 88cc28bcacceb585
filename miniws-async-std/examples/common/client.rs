//! The command line client, on either runtime.

// Written once for all runtimes.
#[path = "../../../miniws-tokio/examples/options/mod.rs"]
mod options;

use std::future::{Future, pending};
use std::io::Write;
use std::time::Duration;

use async_io::Timer;
use blocking::Unblock;
use futures_io::{AsyncRead, AsyncWrite};
use futures_lite::io::{AsyncBufReadExt, BufReader};
use futures_lite::{FutureExt, StreamExt};
use lexopt::{Arg, Parser, ValueExt};
use miniws_async_std::generic::{Client, Runtime};
use miniws_async_std::{CloseCode, Config, DeflateConfig, Event, Message, WebSocket};

pub(crate) type Error = Box<dyn std::error::Error + Send + Sync>;

/// Ends the program with what came of it. Returning from `main` could take for ever: a read of the
/// terminal that is under way can't be called off.
pub(crate) fn exit(result: Result<(), Error>) -> ! {
    let status = match result {
        Ok(()) => 0,
        Err(error) => {
            eprintln!("client: {error}");
            1
        }
    };
    std::process::exit(status);
}

/// Does what the command line says.
pub(crate) async fn run<R: Runtime>() -> Result<(), Error> {
    let options = Options::<R>::parse()?;
    if options.check {
        let too_late = async {
            Timer::after(CHECK_TIMEOUT).await;
            Err("the server did not echo everything within 14 seconds".into())
        };
        return check(options).or(too_late).await;
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

enum News {
    Event(Option<Event>),
    Line(Option<String>),
    Quiet,
}

async fn talk<S>(mut socket: WebSocket<S>, binary: bool) -> Result<(), Error>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut lines = BufReader::new(Unblock::new(std::io::stdin())).lines();
    let mut more = true;
    loop {
        let reads = more && socket.can_send();
        // `recv` writes what was fed, so sending never keeps from receiving.
        let event = async { Ok::<_, Error>(News::Event(socket.recv().await?)) };
        let line = when(reads, async {
            Ok(News::Line(lines.next().await.transpose()?))
        });
        let quiet = when(!more, async {
            Timer::after(QUIET).await;
            Ok(News::Quiet)
        });
        match event.or(line).or(quiet).await? {
            News::Event(Some(event)) => print(event)?,
            News::Event(None) => return Ok(()),
            News::Line(Some(line)) if binary => socket.feed(line.into_bytes())?,
            News::Line(Some(line)) => socket.feed(line)?,
            News::Line(None) => more = false,
            News::Quiet => {
                let status = socket.close().await?;
                return expect_normal(status.code, &status.reason);
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

fn print_negotiated<S>(socket: &WebSocket<S>)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    match socket.deflate() {
        Some(params) => eprintln!("negotiated: {params}"),
        None => eprintln!("negotiated: no extension"),
    }
}

async fn check<R: Runtime>(options: Options<R>) -> Result<(), Error> {
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

async fn expect_echo<S>(socket: &mut WebSocket<S>, message: Message) -> Result<(), Error>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
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

struct Options<R> {
    client: Client<R>,
    deflate: Option<DeflateConfig>,
    negotiated: bool,
    binary: bool,
    check: bool,
}

impl<R: Runtime> Options<R> {
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
