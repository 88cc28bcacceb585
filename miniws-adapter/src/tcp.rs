//! How patient every adapter is with TCP.

use std::io;
use std::time::Duration;

/// How long an attempt has for itself before the next address is tried (RFC 8305 section 5).
pub const ATTEMPT_DELAY: Duration = Duration::from_millis(250);

/// How long to wait when the machine is out of descriptors, threads or memory, before accepting
/// again.
pub const EXHAUSTED_DELAY: Duration = Duration::from_millis(50);

/// Whether only the one connection that was to be accepted has failed.
#[must_use]
pub fn is_transient(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::Interrupted
    )
}
