//! The fuzzing server's client, on either runtime.

use std::error::Error;

use miniws_async_std::generic::{Client, Runtime};
use miniws_async_std::{Config, DeflateConfig, Event, Message};

/// Runs all cases of the server at the URL that the command line names.
pub(crate) async fn run<R: Runtime>(agent: &str) -> Result<(), Box<dyn Error>> {
    let url = std::env::args()
        .nth(1)
        .ok_or("usage: autobahn_client URL")?;
    let url = url.trim_end_matches('/');
    let count = case_count::<R>(url).await?;
    for case in 1..=count {
        // A case that ends with an error is what many of them are about: the server judges.
        let _ = run_case::<R>(&format!("{url}/runCase?case={case}&agent={agent}")).await;
    }
    let update = Client::<R>::new(&format!("{url}/updateReports?agent={agent}"));
    let mut socket = update.connect().await?;
    // Some fuzzing servers end TCP without a close when they have written their reports.
    while let Ok(Some(_)) = socket.recv().await {}
    println!("{count} cases have run");
    Ok(())
}

async fn case_count<R: Runtime>(url: &str) -> Result<u32, Box<dyn Error>> {
    let client = Client::<R>::new(&format!("{url}/getCaseCount"));
    let mut socket = client.connect().await?;
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

async fn run_case<R: Runtime>(url: &str) -> Result<(), miniws_async_std::Error> {
    let config = Config::default()
        .max_message_size(32 << 20)
        .max_frame_size(32 << 20)
        .deflate(Some(offer_all()));
    let mut socket = Client::<R>::new(url).config(config).connect().await?;
    while let Some(event) = socket.recv().await? {
        if let Event::Message(message) = event {
            socket.send(message).await?;
        }
    }
    Ok(())
}
