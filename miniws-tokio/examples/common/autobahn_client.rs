//! What the fuzzing server's clients of all runtimes have in common: their options.

mod deflate;

use lexopt::{Arg, Parser, ValueExt};
use miniws_proto::{Config, DeflateConfig};

const USAGE: &str = concat!(
    "usage: ",
    env!("CARGO_CRATE_NAME"),
    " URL [--deflate[=SETTING,..]]",
);

/// The command line.
pub(crate) struct Options {
    pub(crate) url: String,
    deflate: DeflateConfig,
}

impl Options {
    /// Unless told otherwise, whatever the server may choose is offered, and every echo is
    /// compressed: some fuzzing servers take an uncompressed answer for a fault.
    pub(crate) fn parse() -> Result<Self, lexopt::Error> {
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
                    deflate = deflate::config(settings.as_deref())?;
                }
                Arg::Short('h') | Arg::Long("help") => {
                    println!("{USAGE}");
                    std::process::exit(0);
                }
                _ => return Err(arg.unexpected()),
            }
        }
        let url = url.ok_or(USAGE)?;
        Ok(Self {
            url: url.trim_end_matches('/').to_owned(),
            deflate,
        })
    }

    pub(crate) fn config(&self) -> Config {
        Config::default()
            .max_message_size(32 << 20)
            .max_frame_size(32 << 20)
            .deflate(Some(self.deflate.clone()))
    }
}
