//! What subscribers of `tracing` are told of a connection; [the page](crate::telemetry) lists all of it.
//!
//! Events are given their span, which is never entered while something is awaited: so it does not
//! matter which task polls.

mod ending;
mod error_type;
mod server;
mod upkeep;

use std::future::Future;
use std::io;
use std::net::SocketAddr;

use miniws_proto::{Connection, HandshakeError, ProxyError, Reply, Request, State, Url};
pub use tracing::Span;
use tracing::instrument::{Instrument, Instrumented};
use tracing::{Level, field};

use crate::Error;
use ending::Ending;
use error_type::error_type;
pub use server::{Crowd, closing_all, ending_all, exhausted, stopping};
pub use upkeep::{gave_up, lost, reconnected};

/// What all spans and events have as their target, in whatever crate they are written.
const TARGET: &str = "miniws";

/// What was dropped before it came to an end.
const DROPPED: &str = "Dropped";

/// An event whose level is WARN when that is so, and else DEBUG.
macro_rules! tell {
    ($is_warning:expr, $($event:tt)+) => {
        if $is_warning {
            tracing::warn!(target: TARGET, $($event)+)
        } else {
            tracing::debug!(target: TARGET, $($event)+)
        }
    };
}

/// One connection, from the beginning of its handshake on: its span, and how much has been told. There is
/// none when nobody listens.
#[derive(Debug, Default)]
pub struct Trace(Option<Box<Told>>);

#[derive(Debug)]
struct Told {
    span: Span,
    is_server: bool,
    /// How the connection will have ended, unless something else comes to be known of it.
    broken: Option<Ending>,
    stage: Stage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Opening,
    Open,
    Over,
}

impl Trace {
    /// A server's connection begins.
    #[must_use]
    pub fn server(remote_addr: Option<SocketAddr>) -> Self {
        let trace = Self::begin(true, remote_addr);
        tracing::debug!(target: TARGET, parent: &trace.span(), "accepted");
        trace
    }

    /// A client's connection begins.
    #[must_use]
    pub fn client(url: Option<&Url>) -> Self {
        let trace = Self::begin(false, None);
        let span = trace.span();
        if let Some(url) = url {
            record_url(&span, url);
        }
        tracing::debug!(target: TARGET, parent: &span, "connecting");
        trace
    }

    /// A connection whose handshake was done elsewhere.
    #[must_use]
    pub fn elsewhere(is_client: bool) -> Self {
        Self::begin(!is_client, None)
    }

    fn begin(is_server: bool, remote_addr: Option<SocketAddr>) -> Self {
        let span = tracing::info_span!(
            target: TARGET,
            "websocket",
            otel.kind = if is_server { "server" } else { "client" },
            otel.status_code = field::Empty,
            network.peer.address = remote_addr.map(|address| field::display(address.ip())),
            network.peer.port = remote_addr.map(|address| address.port()),
            server.address = field::Empty,
            server.port = field::Empty,
            url.scheme = field::Empty,
            url.path = field::Empty,
            websocket.subprotocol = field::Empty,
            error.type = field::Empty,
        );
        if span.is_disabled() && !tracing::event_enabled!(target: TARGET, Level::WARN) {
            return Self(None);
        }
        Self(Some(Box::new(Told {
            span,
            is_server,
            broken: None,
            stage: Stage::Opening,
        })))
    }

    /// The connection's span, for what belongs to it.
    #[must_use]
    pub fn span(&self) -> Span {
        self.0
            .as_ref()
            .map_or_else(Span::none, |told| told.span.clone())
    }

    /// The peer's address is known.
    pub fn peer(&self, remote_addr: Option<SocketAddr>) {
        if let (Some(told), Some(address)) = (&self.0, remote_addr) {
            told.span
                .record("network.peer.address", field::display(address.ip()))
                .record("network.peer.port", address.port());
        }
    }

    /// The server sends the client to another URL.
    pub fn redirected(&self, url: &Url) {
        if let Some(told) = &self.0 {
            record_url(&told.span, url);
            tracing::debug!(target: TARGET, parent: &told.span, "redirected");
        }
    }

    /// A request was read. Its query may hold a token, so only the path is recorded.
    pub fn request(&self, request: &Request) {
        if let Some(told) = &self.0 {
            told.span.record("url.path", request.path());
        }
    }

    /// The handshake is done.
    pub fn open(&mut self, connection: &Connection) {
        if let Some(told) = &mut self.0 {
            told.stage = Stage::Open;
            if let Some(name) = connection.subprotocol() {
                told.span.record("websocket.subprotocol", name);
            }
            tracing::debug!(target: TARGET, parent: &told.span, "open");
        }
    }

    /// There will be no WebSocket.
    pub fn failed(&mut self, error: &Error) {
        if let Some(told) = &mut self.0 {
            let status = match error {
                Error::Declined { status } => Some(*status),
                Error::Handshake(HandshakeError::Refused(response))
                | Error::Proxy(ProxyError::Refused(response)) => Some(response.status()),
                Error::Handshake(error) if told.is_server => {
                    error.reply().map(|reply| reply.status())
                }
                _ => None,
            };
            let misbehaved = matches!(error, Error::Handshake(error) if error.is_peer_misbehaved());
            told.not_opened(misbehaved, &error_type(error), status);
        }
    }

    /// There will be no WebSocket: the application gives this answer.
    pub fn declined(&mut self, reply: &Reply) {
        let status = reply.status();
        self.failed(&Error::Declined { status });
    }

    /// The server that stops has had its say.
    pub fn stopped(&mut self, connection: &Connection) {
        if connection.state() == State::Closed {
            self.closed(|| Ending::by_us("Stopped"));
        }
    }

    /// The transport takes nothing any more. What has come may still be read, and be a close.
    pub fn broken(&mut self, connection: &Connection, failure: &io::Error) {
        if let Some(told) = &mut self.0 {
            told.broken
                .get_or_insert_with(|| Ending::of(connection, Some(failure)));
        }
    }

    /// Looks whether the connection has ended. `failure` is what has become of the transport.
    #[inline]
    pub fn observe(&mut self, connection: &Connection, failure: Option<&io::Error>) {
        if connection.state() != State::Open && connection.close_status().is_some() {
            self.closed(|| Ending::of(connection, failure));
        }
    }

    fn closed(&mut self, ending: impl FnOnce() -> Ending) {
        if let Some(told) = &mut self.0
            && told.stage == Stage::Open
        {
            told.closed(&ending());
        }
    }
}

impl Told {
    fn not_opened(&mut self, misbehaved: bool, error_type: &str, status: Option<u16>) {
        self.stage = Stage::Over;
        self.record_error(error_type);
        tell!(
            misbehaved,
            parent: &self.span,
            {
                error.type = error_type,
                http.response.status_code = status,
            },
            "not opened",
        );
    }

    fn closed(&mut self, ending: &Ending) {
        self.stage = Stage::Over;
        if let Some(error_type) = &ending.error_type {
            self.record_error(error_type);
        }
        tell!(
            ending.misbehaved,
            parent: &self.span,
            {
                error.type = ending.error_type.as_deref(),
                websocket.close.code = u16::from(ending.code),
                websocket.close.initiator = if ending.is_ours { "local" } else { "remote" },
                websocket.close.clean = ending.error_type.is_none(),
            },
            "closed",
        );
    }

    fn record_error(&self, error_type: &str) {
        self.span
            .record("error.type", error_type)
            .record("otel.status_code", "ERROR");
    }
}

impl Drop for Told {
    /// What was given up.
    fn drop(&mut self) {
        match self.stage {
            Stage::Opening => self.not_opened(false, DROPPED, None),
            Stage::Open => {
                let broken = self.broken.take();
                self.closed(&broken.unwrap_or_else(|| Ending::by_us(DROPPED)));
            }
            Stage::Over => {}
        }
    }
}

fn record_url(span: &Span, url: &Url) {
    span.record("url.scheme", if url.is_secure() { "wss" } else { "ws" })
        .record("url.path", url.target().split('?').next());
    match url.unix_path() {
        Some(path) => span.record("server.address", path),
        None => span
            .record("server.address", url.host())
            .record("server.port", url.port()),
    };
}

/// Runs `future` within `span`.
pub fn instrument<F: Future>(future: F, span: Span) -> Instrumented<F> {
    future.instrument(span)
}
