//! The command line.

use lexopt::{Arg, Parser, ValueExt};

const USAGE: &str = "usage: chat [--addr HOST:PORT] [--redis URL]";

pub(crate) struct Options {
    pub(crate) addr: String,
    pub(crate) redis: Option<String>,
}

impl Options {
    pub(crate) fn parse() -> Result<Self, lexopt::Error> {
        let mut options = Self {
            addr: "127.0.0.1:9001".to_owned(),
            redis: None,
        };
        let mut parser = Parser::from_env();
        while let Some(arg) = parser.next()? {
            match arg {
                Arg::Long("addr") => options.addr = parser.value()?.string()?,
                Arg::Long("redis") => options.redis = Some(parser.value()?.string()?),
                Arg::Short('h') | Arg::Long("help") => {
                    println!("{USAGE}");
                    std::process::exit(0);
                }
                _ => return Err(arg.unexpected()),
            }
        }
        Ok(options)
    }
}
