//! What concerns a listening server as a whole.

use std::io;

use super::TARGET;
use super::error_type::io_error_type;

/// A server stops listening.
pub fn stopping() {
    tracing::info!(target: TARGET, "stopping");
}

/// A server that stops closes its connections.
pub fn closing_all(connections: usize) {
    tracing::info!(target: TARGET, { websocket.connections = connections }, "closing all");
}

/// A server that stops ends those that have not closed in time.
pub fn ending_all(connections: usize) {
    tracing::warn!(target: TARGET, { websocket.connections = connections }, "ending all");
}

/// No connection can be accepted for the moment: the machine is out of descriptors, threads or memory.
pub fn exhausted(error: &io::Error) {
    tracing::warn!(target: TARGET, { error.type = io_error_type(error) }, "accepting failed");
}

/// Whether a server has had as many unfinished handshakes as it may have at a time. It is told once, and
/// again after there have been half as many at most.
#[derive(Debug, Default)]
pub struct Crowd {
    is_told: bool,
}

impl Crowd {
    /// There are so many now.
    pub fn observe(&mut self, handshakes: usize, max: usize) {
        let is_full = handshakes >= max;
        if is_full && !self.is_told {
            tracing::warn!(target: TARGET, { websocket.handshakes = handshakes }, "max_handshakes reached");
        }
        self.is_told = is_full || (self.is_told && handshakes > max / 2);
    }
}
