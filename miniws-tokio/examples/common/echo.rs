//! What the echo servers of all runtimes have in common: their options and their page.

mod deflate;

use lexopt::{Arg, Parser, ValueExt};
use miniws_proto::{Config, DeflateConfig, Reply};

const USAGE: &str = concat!(
    "usage: ",
    env!("CARGO_CRATE_NAME"),
    " [--addr HOST:PORT] [--max-message BYTES] [--subprotocol P].. [--deflate[=SETTING,..]]",
);

/// The command line.
pub(crate) struct Options {
    pub(crate) addr: String,
    pub(crate) subprotocols: Vec<String>,
    max_message: usize,
    deflate: Option<DeflateConfig>,
}

impl Options {
    pub(crate) fn parse() -> Result<Self, lexopt::Error> {
        let mut options = Self {
            addr: "127.0.0.1:9001".to_owned(),
            subprotocols: Vec::new(),
            max_message: 32 << 20,
            deflate: None,
        };
        let mut parser = Parser::from_env();
        while let Some(arg) = parser.next()? {
            match arg {
                Arg::Long("addr") => options.addr = parser.value()?.string()?,
                Arg::Long("max-message") => options.max_message = parser.value()?.parse()?,
                Arg::Long("subprotocol") => options.subprotocols.push(parser.value()?.string()?),
                Arg::Long("deflate") => {
                    let settings = parser.optional_value().map(ValueExt::string).transpose()?;
                    options.deflate = Some(deflate::config(settings.as_deref())?);
                }
                Arg::Short('h') | Arg::Long("help") => {
                    println!("{USAGE}");
                    std::process::exit(0);
                }
                _ => return Err(arg.unexpected()),
            }
        }
        Ok(options)
    }

    pub(crate) fn config(&self) -> Config {
        Config::default()
            .max_message_size(self.max_message)
            .max_frame_size(self.max_message)
            .deflate(self.deflate.clone())
    }
}

pub(crate) fn page() -> Reply {
    Reply::new(200)
        .header("Content-Type", "text/html; charset=utf-8")
        // With these two a browser's clock is finer, and so are the round trips on the page.
        .header("Cross-Origin-Opener-Policy", "same-origin")
        .header("Cross-Origin-Embedder-Policy", "require-corp")
        .body(include_str!("../pages/echo.html"))
}
