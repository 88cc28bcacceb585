//! The fuzzing server's client, on either runtime.

// Written once for all runtimes.
#[path = "../../../miniws-tokio/examples/common/autobahn_client.rs"]
mod common;
#[path = "../../../miniws-tokio/examples/common/exit.rs"]
mod exit;

use miniws_async_std::{Client, Config, Event, Message};

use common::Options;
use exit::Error;

pub(crate) use exit::exit;

/// Runs all cases of the server at the URL that the command line names.
pub(crate) async fn run(agent: &str) -> Result<(), Error> {
    let options = Options::parse()?;
    let url = &options.url;
    let count = case_count(url)
        .await
        .map_err(|error| format!("{url}: {error}"))?;
    for case in 1..=count {
        let url = format!("{url}/runCase?case={case}&agent={agent}");
        // A case that ends with an error is what many of them are about: the server judges.
        let _ = run_case(&url, options.config()).await;
    }
    let update = Client::new(&format!("{url}/updateReports?agent={agent}"));
    let updating = update.connect().await;
    let mut socket = updating.map_err(|error| format!("{url}: {error}"))?;
    // Some fuzzing servers end TCP without a close when they have written their reports.
    while let Ok(Some(_)) = socket.recv().await {}
    println!("{count} cases have run");
    Ok(())
}

async fn case_count(url: &str) -> Result<u32, Error> {
    let client = Client::new(&format!("{url}/getCaseCount"));
    let mut socket = client.connect().await?;
    while let Some(event) = socket.recv().await? {
        if let Event::Message(Message::Text(text)) = event {
            return Ok(text.trim().parse()?);
        }
    }
    Err("the fuzzing server did not say how many cases there are".into())
}

async fn run_case(url: &str, config: Config) -> Result<(), miniws_async_std::Error> {
    let mut socket = Client::new(url).config(config).connect().await?;
    while let Some(event) = socket.recv().await? {
        if let Event::Message(message) = event {
            socket.send(message).await?;
        }
    }
    Ok(())
}
