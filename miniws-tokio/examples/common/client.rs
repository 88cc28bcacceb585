//! What the command line clients of all runtimes have in common: their options, what they send and
//! what they print.

mod deflate;

use std::io::{self, Write};
use std::time::Duration;

use lexopt::{Arg, Parser, ValueExt};
use miniws_proto::negotiate::DeflateParams;
use miniws_proto::{CloseCode, Config, DeflateConfig, Event, Message};

use super::exit::Error;

/// Leaves a second of the fifteen for saying so.
pub(crate) const CHECK_TIMEOUT: Duration = Duration::from_secs(14);

/// Why a check that takes longer has failed.
pub(crate) const CHECK_TOO_LATE: &str = "the server did not echo everything within 14 seconds";

/// How long the server has to be quiet, after the last line, before it is taken to have said all.
pub(crate) const QUIET: Duration = Duration::from_millis(200);

const USAGE: &str = concat!(
    "usage: ",
    env!("CARGO_CRATE_NAME"),
    " URL [--subprotocol P] [--header 'N: V'] [--binary] [--check] \
     [--deflate[=SETTING,..]] [--negotiated] [--proxy URL] [--proxy-from-env] [--redirects N]",
);

/// The command line.
pub(crate) struct Options {
    pub(crate) url: String,
    pub(crate) subprotocols: Vec<String>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) proxy: Option<String>,
    pub(crate) proxy_from_env: bool,
    pub(crate) redirects: usize,
    pub(crate) negotiated: bool,
    pub(crate) binary: bool,
    pub(crate) check: bool,
    deflate: Option<DeflateConfig>,
}

impl Options {
    pub(crate) fn parse() -> Result<Self, Error> {
        let mut parser = Parser::from_env();
        let mut url = None;
        let mut subprotocols = Vec::new();
        let mut headers = Vec::new();
        let (mut proxy, mut proxy_from_env, mut redirects) = (None, false, 0);
        let mut deflate = None;
        let (mut negotiated, mut binary, mut check) = (false, false, false);
        while let Some(arg) = parser.next()? {
            match arg {
                Arg::Value(value) if url.is_none() => url = Some(value.string()?),
                Arg::Long("subprotocol") => subprotocols.push(parser.value()?.string()?),
                Arg::Long("header") => headers.push(header(&parser.value()?.string()?)?),
                Arg::Long("proxy") => proxy = Some(parser.value()?.string()?),
                Arg::Long("proxy-from-env") => proxy_from_env = true,
                Arg::Long("redirects") => redirects = parser.value()?.parse()?,
                Arg::Long("deflate") => {
                    let settings = parser.optional_value().map(ValueExt::string).transpose()?;
                    deflate = Some(deflate::config(settings.as_deref())?);
                }
                Arg::Long("negotiated") => negotiated = true,
                Arg::Long("binary") => binary = true,
                Arg::Long("check") => check = true,
                Arg::Short('h') | Arg::Long("help") => {
                    println!("{USAGE}");
                    std::process::exit(0);
                }
                _ => return Err(arg.unexpected().into()),
            }
        }
        let url = url.ok_or(USAGE)?;
        Ok(Self {
            url,
            subprotocols,
            headers,
            proxy,
            proxy_from_env,
            redirects,
            negotiated,
            binary,
            check,
            deflate,
        })
    }

    pub(crate) fn config(&self) -> Config {
        Config::default().deflate(self.deflate.clone())
    }
}

fn header(line: &str) -> Result<(String, String), Error> {
    let (name, value) = line
        .split_once(':')
        .ok_or("a header is written as 'Name: value'")?;
    Ok((name.trim().to_owned(), value.trim().to_owned()))
}

/// The message for a line of standard input, of which the line feed has been taken: as `binary` the
/// bytes that are there, else a text, and a carriage return at its end belongs to the line's end.
pub(crate) fn message(line: io::Result<Vec<u8>>, binary: bool) -> Result<Message, Error> {
    let line = line.map_err(|error| format!("standard input: {error}"))?;
    if binary {
        return Ok(line.into());
    }
    let text = std::str::from_utf8(&line)
        .map_err(|_| "standard input: a line is not UTF-8; --binary sends it as it is")?;
    Ok(text.strip_suffix('\r').unwrap_or(text).into())
}

pub(crate) fn print(event: Event) -> Result<(), Error> {
    let mut out = io::stdout();
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

pub(crate) fn print_negotiated(params: Option<&DeflateParams>) {
    match params {
        Some(params) => eprintln!("negotiated: {params}"),
        None => eprintln!("negotiated: no extension"),
    }
}

/// What a check sends.
pub(crate) fn samples() -> [Message; 7] {
    let large: Vec<u8> = (0..5_000_000_u32).map(|at| (at % 251) as u8).collect();
    [
        Message::from("hello"),
        Message::from("grüße, 世界 🌍"),
        Message::from(vec![0, 1, 254, 255]),
        Message::from(""),
        Message::from(Vec::new()),
        Message::from("long ".repeat(700_000)),
        Message::from(large),
    ]
}

/// Whether what came back is what was sent; `None` is the end of the connection.
pub(crate) fn expect_echo(sent: &Message, echo: Option<Message>) -> Result<(), Error> {
    let echo = echo.ok_or("the server closed the connection before it had echoed everything")?;
    if echo == *sent {
        return Ok(());
    }
    Err(format!(
        "{:?} of {} bytes came back as {:?} of {} bytes, or changed",
        sent.kind(),
        sent.len(),
        echo.kind(),
        echo.len()
    )
    .into())
}

pub(crate) fn expect_normal(code: CloseCode, reason: &str) -> Result<(), Error> {
    match code {
        CloseCode::NORMAL | CloseCode::NO_STATUS => Ok(()),
        code => Err(format!("the server closed with {code} {reason:?}").into()),
    }
}
