//! What the application decides about a handshake: on the server's side what its hook answers, on
//! the client's what it asks for.

use serde::Deserialize;

/// The server's application accepts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct AcceptDecision {
    /// The subprotocol it chooses.
    pub subprotocol: Option<String>,
    /// Headers that it adds, in their order.
    #[serde(default)]
    pub headers: Vec<(String, String)>,
    /// Whether it agrees to no compression.
    #[serde(default)]
    pub without_compression: bool,
}

/// The server's application answers with HTTP: it rejects an upgrade, or serves a plain request.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReplyDecision {
    /// The status code.
    pub status: u16,
    /// Headers that it adds, in their order.
    #[serde(default)]
    pub headers: Vec<(String, String)>,
    /// The body.
    #[serde(default)]
    pub body: String,
}

/// What the client's application asks for.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    /// Where to.
    pub url: String,
    /// The subprotocols it offers, best first.
    #[serde(default)]
    pub subprotocols: Vec<String>,
    /// The value of `Origin`.
    pub origin: Option<String>,
    /// Headers that it adds, in their order.
    #[serde(default)]
    pub headers: Vec<(String, String)>,
}
