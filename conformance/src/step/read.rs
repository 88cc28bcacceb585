//! Reads a step: a table with exactly one of the names in [`KINDS`], which says what the step is,
//! and the further fields that this kind of step knows.

use std::time::Duration;

use serde::de::{Deserialize, Deserializer, Error as _};
use toml::Table;

use super::Step;
use super::content::{AppFields, CompressedFields, EventFields};
use crate::bytes::Bytes;
use crate::expect::{
    ExpectedError, ExpectedRequest, ExpectedResponse, ExpectedSeenResponse, ExpectedSentRequest,
};
use crate::subject::{State, Status, Transport};

type Read = fn(Table) -> Result<Step, String>;

/// What a step can be, by the field that says so.
const KINDS: [(&str, Read); 22] = [
    ("peer", Peer::read),
    ("peer-text", PeerText::read),
    ("peer-lines", PeerLines::read),
    ("peer-eof", PeerEof::read),
    ("app", app),
    ("time", Time::read),
    ("stall", Stall::read),
    ("event", event),
    ("request", Request::read),
    ("response-seen", ResponseSeen::read),
    ("error", Error::read),
    ("wire", Wire::read),
    ("compressed", compressed),
    ("wire-text", WireText::read),
    ("wire-lines", WireLines::read),
    ("request-sent", RequestSent::read),
    ("response", Response::read),
    ("transport", TransportIs::read),
    ("state", StateIs::read),
    ("status", StatusIs::read),
    ("held", Held::read),
    ("quiet", Quiet::read),
];

impl<'de> Deserialize<'de> for Step {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let fields = Table::deserialize(deserializer)?;
        // The `error` of an `app` step is the one that its call returns.
        let modifies = |name: &str| name == "error" && fields.contains_key("app");
        let says = |name: &str| fields.contains_key(name) && !modifies(name);
        let mut kinds = KINDS.iter().filter(|(name, _)| says(name));
        let step = match (kinds.next(), kinds.next()) {
            (Some((_, read)), None) => read(fields),
            (Some((one, _)), Some((two, _))) => Err(format!("both `{one}` and `{two}` in a step")),
            (None, _) => Err(format!("not a step: {fields:?}")),
        };
        step.map_err(D::Error::custom)
    }
}

fn app(fields: Table) -> Result<Step, String> {
    let fields: AppFields = fields.try_into().map_err(|error| error.to_string())?;
    let (action, error) = fields.action()?;
    Ok(Step::App(action, error))
}

fn event(fields: Table) -> Result<Step, String> {
    let fields: EventFields = fields.try_into().map_err(|error| error.to_string())?;
    let times = fields.times.unwrap_or(1);
    if times == 0 {
        return Err("an event that comes 0 times".into());
    }
    Ok(Step::Event(fields.event()?, times))
}

fn compressed(fields: Table) -> Result<Step, String> {
    let fields: CompressedFields = fields.try_into().map_err(|error| error.to_string())?;
    fields.expected().map(Step::Compressed)
}

/// The fields of a kind of step, and the step that they make.
macro_rules! kind {
    ($name:ident { $($field:ident: $type:ty),* } => $step:expr) => {
        #[derive(serde::Deserialize)]
        #[serde(rename_all = "kebab-case", deny_unknown_fields)]
        struct $name { $($field: $type),* }

        impl $name {
            fn read(fields: Table) -> Result<Step, String> {
                let Self { $($field),* } = fields.try_into().map_err(|error| error.to_string())?;
                $step
            }
        }
    };
}

kind!(Peer { peer: Bytes } => Ok(Step::Peer(peer.0)));
kind!(PeerText { peer_text: String, then: Option<Bytes> } => {
    Ok(Step::Peer(followed(peer_text, then)))
});
kind!(PeerLines { peer_lines: Vec<String>, then: Option<Bytes> } => {
    Ok(Step::Peer(followed(head(&peer_lines), then)))
});
kind!(PeerEof { peer_eof: bool } => only_true(peer_eof, Step::PeerEof));
kind!(Time { time: u64 } => Ok(Step::Time(Duration::from_millis(time))));
kind!(Stall { stall: bool } => Ok(Step::Stall(stall)));
kind!(Request { request: ExpectedRequest } => Ok(Step::Request(request)));
kind!(ResponseSeen { response_seen: ExpectedSeenResponse } => {
    Ok(Step::ResponseSeen(response_seen))
});
kind!(Error { error: String, code: Option<u16>, http: Option<u16>, offset: Option<u64> } => {
    Ok(Step::Error(ExpectedError { kind: error, code, http, offset }))
});
kind!(Wire { wire: Bytes } => not_empty(wire.0));
kind!(WireText { wire_text: String } => not_empty(wire_text.into_bytes()));
kind!(WireLines { wire_lines: Vec<String> } => not_empty(head(&wire_lines).into_bytes()));
kind!(RequestSent { request_sent: ExpectedSentRequest } => {
    Ok(Step::RequestSent(request_sent))
});
kind!(Response { response: ExpectedResponse } => Ok(Step::Response(response)));
kind!(TransportIs { transport: Transport } => Ok(Step::Transport(transport)));
kind!(StateIs { state: State } => Ok(Step::State(state)));
kind!(StatusIs { status: StatusFields } => {
    Ok(Step::Status(Status {
        code: status.code,
        reason: status.reason.unwrap_or_default(),
        clean: status.clean,
    }))
});
kind!(Held { held: usize } => Ok(Step::Held(held)));
kind!(Quiet { quiet: bool } => only_true(quiet, Step::Quiet));

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct StatusFields {
    code: u16,
    reason: Option<String>,
    clean: bool,
}

/// The lines of a head, each with its CRLF, and the empty line.
fn head(lines: &[String]) -> String {
    let mut head: String = lines.iter().flat_map(|line| [line, "\r\n"]).collect();
    head.push_str("\r\n");
    head
}

fn followed(text: String, then: Option<Bytes>) -> Vec<u8> {
    let mut bytes = text.into_bytes();
    bytes.extend(then.unwrap_or_default().0);
    bytes
}

fn not_empty(wire: Vec<u8>) -> Result<Step, String> {
    if wire.is_empty() {
        return Err("an empty `wire` expects nothing; `quiet` says that".into());
    }
    Ok(Step::Wire(wire))
}

fn only_true(value: bool, step: Step) -> Result<Step, String> {
    if value {
        Ok(step)
    } else {
        Err("only `true` says something".into())
    }
}
