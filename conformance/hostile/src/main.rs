//! Hostile peers for the programs of every runtime, over sockets.
//!
//! `hostile attack DIRECTORY...` plays the list of attacks; a directory has the `echo` and the
//! `client` of a runtime. It fails when one of them has not been withstood.

mod attack;
mod deflated;
mod honest;
mod limit;
mod program;
mod wire;

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use lexopt::{Arg, Parser, ValueExt};

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
    let command = parser.next()?;
    let Some(Arg::Value(command)) = command else {
        return Err("usage: hostile attack DIRECTORY...".into());
    };
    let command = command.string()?;
    let mut directories = Vec::new();
    let mut only = None;
    while let Some(arg) = parser.next()? {
        match arg {
            Arg::Value(directory) => directories.push(PathBuf::from(directory)),
            Arg::Long("only") if command == "attack" => only = Some(parser.value()?.string()?),
            _ => return Err(arg.unexpected().into()),
        }
    }
    limit::raise_descriptors()?;
    match command.as_str() {
        "attack" => attack::run(&directories, only.as_deref()).await,
        _ => Err(format!("there is no command {command:?}").into()),
    }
}
