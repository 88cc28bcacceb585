//! `ws` and `wss` URLs (RFC 6455 section 3), and `ws+unix` ones.

use alloc::borrow::ToOwned as _;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use fluent_uri::component::{Authority, Host};
use fluent_uri::pct_enc::{DecodedChunk, EStr, Encoder, encoder};
use fluent_uri::{Uri, UriRef};

use super::HandshakeError;

/// Where a WebSocket is: a `ws` or `wss` URL, taken apart (RFC 6455 section 3).
///
/// A WebSocket over a Unix socket has a URL as Node's `ws` has it, `ws+unix:/path/to/socket:/resource?query`:
/// what comes before the colon is the path of the socket, percent-decoded. Its host is `localhost`.
///
/// ```
/// use miniws_proto::Url;
///
/// let url = Url::parse("wss://[2001:db8::1]:8443/chat?room=1")?;
/// assert!(url.is_secure());
/// assert_eq!((url.host(), url.port()), ("2001:db8::1", 8443));
/// assert_eq!(url.authority(), "[2001:db8::1]:8443");
/// assert_eq!(url.target(), "/chat?room=1");
///
/// let url = Url::parse("ws+unix:/run/chat.sock:/chat")?;
/// assert_eq!((url.unix_path(), url.target()), (Some("/run/chat.sock"), "/chat"));
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
    unix_path: Option<String>,
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
    /// [`InvalidCredentials`](HandshakeError::InvalidCredentials),
    /// [`InvalidSocketPath`](HandshakeError::InvalidSocketPath), and
    /// [`InvalidUrl`](HandshakeError::InvalidUrl) for all else that is wrong.
    pub fn parse(url: &str) -> Result<Self, HandshakeError> {
        if !url.contains(':') {
            return Err(HandshakeError::UnsupportedScheme); // There is none.
        }
        let uri = parse_uri(url)?;
        let scheme = uri.scheme().as_str();
        if scheme.eq_ignore_ascii_case("ws+unix") {
            return Self::over_unix(&uri);
        }
        let is_secure = scheme.eq_ignore_ascii_case("wss");
        if !is_secure && !scheme.eq_ignore_ascii_case("ws") {
            return Err(HandshakeError::UnsupportedScheme);
        }
        Self::over_tcp(&uri, is_secure, default_port(is_secure))
    }

    /// Whatever the scheme says, which the caller has looked at.
    pub(super) fn over_tcp(
        uri: &Uri<&str>,
        is_secure: bool,
        default_port: u16,
    ) -> Result<Self, HandshakeError> {
        let authority = uri.authority().ok_or(HandshakeError::EmptyHost)?;
        Ok(Self {
            is_secure,
            host: supported_host(authority)?.to_owned(),
            port: port(authority)?.unwrap_or(default_port),
            target: target(uri.path().as_str(), uri.query()),
            credentials: authority.userinfo().map_or(Ok(None), credentials)?,
            unix_path: None,
        })
    }

    fn over_unix(uri: &Uri<&str>) -> Result<Self, HandshakeError> {
        let (socket, path) = match uri.path().split_once(':') {
            Some((socket, path)) => (socket, path.as_str()),
            None => (uri.path(), ""),
        };
        let is_absolute = |path: &str| path.is_empty() || path.starts_with('/');
        let socket = decode(socket).ok_or(HandshakeError::InvalidSocketPath)?;
        if uri.authority().is_some() || socket.is_empty() || !is_absolute(path) {
            return Err(HandshakeError::InvalidSocketPath);
        }
        Ok(Self {
            is_secure: false,
            host: "localhost".to_owned(),
            port: default_port(false),
            target: target(path, uri.query()),
            credentials: None,
            unix_path: Some(socket),
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

    /// Host and port, always with the port.
    pub(super) fn host_and_port(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// Path and query, what RFC 6455 section 3 calls the resource name; it begins with a `/`.
    #[must_use]
    pub fn target(&self) -> &str {
        &self.target
    }

    /// The path of the Unix socket to connect to, of a `ws+unix` URL.
    #[must_use]
    pub fn unix_path(&self) -> Option<&str> {
        self.unix_path.as_deref()
    }

    /// The user and the password, percent-decoded. The password is empty where there is none.
    #[must_use]
    pub fn credentials(&self) -> Option<(&str, &str)> {
        let (user, password) = self.credentials.as_ref()?;
        Some((user, password))
    }
}

/// Redirects.
impl Url {
    /// Where a `Location` leads from here (RFC 9110 section 10.2.2), less its fragment, which is for
    /// whoever shows a page.
    pub(super) fn resolve(&self, location: &str) -> Result<Self, HandshakeError> {
        let resolved = self.resolve_uri(location);
        let resolved = resolved.ok_or(HandshakeError::InvalidLocation)?;
        let scheme = match &*resolved.scheme().as_str().to_ascii_lowercase() {
            "ws" | "http" => "ws",
            "wss" | "https" => "wss",
            _ => return Err(HandshakeError::InvalidLocation),
        };
        let resolved = resolved.strip_fragment();
        let (_, rest) = resolved.as_str().split_once(':').unwrap_or_default();
        let url = Self::parse(&format!("{scheme}:{rest}"));
        let url = url.map_err(|_| HandshakeError::InvalidLocation)?;
        Ok(Self {
            unix_path: self.unix_path.clone(),
            ..url
        })
    }

    fn resolve_uri(&self, location: &str) -> Option<Uri<String>> {
        let location = UriRef::parse(location).ok()?;
        let is_elsewhere = location.scheme().is_some() || location.authority().is_some();
        if self.unix_path.is_some() && is_elsewhere {
            return None;
        }
        let base = format!("{}://{}{}", self.scheme(), self.authority(), self.target);
        location.resolve_against(&Uri::parse(&*base).ok()?).ok()
    }

    /// Whether scheme, host and port are the same.
    pub(super) fn is_same_origin(&self, other: &Self) -> bool {
        self.is_secure == other.is_secure
            && self.host.eq_ignore_ascii_case(&other.host)
            && self.port == other.port
            && self.unix_path == other.unix_path
    }

    /// With the credentials of another URL, unless it has some.
    pub(super) fn or_credentials_of(self, other: Self) -> Self {
        let credentials = self.credentials.or(other.credentials);
        Self {
            credentials,
            ..self
        }
    }

    fn scheme(&self) -> &'static str {
        if self.is_secure { "wss" } else { "ws" }
    }
}

impl fmt::Debug for Url {
    /// Leaves out the user and the password, so that they get into no log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(socket) = &self.unix_path {
            return write!(f, "ws+unix:{socket}:{}", self.target);
        }
        write!(f, "{}://{}{}", self.scheme(), self.authority(), self.target)
    }
}

/// Whether this is a host with an optional port, as in the `Host` header.
pub(super) fn is_authority(text: &str) -> bool {
    !text.contains(['@', '/', '?', '#']) && Url::parse(&format!("ws://{text}")).is_ok()
}

/// Parses a URL of ASCII without a fragment.
pub(super) fn parse_uri(url: &str) -> Result<Uri<&str>, HandshakeError> {
    if !url.is_ascii() {
        return Err(HandshakeError::NonAsciiUrl);
    }
    let uri = Uri::parse(url).map_err(|error| HandshakeError::InvalidUrl { at: error.index() })?;
    match uri.fragment() {
        None => Ok(uri),
        Some(_) => Err(HandshakeError::FragmentInUrl),
    }
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
fn target(path: &str, query: Option<&EStr<encoder::Query>>) -> String {
    let path = match path {
        "" => "/",
        path => path,
    };
    match query {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    }
}

fn credentials(
    userinfo: &EStr<encoder::Userinfo>,
) -> Result<Option<(String, String)>, HandshakeError> {
    let (user, password) = userinfo.split_once(':').unwrap_or((userinfo, EStr::EMPTY));
    let (user, password) = decode(user)
        .zip(decode(password))
        .ok_or(HandshakeError::InvalidCredentials)?;
    // RFC 7617 section 2: the first colon would end the user.
    if user.contains(':') {
        return Err(HandshakeError::InvalidCredentials);
    }
    Ok(Some((user, password)))
}

/// `None` for what is not UTF-8 or has control characters in it.
fn decode<E: Encoder>(encoded: &EStr<E>) -> Option<String> {
    let mut decoded = Vec::new();
    for chunk in encoded.decode() {
        match chunk {
            DecodedChunk::Unencoded(text) => decoded.extend_from_slice(text.as_bytes()),
            DecodedChunk::PctDecoded(byte) => decoded.push(byte),
        }
    }
    let text = String::from_utf8(decoded).ok()?;
    (!text.contains(char::is_control)).then_some(text)
}

#[cfg(test)]
#[allow(clippy::panic, clippy::unwrap_used)]
mod tests;
