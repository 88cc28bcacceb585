//! What the fuzzing server's clients of all runtimes have in common: their options.

mod deflate;

use lexopt::{Arg, Parser, ValueExt};
use miniws_proto::{Config, DeflateConfig};

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
                _ => return Err(arg.unexpected()),
            }
        }
        let url = url.ok_or("usage: autobahn_client URL [--deflate[=SETTING,..]]")?;
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
