//! The fuzzing server's client, on either runtime.

// Written once for all runtimes.
#[path = "../../../miniws-tokio/examples/options/mod.rs"]
mod options;

use std::error::Error;

use lexopt::{Arg, Parser, ValueExt};
use miniws_async_std::generic::{Client, Runtime};
use miniws_async_std::{Config, DeflateConfig, Event, Message};

/// Runs all cases of the server at the URL that the command line names.
pub(crate) async fn run<R: Runtime>(agent: &str) -> Result<(), Box<dyn Error>> {
    let (url, deflate) = parse()?;
    let count = case_count::<R>(&url).await?;
    for case in 1..=count {
        let url = format!("{url}/runCase?case={case}&agent={agent}");
        // A case that ends with an error is what many of them are about: the server judges.
        let _ = run_case::<R>(&url, deflate.clone()).await;
    }
    let update = Client::<R>::new(&format!("{url}/updateReports?agent={agent}"));
    let mut socket = update.connect().await?;
    // Some fuzzing servers end TCP without a close when they have written their reports.
    while let Ok(Some(_)) = socket.recv().await {}
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

async fn run_case<R: Runtime>(
    url: &str,
    deflate: DeflateConfig,
) -> Result<(), miniws_async_std::Error> {
    let config = Config::default()
        .max_message_size(32 << 20)
        .max_frame_size(32 << 20)
        .deflate(Some(deflate));
    let mut socket = Client::<R>::new(url).config(config).connect().await?;
    while let Some(event) = socket.recv().await? {
        if let Event::Message(message) = event {
            socket.send(message).await?;
        }
    }
    Ok(())
}
