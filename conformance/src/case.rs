//! A case: where it starts, what is configured and decided, and its steps.

use std::path::PathBuf;

use serde::Deserialize;

use crate::handshake::{AcceptDecision, Asked, ReplyDecision};
use crate::need::Need;
use crate::settings::Settings;
use crate::step::Step;

/// One case of the corpus.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// Its name, `topic/name`; the topic is the name of its file.
    pub id: String,
    /// What it rests on: a section of a specification, or a known defect of others.
    pub spec: String,
    /// What the subject is.
    pub role: Role,
    /// Where it begins.
    #[serde(default)]
    pub start: Start,
    /// What is configured.
    #[serde(default)]
    pub config: Settings,
    /// What the handshake of an open connection agreed on, as the answer's
    /// `Sec-WebSocket-Extensions` has it. With `config` it is also what the answer to such an offer
    /// is, so that a subject may get there by a handshake.
    pub extensions: Option<String>,
    /// How the server's application accepts an upgrade; by default it just does.
    pub accept: Option<AcceptDecision>,
    /// How the server's application rejects an upgrade, if it does.
    pub reject: Option<ReplyDecision>,
    /// How the server's application answers a request that asks for no WebSocket; by default with
    /// the answer that says an upgrade is required.
    pub plain: Option<ReplyDecision>,
    /// What the client's application asks for.
    pub request: Option<Asked>,
    /// What happens, and what is expected.
    pub steps: Vec<Step>,
    /// The file it stands in.
    #[serde(skip)]
    pub file: PathBuf,
}

/// What the subject of a case is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// It accepts connections.
    Server,
    /// It makes them.
    Client,
}

/// Where a case begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Start {
    /// With the opening handshake.
    Handshake,
    /// With an open connection, on which nothing but the handshake was exchanged.
    #[default]
    Open,
}

impl Case {
    /// What a subject must be capable of to run this case.
    #[must_use]
    pub fn needs(&self) -> Vec<Need> {
        Need::ALL.into_iter().filter(|need| need.of(self)).collect()
    }

    /// What is wrong with the case itself, beyond its syntax.
    pub(crate) fn defect(&self, topic: &str) -> Option<&'static str> {
        let server_handshake = self.role == Role::Server && self.start == Start::Handshake;
        let client_handshake = self.role == Role::Client && self.start == Start::Handshake;
        let decides = self.accept.is_some() || self.reject.is_some() || self.plain.is_some();
        if self
            .id
            .split_once('/')
            .is_none_or(|(begin, _)| begin != topic)
        {
            Some("its id does not begin with the name of its file or directory")
        } else if self.spec.trim().is_empty() {
            Some("it does not say what it rests on")
        } else if decides && !server_handshake {
            Some("only a server decides, in its handshake")
        } else if self.accept.is_some() && self.reject.is_some() {
            Some("it both accepts and rejects")
        } else if self.request.is_some() != client_handshake {
            Some("a client's handshake, and nothing else, has a `request`")
        } else if self.extensions.is_some()
            && (self.start == Start::Handshake || self.config.deflate.is_none())
        {
            Some("`extensions` are for open connections with `deflate` in their `config`")
        } else if !self.steps.iter().any(Step::is_expectation) {
            Some("it expects nothing")
        } else {
            None
        }
    }
}
