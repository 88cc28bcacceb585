//! How the two sides are set up.

use std::time::Duration;

use arbitrary::Arbitrary;
use miniws_proto::negotiate::{offer_deflate, parse_extensions, select_deflate};
use miniws_proto::{Config, Connection, DeflateConfig, Negotiated};

use crate::limits::FromOne;

/// How a side is set up. All zero is the default configuration.
#[derive(Arbitrary, Clone, Copy, Debug)]
pub(super) struct Setup {
    max_queued: FromOne,
    fragment: FromOne,
    /// From the least significant bit: whether it receives in chunks, keeps the connection alive, and
    /// can do compression; then whether it compresses and inflates with context takeover, whether it
    /// compresses even the smallest message, and whether windows are small.
    flags: u8,
}

impl Setup {
    fn is(self, bit: u8) -> bool {
        self.flags >> bit & 1 == 1
    }

    fn deflate(self) -> Option<DeflateConfig> {
        let bits = if self.is(6) { 9 } else { 15 };
        let deflate = DeflateConfig::default()
            .send_takeover(self.is(3))
            .receive_takeover(self.is(4))
            .threshold(if self.is(5) { 0 } else { 256 })
            .send_window_bits(bits)
            .receive_window_bits(bits)
            .level(1)
            .memory_level(1)
            .release_after(Some(Duration::from_millis(200)));
        self.is(2).then_some(deflate)
    }

    pub(super) fn receives_chunks(self) -> bool {
        self.is(0)
    }

    pub(super) fn max_queued(self) -> usize {
        self.max_queued.get().unwrap_or(1 << 20)
    }

    pub(super) fn connection(self, is_server: bool, negotiated: Negotiated) -> Connection {
        let config = Config::default()
            .chunks(self.receives_chunks())
            .fragment_size(self.fragment.get())
            .deflate(self.deflate())
            .keep_alive(self.is(1).then_some(Duration::from_millis(100)))
            .pong_timeout(Duration::MAX)
            .write_timeout(None)
            .close_timeout(Duration::MAX);
        let config = self.max_queued.set(config, Config::max_queued);
        match is_server {
            true => Connection::server(config, negotiated),
            false => Connection::client(config, negotiated, entropy),
        }
    }
}

pub(super) fn negotiate([server, client]: [Setup; 2]) -> Negotiated {
    let (Some(server), Some(client)) = (server.deflate(), client.deflate()) else {
        return Negotiated::new();
    };
    let offers = parse_extensions([&*offer_deflate(&client)]).expect("an offer can be read");
    let params = select_deflate(&server, &offers).expect("no offer of ours is declined");
    Negotiated::new().with_deflate(params)
}

fn entropy(destination: &mut [u8]) {
    for (byte, key) in destination.iter_mut().zip(1_u8..=255) {
        *byte = key.wrapping_mul(37);
    }
}
