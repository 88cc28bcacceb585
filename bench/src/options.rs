//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use lexopt::prelude::*;

use crate::contestants;

/// What to run and how.
#[derive(Clone, Debug)]
pub struct Options {
    pub command: Command,
    /// Few cases, short runs.
    pub quick: bool,
    /// The cases that the README shows.
    pub readme: bool,
    /// How often everybody takes their turn.
    pub rounds: usize,
    /// How long one turn is, about; in memory it is a fifth of that.
    pub time: Duration,
    /// Whether to measure times in memory, and to count instructions.
    pub times: bool,
    pub instructions: bool,
    /// Only cases whose names contain one of these.
    cases: Vec<String>,
    /// Only these contestants.
    contestants: Vec<String>,
    /// Servers that are no contestants.
    pub externals: Vec<External>,
    /// Where to write JSON and plots.
    pub out: PathBuf,
}

/// A server in a process of its own.
#[derive(Clone, Debug)]
pub struct External {
    pub name: String,
    pub command: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    Proto,
    Echo,
    Idle,
    Broadcast,
    Handshake,
    All,
    Readme,
    Check,
    /// What a process of its own does.
    Part(Part),
    /// A measurement in memory, in a process of its own.
    One {
        contestant: String,
        case: String,
        messages: u64,
    },
    Help,
}

/// What a process of its own does until it is killed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    Serve { contestant: String, service: String },
    Accept { contestant: String },
    Connect { contestant: String, server: String },
}

pub const HELP: &str = "\
miniws-bench TABLE [OPTION]...

tables
  proto      receiving and sending in memory: instructions, allocations, time
  echo       servers over loopback TCP: processor time, messages a second, latency
  idle       memory for each connection that waits
  broadcast  one sends to a thousand
  handshake  connections made and left
  all        all of these

no tables
  check      every contestant does every case of proto, and each byte is compared
  readme     prints, as Markdown, what is in the JSON of earlier runs, and plots it

options
  --quick            few cases, short runs
  --readme           only the cases that `readme` shows
  --case TEXT        only cases with TEXT in their names (repeatable)
  --only NAME        only this contestant (repeatable)
  --rounds N         how often everybody takes their turn, default 5
  --time MS          how long one turn is, default 500; in memory a fifth of that
  --no-times         proto counts instructions and allocations only
  --no-instructions  proto measures times only
  --external NAME=COMMAND
                     another server (repeatable). COMMAND is run by the shell with one word behind
                     it, echo, echo-deflate or broadcast, and prints its address on its first line
  --out FOLDER       where TABLE.json and TABLE.svg go, default results
";

impl Options {
    /// Reads the command line.
    ///
    /// # Errors
    ///
    /// When it makes no sense.
    pub fn from_env() -> Result<Self, lexopt::Error> {
        let mut parser = lexopt::Parser::from_env();
        let mut options = Self {
            command: Command::Help,
            quick: false,
            readme: false,
            rounds: 0,
            time: Duration::ZERO,
            times: true,
            instructions: true,
            cases: Vec::new(),
            contestants: Vec::new(),
            externals: Vec::new(),
            out: PathBuf::from("results"),
        };
        while let Some(argument) = parser.next()? {
            match argument {
                Value(name) if options.command == Command::Help => {
                    options.command = Command::parse(&name.string()?, &mut parser)?;
                }
                Long("quick") => options.quick = true,
                Long("readme") => options.readme = true,
                Long("rounds") => options.rounds = parser.value()?.parse()?,
                Long("time") => options.time = Duration::from_millis(parser.value()?.parse()?),
                Long("case") => options.cases.push(parser.value()?.string()?),
                Long("only") => options.contestants.push(parser.value()?.string()?),
                Long("no-times") => options.times = false,
                Long("no-instructions") => options.instructions = false,
                Long("external") => {
                    let external = parser.value()?.string()?;
                    let (name, command) = external.split_once('=').ok_or("NAME=COMMAND, please")?;
                    options.externals.push(External {
                        name: name.to_owned(),
                        command: command.to_owned(),
                    });
                }
                Long("out") => options.out = parser.value()?.into(),
                Long("help") | Short('h') => options.command = Command::Help,
                _ => return Err(argument.unexpected()),
            }
        }
        if options.rounds == 0 {
            options.rounds = if options.quick { 1 } else { 5 };
        }
        if options.time.is_zero() {
            options.time = Duration::from_millis(if options.quick { 100 } else { 500 });
        }
        for name in &options.contestants {
            let is_external = options.externals.iter().any(|one| one.name == *name);
            if contestants::named(name).is_none() && !is_external {
                let all = contestants::ALL
                    .iter()
                    .map(|one| one.name)
                    .collect::<Vec<_>>()
                    .join(", ");
                return Err(format!("there is no contestant {name:?}, but {all}").into());
            }
        }
        Ok(options)
    }

    pub fn selects(&self, case: &str) -> bool {
        self.cases.is_empty() || self.cases.iter().any(|part| case.contains(part.as_str()))
    }

    pub fn enters(&self, contestant: &str) -> bool {
        self.contestants.is_empty() || self.contestants.iter().any(|name| name == contestant)
    }
}

impl Command {
    fn parse(name: &str, parser: &mut lexopt::Parser) -> Result<Self, lexopt::Error> {
        let mut next = || parser.value()?.string();
        Ok(match name {
            "proto" => Self::Proto,
            "echo" => Self::Echo,
            "idle" => Self::Idle,
            "broadcast" => Self::Broadcast,
            "handshake" => Self::Handshake,
            "all" => Self::All,
            "readme" => Self::Readme,
            "check" => Self::Check,
            "serve" => Self::Part(Part::Serve {
                contestant: next()?,
                service: next()?,
            }),
            "accept" => Self::Part(Part::Accept {
                contestant: next()?,
            }),
            "connect" => Self::Part(Part::Connect {
                contestant: next()?,
                server: next()?,
            }),
            "one" => Self::One {
                contestant: next()?,
                case: next()?,
                messages: next()?.parse().map_err(|_| "how many messages?")?,
            },
            other => return Err(format!("there is no table {other:?}").into()),
        })
    }
}
