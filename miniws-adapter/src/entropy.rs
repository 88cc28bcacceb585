//! The entropy that the core doesn't have.

use miniws_proto::Entropy;

/// The operating system's random number generator.
#[derive(Clone, Copy, Debug, Default)]
pub struct OsEntropy;

impl Entropy for OsEntropy {
    /// # Panics
    ///
    /// When the operating system has no random numbers to give: a predictable masking key would be
    /// worse (RFC 6455 section 10.3). Nothing that a peer or a caller does can bring that about.
    #[allow(clippy::expect_used)]
    fn fill(&mut self, destination: &mut [u8]) {
        getrandom::fill(destination).expect("the operating system has no random numbers");
    }
}
