//! The receive path of either role with compression.

use arbitrary::{Arbitrary, Unstructured};
use miniws_proto::negotiate::{DeflateParams, parse_extensions};
use miniws_proto::{Config, DeflateConfig, Negotiated};

use crate::model::inflate::Compressed;
use crate::receive::receive;

/// The first bytes of the input of `compressed_receive`, before those of `ReceiveSettings`. All zero
/// is a client that receives with context takeover, a window of 15 bits, and no limit of the ratio.
#[derive(Arbitrary, Clone, Copy, Debug, Default)]
pub struct CompressionSettings {
    /// The least significant bit: whether the server receives. The next: whether there is no context
    /// takeover. The next three: by how many bits the window is smaller than 15.
    pub flags: u8,
    /// The largest ratio, 0 for no limit.
    pub max_ratio: u8,
}

/// What a peer sends that may compress its messages, as the rest of the input.
pub fn compressed_receive(data: &[u8]) {
    let mut input = Unstructured::new(data);
    let Ok(settings) = CompressionSettings::arbitrary(&mut input) else {
        return;
    };
    let is_server = settings.flags & 1 != 0;
    receive(input, is_server, Some(Compression { settings }));
}

/// Compression in the direction that is received. What is sent is left as it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Compression {
    settings: CompressionSettings,
}

impl Compression {
    pub(crate) fn model(self) -> Compressed {
        Compressed {
            window_bits: self.takeover().then_some(self.window_bits()),
            max_ratio: self.max_ratio(),
        }
    }

    pub(crate) fn apply(self, config: Config) -> (Config, Negotiated) {
        let deflate = DeflateConfig::default()
            .threshold(usize::MAX)
            .max_ratio(self.max_ratio());
        let mut answer = format!(
            "permessage-deflate; client_max_window_bits={0}; server_max_window_bits={0}",
            self.window_bits()
        );
        if !self.takeover() {
            answer.push_str("; client_no_context_takeover; server_no_context_takeover");
        }
        let answer = parse_extensions([&*answer]).expect("it is in order");
        let params = DeflateParams::from_extension(&answer[0]).expect("it is in order");
        let negotiated = Negotiated::new().with_deflate(params);
        (config.deflate(Some(deflate)), negotiated)
    }

    fn takeover(self) -> bool {
        self.settings.flags & 2 == 0
    }

    fn window_bits(self) -> u8 {
        15 - (self.settings.flags >> 2 & 7)
    }

    fn max_ratio(self) -> Option<u32> {
        Some(self.settings.max_ratio.into()).filter(|ratio| *ratio > 0)
    }
}
