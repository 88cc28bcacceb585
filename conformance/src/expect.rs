//! What a case expects of a handshake: only what it names is compared.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::http::{HttpRequest, HttpResponse};
use crate::subject::{Failure, SeenRequest, SeenResponse};

/// An error that the application gets; `code` and `http` are compared even when they are absent,
/// `offset` is not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpectedError {
    /// The kind in kebab-case.
    pub kind: String,
    /// The close code that tells the peer.
    pub code: Option<u16>,
    /// The status of the HTTP answer.
    pub http: Option<u16>,
    /// How many bytes of complete frames the peer had sent before.
    pub offset: Option<u64>,
}

impl ExpectedError {
    pub(crate) fn matches(&self, failure: &Failure) -> bool {
        self.kind == failure.kind
            && self.code == failure.code
            && self.http == failure.status
            && (self.offset.is_none() || self.offset == failure.offset)
    }
}

/// The server's answer as it stands on the wire.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpectedResponse {
    /// The status code.
    pub status: u16,
    /// Headers that are there, with exactly these values.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// Headers that are not there.
    #[serde(default)]
    pub absent: Vec<String>,
    /// The whole body. Without it, an error has a short text for a body.
    pub body: Option<String>,
}

impl ExpectedResponse {
    pub(crate) fn check(&self, got: &HttpResponse) -> Result<(), String> {
        same("status", &self.status, &got.status)?;
        check_headers(&self.headers, &got.headers)?;
        check_absent(&self.absent, &got.headers)?;
        if got.status == 101 {
            return Ok(());
        }
        if !says_close(&got.headers) {
            return Err("no `Connection: close`, though no connection outlives a refusal".into());
        }
        let body = std::str::from_utf8(&got.body).map_err(|_| "the body is not text")?;
        match &self.body {
            Some(expected) => same("body", &expected.as_str(), &body),
            None if got.body.is_empty() => Err("the body does not say what is wrong".into()),
            None if got.body.len() > 1024 => Err("the body is longer than a short text".into()),
            None => Ok(()),
        }
    }
}

/// The client's request as it stands on the wire; it is a GET with HTTP/1.1.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpectedSentRequest {
    /// The request target.
    pub target: Option<String>,
    /// Headers that are there, with exactly these values.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// Headers that are not there.
    #[serde(default)]
    pub absent: Vec<String>,
}

impl ExpectedSentRequest {
    pub(crate) fn check(&self, got: &HttpRequest) -> Result<(), String> {
        if let Some(target) = &self.target {
            same("target", target, &got.target)?;
        }
        check_headers(&self.headers, &got.headers)?;
        check_absent(&self.absent, &got.headers)
    }
}

/// A request as the server's application sees it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpectedRequest {
    /// The method.
    pub method: Option<String>,
    /// The request target.
    pub target: Option<String>,
    /// `Host`.
    pub host: Option<String>,
    /// `Origin`; the empty string expects none.
    pub origin: Option<String>,
    /// The subprotocols offered, in order.
    pub subprotocols: Option<Vec<String>>,
    /// The extensions offered.
    pub extensions: Option<Vec<String>>,
    /// Headers that are there; of repeated ones the first.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
}

impl ExpectedRequest {
    pub(crate) fn check(&self, got: &SeenRequest) -> Result<(), String> {
        if let Some(method) = &self.method {
            same("method", method, &got.method)?;
        }
        if let Some(target) = &self.target {
            same("target", target, &got.target)?;
        }
        if let Some(host) = &self.host {
            same("host", &Some(host), &got.host.as_ref())?;
        }
        if let Some(origin) = &self.origin {
            let expected = Some(origin).filter(|origin| !origin.is_empty());
            same("origin", &expected, &got.origin.as_ref())?;
        }
        if let Some(subprotocols) = &self.subprotocols {
            same("subprotocols", subprotocols, &got.subprotocols)?;
        }
        if let Some(extensions) = &self.extensions {
            same("extensions", extensions, &got.extensions)?;
        }
        check_headers(&self.headers, &got.headers)
    }
}

/// A response as the client's application sees it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpectedSeenResponse {
    /// The status code.
    pub status: u16,
    /// The subprotocol in use; the empty string expects none.
    pub subprotocol: Option<String>,
    /// Headers that are there; of repeated ones the first.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The whole body that was kept.
    pub body: Option<String>,
}

impl ExpectedSeenResponse {
    pub(crate) fn check(&self, got: &SeenResponse) -> Result<(), String> {
        same("status", &self.status, &got.status)?;
        if let Some(subprotocol) = &self.subprotocol {
            let expected = Some(subprotocol).filter(|name| !name.is_empty());
            same("subprotocol", &expected, &got.subprotocol.as_ref())?;
        }
        check_headers(&self.headers, &got.headers)?;
        match &self.body {
            Some(body) => same("body", &body.as_bytes(), &got.body.as_slice()),
            None => Ok(()),
        }
    }
}

fn check_headers(
    expected: &BTreeMap<String, String>,
    got: &[(String, String)],
) -> Result<(), String> {
    for (name, value) in expected {
        same(
            &format!("header {name:?}"),
            &Some(value.as_str()),
            &find(got, name),
        )?;
    }
    Ok(())
}

fn check_absent(absent: &[String], got: &[(String, String)]) -> Result<(), String> {
    for name in absent {
        if let Some(value) = find(got, name) {
            return Err(format!("the header {name:?} is there: {value:?}"));
        }
    }
    Ok(())
}

fn says_close(headers: &[(String, String)]) -> bool {
    let mut options = headers
        .iter()
        .filter(|(name, _)| name.eq_ignore_ascii_case("connection"))
        .flat_map(|(_, value)| value.split(','));
    options.any(|option| option.trim().eq_ignore_ascii_case("close"))
}

fn find<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let found = headers
        .iter()
        .find(|(other, _)| other.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value.as_str())
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, expected: &T, got: &T) -> Result<(), String> {
    if expected == got {
        Ok(())
    } else {
        Err(format!("{what}: expected {expected:?}, got {got:?}"))
    }
}
