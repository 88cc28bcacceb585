//! The option `--deflate[=SETTING,..]` of the examples.

use miniws_proto::DeflateConfig;

/// Reads the settings, without which there are the defaults: `level=1..9`, `memory=1..9`,
/// `bits=9..15` and `peer-bits=8..15` for the windows, `takeover` and `no-peer-takeover` for what is
/// kept of them, `threshold=BYTES` from which on to compress (0 compresses everything), and
/// `ratio=N` for how much a message may grow.
pub(crate) fn config(settings: Option<&str>) -> Result<DeflateConfig, String> {
    let mut config = DeflateConfig::default();
    for setting in settings.into_iter().flat_map(|list| list.split(',')) {
        let (name, value) = match setting.split_once('=') {
            Some((name, value)) => {
                let number: u32 = value
                    .parse()
                    .map_err(|_| format!("{value:?} is not a number"))?;
                (name, Some(number))
            }
            None => (setting, None),
        };
        let bits = |number| u8::try_from(number).unwrap_or(u8::MAX);
        config = match (name, value) {
            ("level", Some(level)) => config.level(bits(level)),
            ("memory", Some(level)) => config.memory_level(bits(level)),
            ("bits", Some(number)) => config.send_window_bits(bits(number)),
            ("peer-bits", Some(number)) => config.receive_window_bits(bits(number)),
            ("threshold", Some(bytes)) => config.threshold(bytes as usize),
            ("ratio", ratio @ Some(_)) => config.max_ratio(ratio),
            ("takeover", None) => config.send_takeover(true),
            ("no-peer-takeover", None) => config.receive_takeover(false),
            _ => return Err(format!("there is no setting {setting:?} of --deflate")),
        };
    }
    Ok(config)
}
