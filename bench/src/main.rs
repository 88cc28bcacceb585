//! Compares the miniws crates with other WebSocket libraries. `README.md` says how to run it.

mod allocator;
mod block_on;
mod content;
mod contestant;
mod contestants;
mod echo;
mod meter;
mod options;
mod pipe;
mod proto;
mod report;
mod serving;
mod wire;

use std::error::Error;
use std::process::ExitCode;

use options::{Command, HELP, Options};
use report::Report;

fn main() -> ExitCode {
    match try_main() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn try_main() -> Result<ExitCode, Box<dyn Error>> {
    let options = Options::from_env()?;
    // Some contestants want tokio's timer even where nothing waits for it.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let _context = runtime.enter();
    match &options.command {
        Command::Help => print!("{HELP}"),
        Command::Proto => finish(&proto::run(&options), &options)?,
        Command::Echo => finish(&echo::run(&options), &options)?,
        Command::Serve { contestant } => serving::serve_named(contestant)?,
        Command::Check => return Ok(check(&options)),
        Command::One {
            contestant,
            case,
            messages,
        } => proto::one(contestant, case, *messages)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn finish(report: &Report, options: &Options) -> std::io::Result<()> {
    report::print(report);
    report.write(&options.out)
}

/// Puts everyone to the test.
fn check(options: &Options) -> ExitCode {
    let mut failed = 0;
    for contestant in contestants::ALL {
        for case in proto::all() {
            if !options.enters(contestant.info.name) || !options.selects(&case.name()) {
                continue;
            }
            if std::panic::catch_unwind(|| (contestant.check)(&case)).is_err() {
                println!("{} fails at {}", contestant.info.name, case.name());
                failed += 1;
            }
        }
    }
    println!("{failed} failed");
    ExitCode::from(u8::from(failed > 0))
}
