//! Runs all cases of an Autobahn fuzzing server: `autobahn_client URL [--deflate[=SETTING,..]]`.

// Written once for all runtimes.
#[path = "../../miniws-tokio/examples/options/mod.rs"]
mod options;

use std::error::Error;
use std::net::TcpStream;

use lexopt::{Arg, Parser, ValueExt};
use miniws_blocking::{Client, Config, DeflateConfig, Event, Message, WebSocket, connect};

const AGENT: &str = "miniws-blocking";

fn main() -> Result<(), Box<dyn Error>> {
    let (url, deflate) = parse()?;
    let count = case_count(&url)?;
    for case in 1..=count {
        let url = format!("{url}/runCase?case={case}&agent={AGENT}");
        // A case that ends with an error is what many of them are about: the server judges.
        let _ = run_case(&url, deflate.clone());
    }
    let mut socket = connect(&format!("{url}/updateReports?agent={AGENT}"))?;
    // Some fuzzing servers end TCP without a close when they have written their reports.
    while let Ok(Some(_)) = socket.recv() {}
    println!("{count} cases have run");
    Ok(())
}

/// The URL, and what is asked for. Unless told otherwise, that is whatever the server may choose, and
/// an echo that is always compressed: some fuzzing servers take an uncompressed answer for a fault.
fn parse() -> Result<(String, DeflateConfig), lexopt::Error> {
    let mut parser = Parser::from_env();
    let mut url = None;
    let mut deflate = DeflateConfig::default()
        .receive_window_bits(15)
        .threshold(0);
    while let Some(arg) = parser.next()? {
        match arg {
            Arg::Value(value) if url.is_none() => url = Some(value.string()?),
            Arg::Long("deflate") => {
                let settings = parser.optional_value().map(ValueExt::string).transpose()?;
                deflate = options::deflate(settings.as_deref())?;
            }
            _ => return Err(arg.unexpected()),
        }
    }
    let url = url.ok_or("usage: autobahn_client URL [--deflate[=SETTING,..]]")?;
    Ok((url.trim_end_matches('/').to_owned(), deflate))
}

fn case_count(url: &str) -> Result<u32, Box<dyn Error>> {
    let mut socket = connect(&format!("{url}/getCaseCount"))?;
    while let Some(event) = socket.recv()? {
        if let Event::Message(Message::Text(text)) = event {
            return Ok(text.trim().parse()?);
        }
    }
    Err("the fuzzing server did not say how many cases there are".into())
}

fn run_case(url: &str, deflate: DeflateConfig) -> Result<(), miniws_blocking::Error> {
    let config = Config::default()
        .max_message_size(32 << 20)
        .max_frame_size(32 << 20)
        .deflate(Some(deflate));
    let mut socket: WebSocket<TcpStream> = Client::new(url).config(config).connect()?;
    while let Some(event) = socket.recv()? {
        if let Event::Message(message) = event {
            socket.send(message)?;
        }
    }
    Ok(())
}
