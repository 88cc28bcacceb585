//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use lexopt::prelude::*;

/// What to run and how.
#[derive(Clone, Debug)]
pub struct Options {
    pub command: Command,
    /// Fewer cases, shorter runs.
    pub quick: bool,
    /// How often everybody takes their turn.
    pub rounds: usize,
    /// How long one turn is, about.
    pub time: Duration,
    /// Whether to measure times, and to count instructions.
    pub times: bool,
    pub instructions: bool,
    /// Only cases whose names contain one of these.
    cases: Vec<String>,
    /// Only these contestants.
    contestants: Vec<String>,
    /// Where to write JSON and plots.
    pub out: PathBuf,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    Proto,
    Echo,
    Check,
    /// A server in a process of its own.
    Serve {
        contestant: String,
    },
    /// A measurement in a process of its own.
    One {
        contestant: String,
        case: String,
        messages: u64,
    },
    Help,
}

pub const HELP: &str = "\
miniws-bench TABLE [OPTION]...

tables
  proto      receiving and sending in memory
  echo       servers over loopback TCP
  check      no table: every contestant does every case of proto, and each byte is compared

options
  --quick            fewer cases, shorter runs
  --case TEXT        only cases with TEXT in their names (repeatable)
  --only NAME        only this contestant (repeatable)
  --rounds N         how often everybody takes their turn
  --no-times         count instructions only
  --no-instructions  measure times only
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
            rounds: 0,
            time: Duration::from_millis(100),
            times: true,
            instructions: true,
            cases: Vec::new(),
            contestants: Vec::new(),
            out: PathBuf::from("results"),
        };
        while let Some(argument) = parser.next()? {
            match argument {
                Value(name) => {
                    options.command = match name.string()?.as_str() {
                        "proto" => Command::Proto,
                        "echo" => Command::Echo,
                        "check" => Command::Check,
                        "serve" => Command::Serve {
                            contestant: parser.value()?.string()?,
                        },
                        "one" => Command::One {
                            contestant: parser.value()?.string()?,
                            case: parser.value()?.string()?,
                            messages: parser.value()?.parse()?,
                        },
                        other => return Err(format!("there is no table {other:?}").into()),
                    }
                }
                Long("quick") => options.quick = true,
                Long("rounds") => options.rounds = parser.value()?.parse()?,
                Long("case") => options.cases.push(parser.value()?.string()?),
                Long("only") => options.contestants.push(parser.value()?.string()?),
                Long("no-times") => options.times = false,
                Long("no-instructions") => options.instructions = false,
                Long("out") => options.out = parser.value()?.into(),
                Long("help") | Short('h') => options.command = Command::Help,
                _ => return Err(argument.unexpected()),
            }
        }
        if options.rounds == 0 {
            options.rounds = if options.quick { 3 } else { 7 };
        }
        if options.quick {
            options.time = Duration::from_millis(20);
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
