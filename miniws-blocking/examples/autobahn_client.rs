//! Runs all cases of an Autobahn fuzzing server: `autobahn_client URL`.

use std::error::Error;
use std::net::TcpStream;

use miniws_blocking::{Client, Config, DeflateConfig, Event, Message, WebSocket, connect};

const AGENT: &str = "miniws-blocking";

fn main() -> Result<(), Box<dyn Error>> {
    let url = std::env::args()
        .nth(1)
        .ok_or("usage: autobahn_client URL")?;
    let url = url.trim_end_matches('/');
    let count = case_count(url)?;
    for case in 1..=count {
        // A case that ends with an error is what many of them are about: the server judges.
        let _ = run_case(&format!("{url}/runCase?case={case}&agent={AGENT}"));
    }
    let mut socket = connect(&format!("{url}/updateReports?agent={AGENT}"))?;
    // Some fuzzing servers end TCP without a close when they have written their reports.
    while let Ok(Some(_)) = socket.recv() {}
    println!("{count} cases have run");
    Ok(())
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

/// Whatever the server may choose, and an echo that is always compressed: some fuzzing servers take
/// an uncompressed answer for a fault.
fn offer_all() -> DeflateConfig {
    DeflateConfig::default()
        .receive_window_bits(15)
        .threshold(0)
}

fn run_case(url: &str) -> Result<(), miniws_blocking::Error> {
    let config = Config::default()
        .max_message_size(32 << 20)
        .max_frame_size(32 << 20)
        .deflate(Some(offer_all()));
    let mut socket: WebSocket<TcpStream> = Client::new(url).config(config).connect()?;
    while let Some(event) = socket.recv()? {
        if let Event::Message(message) = event {
            socket.send(message)?;
        }
    }
    Ok(())
}
