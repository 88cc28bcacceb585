//! Runs all cases of an Autobahn fuzzing server: `autobahn_client URL [--deflate[=SETTING,..]]`.

// Written once for all runtimes.
#[path = "../../miniws-tokio/examples/common/autobahn_client.rs"]
mod common;
#[path = "../../miniws-tokio/examples/common/exit.rs"]
mod exit;

use miniws_blocking::{Client, Config, Event, Message, NetStream, WebSocket, connect};

use common::Options;
use exit::Error;

const AGENT: &str = "miniws-blocking";

fn main() {
    exit::exit(run())
}

fn run() -> Result<(), Error> {
    let options = Options::parse()?;
    let url = &options.url;
    let count = case_count(url).map_err(|error| format!("{url}: {error}"))?;
    for case in 1..=count {
        let url = format!("{url}/runCase?case={case}&agent={AGENT}");
        // A case that ends with an error is what many of them are about: the server judges.
        let _ = run_case(&url, options.config());
    }
    let updating = connect(&format!("{url}/updateReports?agent={AGENT}"));
    let mut socket = updating.map_err(|error| format!("{url}: {error}"))?;
    // Some fuzzing servers end TCP without a close when they have written their reports.
    while let Ok(Some(_)) = socket.recv() {}
    println!("{count} cases have run");
    Ok(())
}

fn case_count(url: &str) -> Result<u32, Error> {
    let mut socket = connect(&format!("{url}/getCaseCount"))?;
    while let Some(event) = socket.recv()? {
        if let Event::Message(Message::Text(text)) = event {
            return Ok(text.trim().parse()?);
        }
    }
    Err("the fuzzing server did not say how many cases there are".into())
}

fn run_case(url: &str, config: Config) -> Result<(), miniws_blocking::Error> {
    let mut socket: WebSocket<NetStream> = Client::new(url).config(config).connect()?;
    while let Some(event) = socket.recv()? {
        if let Event::Message(message) = event {
            socket.send(message)?;
        }
    }
    Ok(())
}
