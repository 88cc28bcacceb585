//! What an error is called: the name of its variant, and nothing of what it holds, which may be the
//! peer's, or secret.

use std::fmt::{self, Debug, Write};
use std::io;

use crate::Error;

/// What an error is called.
pub(super) fn error_type(error: &Error) -> String {
    match error {
        Error::Handshake(error) => name(error),
        Error::Receive(error) => name(&error.kind()),
        Error::Send(error) => name(error),
        Error::Io(error) => io_error_type(error),
        // The server could refuse as well.
        Error::Proxy(error) => format!("Proxy{}", name(error)),
        Error::ConnectTimeout | Error::Aborted | Error::Declined { .. } => name(error),
    }
}

/// What an error of the transport is called: for TLS, what rustls calls it.
pub(super) fn io_error_type(error: &io::Error) -> String {
    #[cfg(feature = "rustls")]
    if let Some(error) = crate::tls::error_within(error) {
        return name(error);
    }
    name(&error.kind())
}

/// The name of a variant, with which its derived `Debug` begins.
pub(super) fn name(variant: &impl Debug) -> String {
    let mut name = Name(String::new());
    let _ = write!(name, "{variant:?}"); // It ends early.
    name.0
}

/// Takes a name, and nothing behind it.
struct Name(String);

impl Write for Name {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = text.find(|c: char| !c.is_ascii_alphanumeric());
        self.0.push_str(&text[..end.unwrap_or(text.len())]);
        end.map_or(Ok(()), |_| Err(fmt::Error))
    }
}

#[cfg(test)]
mod tests {
    use miniws_proto::{HandshakeError, ProxyError, ReceiveErrorKind, SendError};

    use super::*;

    #[test]
    fn nothing_but_the_name() {
        assert_eq!(name(&ReceiveErrorKind::ReservedOpcode(3)), "ReservedOpcode");
        assert_eq!(name(&HandshakeError::InvalidUrl { at: 7 }), "InvalidUrl");
        assert_eq!(name(&SendError::Full(Some("secret".into()))), "Full");
        let secret = HandshakeError::InvalidHeaderName("secret".into());
        assert_eq!(error_type(&secret.into()), "InvalidHeaderName");
        assert_eq!(error_type(&ProxyError::Failed(5).into()), "ProxyFailed");
        assert_eq!(error_type(&Error::Declined { status: 403 }), "Declined");
        let reset = io::Error::from(io::ErrorKind::ConnectionReset);
        assert_eq!(error_type(&reset.into()), "ConnectionReset");
        assert_eq!(error_type(&io::Error::other("secret").into()), "Other");
    }
}
