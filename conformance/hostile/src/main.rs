//! Hostile peers for the programs of every runtime, over sockets.
//!
//! - `hostile attack [--only ATTACK] DIRECTORY...` plays the list of attacks.
//! - `hostile soak [--connections 1000] [--seconds 600] [--seed SEED] DIRECTORY...` has many
//!   connections for long, and sees what is left of them.
//! - `hostile load [--connections 10000] [--seconds 10] DIRECTORY...` has very many, most of them
//!   idle, and measures the others.
//!
//! A directory has the programs of a runtime. It fails when something was not withstood.

mod attack;
mod deflated;
mod honest;
mod limit;
mod load;
mod program;
mod soak;
mod wire;

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use lexopt::{Arg, Parser, ValueExt};
use load::Load;
use soak::Soak;

type Result<T, E = Box<dyn Error + Send + Sync>> = std::result::Result<T, E>;

#[tokio::main(worker_threads = 2)]
async fn main() -> ExitCode {
    match run().await {
        Ok(code) => code,
        Err(error) => {
            eprintln!("hostile: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<ExitCode> {
    let mut parser = Parser::from_env();
    let Some(Arg::Value(command)) = parser.next()? else {
        return Err("usage: hostile attack|soak|load DIRECTORY...".into());
    };
    let command = command.string()?;
    let mut directories = Vec::new();
    let mut only = None;
    let mut connections = None;
    let mut seconds = None;
    let mut seed = fastrand::u64(..);
    while let Some(arg) = parser.next()? {
        match arg {
            Arg::Value(directory) => directories.push(PathBuf::from(directory)),
            Arg::Long("only") => only = Some(parser.value()?.string()?),
            Arg::Long("connections") => connections = Some(parser.value()?.parse()?),
            Arg::Long("seconds") => seconds = Some(parser.value()?.parse()?),
            Arg::Long("seed") => seed = parser.value()?.parse()?,
            _ => return Err(arg.unexpected().into()),
        }
    }
    limit::raise_descriptors()?;
    match command.as_str() {
        "attack" => attack::run(&directories, only.as_deref()).await,
        "soak" => {
            let soak = Soak {
                connections: connections.unwrap_or(1000),
                duration: Duration::from_secs(seconds.unwrap_or(600)),
                seed,
            };
            soak.run(&directories).await
        }
        "load" => {
            let load = Load {
                connections: connections.unwrap_or(10_000),
                duration: Duration::from_secs(seconds.unwrap_or(10)),
            };
            load.run(&directories).await
        }
        _ => Err(format!("there is no command {command:?}").into()),
    }
}
