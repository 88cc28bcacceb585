//! `ws` and `wss` URLs (RFC 6455 section 3).

use alloc::borrow::ToOwned as _;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use fluent_uri::Uri;
use fluent_uri::component::{Authority, Host};
use fluent_uri::pct_enc::{DecodedChunk, EStr, encoder};

use super::HandshakeError;

/// Where a WebSocket is: a `ws` or `wss` URL, taken apart (RFC 6455 section 3).
///
/// ```
/// use miniws_proto::Url;
///
/// let url = Url::parse("wss://[2001:db8::1]:8443/chat?room=1")?;
/// assert!(url.is_secure());
/// assert_eq!((url.host(), url.port()), ("2001:db8::1", 8443));
/// assert_eq!(url.authority(), "[2001:db8::1]:8443");
/// assert_eq!(url.target(), "/chat?room=1");
/// # Ok::<(), miniws_proto::HandshakeError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Url {
    is_secure: bool,
    /// With its brackets, if it is an IPv6 address.
    host: String,
    port: u16,
    target: String,
    credentials: Option<(String, String)>,
}

impl Url {
    /// Parses a URL. The scheme may be in any case.
    ///
    /// # Errors
    ///
    /// [`HandshakeError::UnsupportedScheme`], [`NonAsciiUrl`](HandshakeError::NonAsciiUrl),
    /// [`FragmentInUrl`](HandshakeError::FragmentInUrl),
    /// [`EmptyHost`](HandshakeError::EmptyHost),
    /// [`UnsupportedHost`](HandshakeError::UnsupportedHost),
    /// [`InvalidPort`](HandshakeError::InvalidPort),
    /// [`InvalidCredentials`](HandshakeError::InvalidCredentials), and
    /// [`InvalidUrl`](HandshakeError::InvalidUrl) for all else that is wrong.
    pub fn parse(url: &str) -> Result<Self, HandshakeError> {
        if !url.is_ascii() {
            return Err(HandshakeError::NonAsciiUrl);
        }
        let uri =
            Uri::parse(url).map_err(|error| HandshakeError::InvalidUrl { at: error.index() })?;
        let scheme = uri.scheme().as_str();
        let is_secure = scheme.eq_ignore_ascii_case("wss");
        if !is_secure && !scheme.eq_ignore_ascii_case("ws") {
            return Err(HandshakeError::UnsupportedScheme);
        }
        let authority = uri.authority().ok_or(HandshakeError::EmptyHost)?;
        if uri.fragment().is_some() {
            return Err(HandshakeError::FragmentInUrl);
        }
        Ok(Self {
            is_secure,
            host: supported_host(authority)?.to_owned(),
            port: port(authority)?.unwrap_or(default_port(is_secure)),
            target: target(&uri),
            credentials: authority.userinfo().map_or(Ok(None), credentials)?,
        })
    }

    /// Whether the scheme is `wss`, that is, whether to connect over TLS.
    #[must_use]
    pub const fn is_secure(&self) -> bool {
        self.is_secure
    }

    /// The host to connect to: a name or an address, an IPv6 address without its brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        self.host.trim_start_matches('[').trim_end_matches(']')
    }

    /// The port to connect to, 80 or 443 where the URL has none.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Host and port as they stand in the `Host` header: a default port is left out, and so is
    /// the user (RFC 6455 section 4.1 item 4).
    #[must_use]
    pub fn authority(&self) -> String {
        match self.port == default_port(self.is_secure) {
            true => self.host.clone(),
            false => format!("{}:{}", self.host, self.port),
        }
    }

    /// Path and query, what RFC 6455 section 3 calls the resource name; it begins with a `/`.
    #[must_use]
    pub fn target(&self) -> &str {
        &self.target
    }

    /// The user and the password, percent-decoded. The password is empty where there is none.
    #[must_use]
    pub fn credentials(&self) -> Option<(&str, &str)> {
        let (user, password) = self.credentials.as_ref()?;
        Some((user, password))
    }
}

impl fmt::Debug for Url {
    /// Leaves out the user and the password, so that they get into no log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.is_secure { "wss" } else { "ws" };
        write!(f, "{scheme}://{}{}", self.authority(), self.target)
    }
}

/// Whether this is a host with an optional port, as in the `Host` header.
pub(super) fn is_authority(text: &str) -> bool {
    !text.contains(['@', '/', '?', '#']) && Url::parse(&format!("ws://{text}")).is_ok()
}

const fn default_port(is_secure: bool) -> u16 {
    if is_secure { 443 } else { 80 }
}

fn supported_host<'a>(authority: Authority<'a>) -> Result<&'a str, HandshakeError> {
    let host = authority.host();
    match authority.host_parsed() {
        _ if host.is_empty() => Err(HandshakeError::EmptyHost),
        Host::Ipv4 { .. } | Host::Ipv6 { .. } => Ok(host),
        // Nobody resolves a name with percent signs, and as many ways as there are to write it, so
        // many names would it be to whoever compares them.
        Host::RegName(name) if !name.as_str().contains('%') => Ok(host),
        _ => Err(HandshakeError::UnsupportedHost),
    }
}

fn port(authority: Authority<'_>) -> Result<Option<u16>, HandshakeError> {
    match authority.port() {
        Some(port) if !port.is_empty() => {
            let port = port.as_str().parse();
            port.map(Some).map_err(|_| HandshakeError::InvalidPort)
        }
        _ => Ok(None),
    }
}

/// RFC 6455 section 3: the path, `/` where it is empty, and the query.
fn target(uri: &Uri<&str>) -> String {
    let path = match uri.path().as_str() {
        "" => "/",
        path => path,
    };
    match uri.query() {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    }
}

fn credentials(
    userinfo: &EStr<encoder::Userinfo>,
) -> Result<Option<(String, String)>, HandshakeError> {
    let (user, password) = userinfo.split_once(':').unwrap_or((userinfo, EStr::EMPTY));
    let (user, password) = (decode(user)?, decode(password)?);
    // RFC 7617 section 2: the first colon would end the user.
    if user.contains(':') {
        return Err(HandshakeError::InvalidCredentials);
    }
    Ok(Some((user, password)))
}

fn decode(encoded: &EStr<encoder::Userinfo>) -> Result<String, HandshakeError> {
    let mut decoded = Vec::new();
    for chunk in encoded.decode() {
        match chunk {
            DecodedChunk::Unencoded(text) => decoded.extend_from_slice(text.as_bytes()),
            DecodedChunk::PctDecoded(byte) => decoded.push(byte),
        }
    }
    match String::from_utf8(decoded) {
        Ok(text) if !text.contains(char::is_control) => Ok(text),
        _ => Err(HandshakeError::InvalidCredentials),
    }
}

#[cfg(test)]
#[allow(clippy::panic, clippy::unwrap_used)]
mod tests;
