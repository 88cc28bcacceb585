//! The command line.

use lexopt::{Arg, Parser, ValueExt};

const USAGE: &str =
    "usage: https_echo [--addr HOST:PORT] [--plain] [--no-extended-connect] [--subprotocol P]..";

pub(crate) struct Options {
    pub(crate) addr: String,
    pub(crate) plain: bool,
    pub(crate) extended_connect: bool,
    pub(crate) subprotocols: Vec<String>,
}

impl Options {
    pub(crate) fn parse() -> Result<Self, lexopt::Error> {
        let mut options = Self {
            addr: "127.0.0.1:9443".to_owned(),
            plain: false,
            extended_connect: true,
            subprotocols: Vec::new(),
        };
        let mut parser = Parser::from_env();
        while let Some(arg) = parser.next()? {
            match arg {
                Arg::Long("addr") => options.addr = parser.value()?.string()?,
                Arg::Long("plain") => options.plain = true,
                Arg::Long("no-extended-connect") => options.extended_connect = false,
                Arg::Long("subprotocol") => options.subprotocols.push(parser.value()?.string()?),
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
