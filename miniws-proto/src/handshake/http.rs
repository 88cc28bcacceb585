//! Conversions to and from the types of the crate `http`, for HTTP stacks that use them.

use bytes::Bytes;
use http::header::{CONNECTION, HOST, HeaderMap, HeaderName, HeaderValue, UPGRADE};
use http::{Method, StatusCode, Uri, request, response};

use super::{HandshakeError, Headers, Reply, Request, Response};

/// # Errors
///
/// [`HandshakeError::InvalidHeaderValue`] for a value with a control character in it.
impl TryFrom<&HeaderMap> for Headers {
    type Error = HandshakeError;

    fn try_from(map: &HeaderMap) -> Result<Self, HandshakeError> {
        let mut headers = Self::new();
        for (name, value) in map {
            headers.push(name.as_str(), value)?;
        }
        Ok(headers)
    }
}

/// The case of the names is lost, which never matters to a recipient that keeps to the rules.
///
/// # Errors
///
/// None for headers that this crate has checked, which all are.
impl TryFrom<&Headers> for HeaderMap {
    type Error = HandshakeError;

    fn try_from(headers: &Headers) -> Result<Self, HandshakeError> {
        let mut map = Self::with_capacity(headers.len());
        for (name, value) in headers.iter() {
            let invalid_name = |_| HandshakeError::InvalidHeaderName(name.into());
            let invalid_value = |_| HandshakeError::InvalidHeaderValue(name.into());
            map.append(
                HeaderName::from_bytes(name.as_bytes()).map_err(invalid_name)?,
                HeaderValue::from_bytes(value).map_err(invalid_value)?,
            );
        }
        Ok(map)
    }
}

/// The `:authority` of HTTP/2 becomes the `Host`, unless there is one. The target is the path and
/// query.
///
/// ```
/// let (parts, ()) = http::Request::connect("https://example.com/chat?room=7")
///     .header("sec-websocket-version", "13")
///     .body(())?
///     .into_parts();
/// let request = miniws_proto::Request::try_from(&parts)?;
/// assert_eq!((request.method(), request.target()), ("CONNECT", "/chat?room=7"));
/// assert_eq!(request.host(), Some("example.com"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// As for headers.
impl TryFrom<&request::Parts> for Request {
    type Error = HandshakeError;

    fn try_from(parts: &request::Parts) -> Result<Self, HandshakeError> {
        convert(&parts.method, &parts.uri, &parts.headers)
    }
}

/// As the parts of the request.
///
/// # Errors
///
/// As for headers.
impl<B> TryFrom<&http::Request<B>> for Request {
    type Error = HandshakeError;

    fn try_from(request: &http::Request<B>) -> Result<Self, HandshakeError> {
        convert(request.method(), request.uri(), request.headers())
    }
}

fn convert(method: &Method, uri: &Uri, map: &HeaderMap) -> Result<Request, HandshakeError> {
    let mut headers = Headers::try_from(map)?;
    if let Some(authority) = uri.authority()
        && !map.contains_key(HOST)
    {
        headers.push(HOST.as_str(), authority.as_str())?;
    }
    let target = uri.path_and_query().map_or("/", |path| path.as_str());
    Ok(Request::new(method.as_str(), target, headers))
}

/// A request without its `:protocol`, which each HTTP stack has a type of its own for. An extended
/// CONNECT (RFC 8441) is to have an absolute URI: add scheme and authority.
///
/// # Errors
///
/// [`HandshakeError::InvalidTarget`] for a method or target that `http` doesn't take.
impl TryFrom<&Request> for http::Request<()> {
    type Error = HandshakeError;

    fn try_from(request: &Request) -> Result<Self, HandshakeError> {
        let mut converted = http::Request::builder()
            .method(request.method())
            .uri(request.target())
            .body(())
            .map_err(|_| HandshakeError::InvalidTarget)?;
        *converted.headers_mut() = HeaderMap::try_from(request.headers())?;
        Ok(converted)
    }
}

/// The HTTP stack adds what delimits the body.
///
/// # Errors
///
/// [`HandshakeError::InvalidStatus`], [`HandshakeError::BodyNotAllowed`] and whatever else was wrong
/// with the reply when it was built.
impl TryFrom<Reply> for http::Response<Bytes> {
    type Error = HandshakeError;

    fn try_from(mut reply: Reply) -> Result<Self, HandshakeError> {
        reply.check()?;
        let invalid = |_| HandshakeError::InvalidStatus(reply.status());
        let status = StatusCode::from_u16(reply.status()).map_err(invalid)?;
        let mut response = http::Response::new(reply.take_body());
        *response.status_mut() = status;
        let mut headers = HeaderMap::try_from(reply.headers())?;
        if headers.contains_key(UPGRADE) {
            // RFC 9110 section 7.8: `Upgrade` is only for the next hop, and this says so.
            headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
        }
        *response.headers_mut() = headers;
        Ok(response)
    }
}

/// A response without its body.
///
/// # Errors
///
/// As for headers.
impl TryFrom<&response::Parts> for Response {
    type Error = HandshakeError;

    fn try_from(parts: &response::Parts) -> Result<Self, HandshakeError> {
        let headers = Headers::try_from(&parts.headers)?;
        Ok(Self::new(parts.status.as_u16(), headers))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::{Accept, ClientRequest, Config, Offer, Upgrade};

    /// A handshake as RFC 8441 has it, with every message converted on its way.
    #[test]
    fn an_upgrade_is_for_the_next_hop() {
        let response = http::Response::try_from(Reply::upgrade_required()).unwrap();
        assert_eq!(response.headers()[CONNECTION], "Upgrade");
        let response = http::Response::try_from(Reply::new(403)).unwrap();
        assert!(!response.headers().contains_key(CONNECTION));
    }

    #[test]
    fn a_handshake_through_the_types_of_http() {
        let request = ClientRequest::new("wss://u:p@h:8443/a?b").unwrap();
        let request = request.subprotocol("chat").header("X-Lang", b"f\xfc");
        let entropy = |keys: &mut [u8]| keys.fill(1);
        let offer = Offer::connect(request, Config::default(), entropy).unwrap();

        let sent = http::Request::try_from(offer.request()).unwrap();
        assert_eq!(sent.method(), "CONNECT");
        assert_eq!(sent.uri(), "/a?b");
        let (parts, ()) = sent.into_parts();
        let received = Request::try_from(&parts).unwrap();
        assert_eq!(received.host(), Some("h:8443"));
        let lang = received
            .headers()
            .iter()
            .find(|(name, _)| *name == "x-lang");
        assert_eq!(lang, Some(("x-lang", &b"f\xfc"[..])));

        let upgrade = Upgrade::from_connect(received, Config::default()).unwrap();
        let accept = Accept::new().subprotocol("chat").header("X-Node", "1");
        let (reply, server) = upgrade.accept_detached(accept).unwrap();
        assert_eq!(server.subprotocol(), Some("chat"));
        let (parts, body) = http::Response::try_from(reply).unwrap().into_parts();
        assert_eq!((parts.status.as_u16(), body.len()), (200, 0));
        assert!(!parts.headers.contains_key("upgrade"));
        assert!(!parts.headers.contains_key("sec-websocket-accept"));

        let response = Response::try_from(&parts).unwrap();
        assert_eq!(response.headers().get("x-node"), Some("1"));
        let client = offer.accept(&response).unwrap();
        assert_eq!(client.subprotocol(), Some("chat"));
    }

    #[test]
    fn what_is_no_extended_connect_is_refused() {
        let entropy = |keys: &mut [u8]| keys.fill(1);
        let request = ClientRequest::new("wss://h/").unwrap();
        let offer = Offer::connect(request, Config::default(), entropy).unwrap();
        let sent = http::Request::try_from(offer.request()).unwrap();

        let (mut parts, ()) = sent.into_parts();
        parts.method = Method::GET;
        let received = Request::try_from(&parts).unwrap();
        let refused = Upgrade::from_connect(received, Config::default()).unwrap_err();
        assert_eq!(refused, HandshakeError::MethodNotAllowed { is_head: false });

        let response = Response::new(403, Headers::new());
        match offer.accept(&response) {
            Err(HandshakeError::Refused(refusal)) => assert_eq!(refusal.status(), 403),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_host_that_is_there_is_kept() {
        let request = http::Request::get("http://authority/").header("host", "named");
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let request = Request::try_from(&parts).unwrap();
        assert_eq!(
            (request.host(), request.headers().len()),
            (Some("named"), 1)
        );
    }

    #[test]
    fn a_reply_that_is_wrong_is_not_sent() {
        for reply in [
            Reply::new(99),
            Reply::new(204).body("x"),
            Reply::new(403).header("a\n", ""),
        ] {
            assert!(http::Response::try_from(reply).is_err());
        }
    }
}
