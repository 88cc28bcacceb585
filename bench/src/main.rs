//! Compares the miniws crates with other WebSocket libraries. `README.md` says how to run it.

mod allocator;
mod block_on;
mod broadcast;
mod content;
mod contestant;
mod contestants;
mod deflate;
mod echo;
mod entry;
mod handshake;
mod idle;
mod load;
mod meter;
mod options;
mod pipe;
mod proto;
mod report;
mod rounds;
mod serving;
mod wire;

use std::error::Error;
use std::process::ExitCode;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use options::{Command, HELP, Options};
use report::Report;

/// Runs a table, prints it and writes it.
type Run = fn(&Options) -> Result<(), Box<dyn Error>>;

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
    allow_descriptors()?;
    let tables: &[Run] = match &options.command {
        Command::Help => {
            print!("{HELP}");
            &[]
        }
        Command::Proto => &[proto],
        Command::Echo => &[echo],
        Command::Idle => &[idle],
        Command::Broadcast => &[broadcast],
        Command::Handshake => &[handshake],
        Command::All => &[proto, echo, idle, broadcast, handshake],
        Command::Readme => &[readme],
        Command::Check => return in_memory(|| Ok(check(&options))),
        Command::Part(part) => {
            serving::run_named(part)?;
            &[]
        }
        Command::One {
            contestant,
            case,
            messages,
        } => {
            in_memory(|| Ok(proto::one(contestant, case, *messages)?))?;
            &[]
        }
    };
    // What one table fails at need not keep the others from being made.
    let mut code = ExitCode::SUCCESS;
    for table in tables {
        if let Err(error) = table(&options) {
            eprintln!("{error}");
            code = ExitCode::FAILURE;
        }
    }
    Ok(code)
}

fn proto(options: &Options) -> Result<(), Box<dyn Error>> {
    let reports = proto::run(options);
    let finished: Vec<_> = reports.iter().map(|one| finish(one, options)).collect();
    finished.into_iter().collect()
}

fn echo(options: &Options) -> Result<(), Box<dyn Error>> {
    finish(&echo::run(options), options)
}

fn idle(options: &Options) -> Result<(), Box<dyn Error>> {
    finish(&idle::run(options), options)
}

fn broadcast(options: &Options) -> Result<(), Box<dyn Error>> {
    finish(&broadcast::run(options), options)
}

fn handshake(options: &Options) -> Result<(), Box<dyn Error>> {
    finish(&handshake::run(options)?, options)
}

fn readme(options: &Options) -> Result<(), Box<dyn Error>> {
    Ok(report::print_readme(&options.out)?)
}

fn finish(report: &Report, options: &Options) -> Result<(), Box<dyn Error>> {
    if report.is_empty() {
        return Err(format!("{}: nothing has been measured", report.name()).into());
    }
    report.print();
    Ok(report.write(&options.out)?)
}

/// As many sockets as the system allows.
fn allow_descriptors() -> Result<(), Box<dyn Error>> {
    let maximum = getrlimit(Resource::Nofile).maximum;
    let limit = Rlimit {
        current: maximum,
        maximum,
    };
    Ok(setrlimit(Resource::Nofile, limit)?)
}

/// Some contestants want tokio's timer even where nothing waits for it.
fn in_memory<T>(run: impl FnOnce() -> Result<T, Box<dyn Error>>) -> Result<T, Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let _context = runtime.enter();
    run()
}

/// Puts everyone to the test.
fn check(options: &Options) -> ExitCode {
    let mut failed = 0;
    for contestant in contestants::ALL {
        for case in proto::all() {
            let Some(proto) = contestant.proto(&case) else {
                continue;
            };
            if contestant.name == contestants::HARNESS
                || !options.enters(contestant.name)
                || !options.selects(&case.name())
            {
                continue;
            }
            if std::panic::catch_unwind(|| (proto.check)(&case)).is_err() {
                println!("{} fails at {}", contestant.name, case.name());
                failed += 1;
            }
        }
    }
    println!("{failed} failed");
    ExitCode::from(u8::from(failed > 0))
}
