//! How every adapter goes about TCP.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

/// Which addresses of a host a client may use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IpFamily {
    /// Both, IPv6 first (RFC 8305 section 4).
    #[default]
    Any,
    /// IPv4 only.
    V4,
    /// IPv6 only.
    V6,
}

impl IpFamily {
    /// The addresses to try, in the order in which to try them: those of the family, IPv6 and IPv4
    /// in turn, so that a family that leads nowhere costs one attempt only (RFC 8305 section 4).
    #[must_use]
    pub fn order(self, addresses: impl IntoIterator<Item = SocketAddr>) -> Vec<SocketAddr> {
        let (v6, v4): (Vec<_>, Vec<_>) = addresses.into_iter().partition(SocketAddr::is_ipv6);
        match self {
            Self::V4 => v4,
            Self::V6 => v6,
            Self::Any => {
                let longer = v6.len().max(v4.len());
                (0..longer)
                    .flat_map(|at| [v6.get(at), v4.get(at)])
                    .flatten()
                    .copied()
                    .collect()
            }
        }
    }
}

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
