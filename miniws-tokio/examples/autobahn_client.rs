//! Runs all cases of an Autobahn fuzzing server: `autobahn_client URL`.

use std::error::Error;

use miniws_tokio::{Client, Config, DeflateConfig, Event, Message, NetStream, WebSocket, connect};

const AGENT: &str = "miniws-tokio";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let url = std::env::args()
        .nth(1)
        .ok_or("usage: autobahn_client URL")?;
    let url = url.trim_end_matches('/');
    let count = case_count(url).await?;
    for case in 1..=count {
        // A case that ends with an error is what many of them are about: the server judges.
        let _ = run_case(&format!("{url}/runCase?case={case}&agent={AGENT}")).await;
    }
    let mut socket = connect(&format!("{url}/updateReports?agent={AGENT}")).await?;
    // Some fuzzing servers end TCP without a close when they have written their reports.
    while let Ok(Some(_)) = socket.recv().await {}
    println!("{count} cases have run");
    Ok(())
}

async fn case_count(url: &str) -> Result<u32, Box<dyn Error>> {
    let mut socket = connect(&format!("{url}/getCaseCount")).await?;
    while let Some(event) = socket.recv().await? {
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

async fn run_case(url: &str) -> Result<(), miniws_tokio::Error> {
    let config = Config::default()
        .max_message_size(32 << 20)
        .max_frame_size(32 << 20)
        .deflate(Some(offer_all()));
    let mut socket: WebSocket<NetStream> = Client::new(url).config(config).connect().await?;
    while let Some(event) = socket.recv().await? {
        if let Event::Message(message) = event {
            socket.send(message).await?;
        }
    }
    Ok(())
}
