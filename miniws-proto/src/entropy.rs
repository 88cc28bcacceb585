//! Where a client's unpredictable bytes come from.

use alloc::boxed::Box;

/// A source of unpredictable bytes, which a client needs for its masking keys and its
/// `Sec-WebSocket-Key`.
///
/// RFC 6455 section 5.3 asks for a strong source of entropy: a peer, or a page whose script
/// chooses the payloads, must not be able to predict the keys. The adapters hand in the operating
/// system's generator; a core that is embedded elsewhere is given one by its caller. A closure
/// will do:
///
/// ```
/// use miniws_proto::{Config, Connection, Negotiated};
///
/// // A real program fills from the system's generator. Never use a constant outside a test.
/// let entropy = |destination: &mut [u8]| destination.fill(7);
/// let client = Connection::client(Config::default(), Negotiated::default(), entropy);
/// # let _ = client;
/// ```
pub trait Entropy: Send + Sync {
    /// Fills `destination` with bytes that nobody else can predict.
    fn fill(&mut self, destination: &mut [u8]);
}

impl<F: FnMut(&mut [u8]) + Send + Sync> Entropy for F {
    fn fill(&mut self, destination: &mut [u8]) {
        self(destination);
    }
}

impl Entropy for Box<dyn Entropy> {
    fn fill(&mut self, destination: &mut [u8]) {
        (**self).fill(destination);
    }
}
