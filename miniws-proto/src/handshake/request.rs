//! A client's request, as a server sees it.

use alloc::boxed::Box;
use alloc::format;
use alloc::vec::Vec;
use core::str;

use super::url::is_authority;
use super::{HandshakeError, Headers};
use crate::negotiate::{self, Extension};

/// The head of a client's request.
///
/// ```
/// use miniws_proto::{Headers, Request};
///
/// let mut headers = Headers::new();
/// headers.push("Host", "example.com")?;
/// headers.push("Origin", "https://example.com")?;
/// let request = Request::new("GET", "/chat?room=1", headers);
/// assert_eq!((request.path(), request.query()), ("/chat", Some("room=1")));
/// assert!(request.is_same_origin());
/// # Ok::<(), miniws_proto::HandshakeError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    method: Box<str>,
    target: Box<str>,
    headers: Headers,
}

impl Request {
    /// A request that another HTTP stack has parsed; it is checked by
    /// [`Incoming::from_request`](crate::Incoming::from_request).
    #[must_use]
    pub fn new(method: &str, target: &str, headers: Headers) -> Self {
        Self {
            method: method.into(),
            target: target.into(),
            headers,
        }
    }

    /// The method. It is `GET` in all requests that [`Incoming`](crate::Incoming) holds.
    #[must_use]
    pub fn method(&self) -> &str {
        &self.method
    }

    /// The target as the client wrote it: path and query, or a whole URL (RFC 9112 section 3.2).
    #[must_use]
    pub fn target(&self) -> &str {
        &self.target
    }

    /// The path of the target, percent-encoded as the client wrote it.
    #[must_use]
    pub fn path(&self) -> &str {
        let (_, path_and_query) = self.split_target();
        match path_and_query.split('?').next() {
            None | Some("") => "/",
            Some(path) => path,
        }
    }

    /// The query of the target, without its question mark.
    #[must_use]
    pub fn query(&self) -> Option<&str> {
        let (_, path_and_query) = self.split_target();
        path_and_query.split_once('?').map(|(_, query)| query)
    }

    /// The header fields.
    #[must_use]
    pub const fn headers(&self) -> &Headers {
        &self.headers
    }

    /// The host, and the port if it is not the default one, that the client wanted to reach: from
    /// the target if that is a whole URL, and else from `Host` (RFC 9112 section 3.2.2).
    #[must_use]
    pub fn host(&self) -> Option<&str> {
        let (authority, _) = self.split_target();
        authority.or_else(|| self.headers.get("Host"))
    }

    /// The origin of the page whose script asks (RFC 6455 section 10.2). Clients other than
    /// browsers send none, or any.
    #[must_use]
    pub fn origin(&self) -> Option<&str> {
        self.headers.get("Origin")
    }

    /// Whether the request does not come from a page of some other site: it has no `Origin`, or
    /// one with the host and port that [`host`](Self::host) names.
    ///
    /// A browser lets any page open a WebSocket to any server and sends that server's cookies
    /// along. A server that goes by cookies must check where the request comes from (RFC 6455
    /// section 10.2). Behind a proxy that changes `Host`, compare [`origin`](Self::origin) with
    /// the names that are known.
    #[must_use]
    pub fn is_same_origin(&self) -> bool {
        let mut origins = self.headers.values("Origin");
        let Some(origin) = origins.next() else {
            return true;
        };
        let origin = str::from_utf8(origin)
            .ok()
            .and_then(|origin| origin.split_once("://"));
        let (Some((scheme, authority)), Some(host), None) = (origin, self.host(), origins.next())
        else {
            return false;
        };
        let default_port = match () {
            () if scheme.eq_ignore_ascii_case("http") => ":80",
            () if scheme.eq_ignore_ascii_case("https") => ":443",
            () => return false,
        };
        let short = |authority| str::strip_suffix(authority, default_port).unwrap_or(authority);
        short(authority).eq_ignore_ascii_case(short(host))
    }

    /// The subprotocols that the client asks for, in its order of preference.
    pub fn subprotocols(&self) -> impl Iterator<Item = &str> {
        self.parse_subprotocols().unwrap_or_default().into_iter()
    }

    /// The extensions that the client offers, in its order of preference.
    ///
    /// ```
    /// use miniws_proto::{Headers, Request};
    ///
    /// let mut headers = Headers::new();
    /// headers.push(
    ///     "Sec-WebSocket-Extensions",
    ///     r#"mux; max-channels=4; flow-control, deflate-stream, application-extension; version="1.1.4""#,
    /// )?;
    /// let extensions = Request::new("GET", "/", headers).extensions();
    /// let names: Vec<_> = extensions.iter().map(|extension| extension.name()).collect();
    /// assert_eq!(names, ["mux", "deflate-stream", "application-extension"]);
    /// let params = |at: usize| extensions[at].params().collect::<Vec<_>>();
    /// assert_eq!(params(0), [("max-channels", Some("4")), ("flow-control", None)]);
    /// assert_eq!(params(2), [("version", Some("1.1.4"))]);
    /// # Ok::<(), miniws_proto::HandshakeError>(())
    /// ```
    #[must_use]
    pub fn extensions(&self) -> Vec<Extension> {
        self.parse_extensions().unwrap_or_default()
    }

    /// The bytes of the request, in HTTP/1.1.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut head = Vec::from(format!("{} {} HTTP/1.1\r\n", self.method, self.target));
        self.headers.encode(&mut head);
        head.extend_from_slice(b"\r\n");
        head
    }

    pub(super) fn parse_subprotocols(&self) -> Result<Vec<&str>, HandshakeError> {
        let malformed = HandshakeError::MalformedSubprotocols;
        let values = all_utf8(&self.headers, "Sec-WebSocket-Protocol").map_err(malformed)?;
        negotiate::parse_subprotocols(values).map_err(malformed)
    }

    pub(super) fn parse_extensions(&self) -> Result<Vec<Extension>, HandshakeError> {
        parse_extensions(&self.headers)
    }

    /// Whether the target is made of visible ASCII characters. What is not allowed of these, such
    /// as a vertical bar, stays: browsers do send it.
    pub(super) fn is_target_clean(&self) -> bool {
        let is_clean = |byte: u8| byte.is_ascii_graphic() && byte != b'#';
        !self.target.is_empty() && self.target.bytes().all(is_clean)
    }

    /// Whether the target names a resource: in the origin form or the absolute form.
    pub(super) fn is_target_resource(&self) -> bool {
        match self.split_target() {
            (Some(authority), _) => is_authority(authority),
            (None, path) => path.starts_with('/'),
        }
    }

    /// The authority in a target that is a whole URL, and what comes behind it.
    fn split_target(&self) -> (Option<&str>, &str) {
        let target = &*self.target;
        match target.split_once("://") {
            Some((scheme, rest)) if is_web_scheme(scheme) => {
                let end = rest.find(['/', '?']).unwrap_or(rest.len());
                let (authority, path_and_query) = rest.split_at(end);
                (Some(authority), path_and_query)
            }
            _ => (None, target),
        }
    }
}

fn is_web_scheme(scheme: &str) -> bool {
    ["http", "https", "ws", "wss"]
        .iter()
        .any(|known| scheme.eq_ignore_ascii_case(known))
}

/// The extensions that a request or a response names.
pub(super) fn parse_extensions(headers: &Headers) -> Result<Vec<Extension>, HandshakeError> {
    let malformed = HandshakeError::MalformedExtensions;
    let values = all_utf8(headers, "Sec-WebSocket-Extensions").map_err(malformed)?;
    negotiate::parse_extensions(values).map_err(malformed)
}

/// The values of all fields with this name. One that is not UTF-8 is no list of tokens, and must
/// not be passed over.
fn all_utf8<'a>(headers: &'a Headers, name: &str) -> Result<Vec<&'a str>, negotiate::HeaderError> {
    headers
        .values(name)
        .map(|value| str::from_utf8(value).map_err(|_| negotiate::HeaderError::InvalidToken))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(target: &str, headers: &[(&str, &str)]) -> Request {
        let mut all = Headers::new();
        for (name, value) in headers {
            assert_eq!(all.push(name, value), Ok(()));
        }
        Request::new("GET", target, all)
    }

    #[test]
    fn targets() {
        // Target; whether it names a resource; path, query, host
        let cases = [
            ("/", true, "/", None, "h"),
            ("/a/b?c?d", true, "/a/b", Some("c?d"), "h"),
            ("/?", true, "/", Some(""), "h"),
            ("/://x", true, "/://x", None, "h"),
            ("http://other", true, "/", None, "other"),
            ("WSS://other:1/a?b", true, "/a", Some("b"), "other:1"),
            ("ws://other?b=/", true, "/", Some("b=/"), "other"),
            ("*", false, "*", None, "h"),
            ("h:80", false, "h:80", None, "h"),
            ("ftp://other/", false, "ftp://other/", None, "h"),
            ("http:///a", false, "/a", None, ""),
            ("http://u@other/", false, "/", None, "u@other"),
        ];
        for (target, is_resource, path, query, host) in cases {
            let request = request(target, &[("Host", "h")]);
            assert_eq!(request.is_target_resource(), is_resource, "{target}");
            assert_eq!((request.path(), request.query()), (path, query), "{target}");
            assert_eq!(request.host(), Some(host), "{target}");
        }
    }

    #[test]
    fn same_origin() {
        let cases: &[(&str, &[&str], bool)] = &[
            ("h", &[], true),
            ("h", &["https://h"], true),
            ("H:443", &["https://h"], true),
            ("h", &["HTTP://h:80"], true),
            ("h:8080", &["http://h:8080"], true),
            ("h:8080", &["http://h"], false),
            ("h:80", &["https://h"], false),
            ("h", &["https://g"], false),
            ("h", &["https://h.g"], false),
            ("h", &["null"], false),
            ("h", &["chrome-extension://h"], false),
            ("h", &["https://h", "https://h"], false),
            ("h", &["https://g", "https://h"], false),
        ];
        for (host, origins, expected) in cases {
            let mut headers = alloc::vec![("Host", *host)];
            headers.extend(origins.iter().map(|origin| ("Origin", *origin)));
            let request = request("/", &headers);
            assert_eq!(request.is_same_origin(), *expected, "{host} {origins:?}");
        }
    }

    #[test]
    fn lists_that_are_not_ascii() {
        for value in [&b"a\xff"[..], "é".as_bytes()] {
            let mut headers = Headers::new();
            for name in ["Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions"] {
                assert_eq!(headers.push(name, "good"), Ok(()));
                assert_eq!(headers.push(name, value), Ok(()));
            }
            let request = Request::new("GET", "/", headers);
            assert!(request.parse_subprotocols().is_err());
            assert!(request.parse_extensions().is_err());
        }
    }
}
