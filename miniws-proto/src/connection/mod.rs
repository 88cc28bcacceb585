//! An open connection: events out of bytes, bytes out of calls.
//!
//! - `receive`: bytes to frames to events.
//! - `short`: the short way for what comes most.
//! - `inflate`: the same for compressed frames.
//! - `assemble`: frames to messages.
//! - `send`: messages to frames in the send queue.
//! - `control`: the same for control frames.
//! - `defer`: what has to wait until the queue has run empty.
//! - `state`: every transition between open and closed.
//! - `timers`: every deadline.
//! - `tally`: what has gone over it, with the feature `stats`.

mod assemble;
mod control;
mod defer;
mod inflate;
mod masker;
mod receive;
mod send;
mod short;
mod state;
#[cfg(feature = "stats")]
mod tally;
#[cfg(not(feature = "stats"))]
#[path = "tally_off.rs"]
mod tally;
mod timers;

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::any::Any;
use core::fmt;
use core::time::Duration;

use crate::close::CloseStatus;
use crate::config::Config;
use crate::deflate::{Deflate, DeflateParams};
use crate::entropy::Entropy;
use crate::error::ReceiveError;
use crate::queue::SendQueue;
use crate::time::Time;
use crate::utf8::Utf8Bytes;
use masker::Masker;
use receive::Receiver;
use send::Sender;
use state::Lifecycle;
pub use state::State;
use timers::Timers;

/// A WebSocket connection after its handshake, in either role.
///
/// It does no I/O. Whoever drives it
///
/// - reads bytes from the transport into a buffer and calls [`receive`](Self::receive) until that
///   returns no event, and [`receive_eof`](Self::receive_eof) at the end of the stream;
/// - writes what [`outgoing`](Self::outgoing) holds to the transport, and shuts down its writing
///   side when [`wants_shutdown`](Self::wants_shutdown) says so;
/// - sleeps at most until [`poll_timeout`](Self::poll_timeout), then calls
///   [`handle_timeout`](Self::handle_timeout).
///
/// The crate's page walks through a whole event loop.
pub struct Connection {
    config: Arc<Config>,
    /// `None` where nothing was settled.
    negotiated: Option<Box<Negotiated>>,
    /// A client has one, a server none: this is the role.
    masker: Option<Box<Masker>>,
    /// `None` where compression has not been negotiated.
    deflate: Option<Box<Deflate>>,
    lifecycle: Lifecycle,
    receiver: Receiver,
    sender: Sender,
    timers: Timers,
}

/// What the handshake has settled for the connection.
///
/// ```
/// use miniws_proto::{Config, Connection, Negotiated};
///
/// let negotiated = Negotiated::new().with_subprotocol("chat".into());
/// let server = Connection::server(Config::default(), negotiated);
/// assert_eq!(server.subprotocol(), Some("chat"));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Negotiated {
    subprotocol: Option<Utf8Bytes>,
    deflate: Option<DeflateParams>,
    user_data: Option<Arc<dyn Any + Send + Sync>>,
}

impl Negotiated {
    /// Neither a subprotocol nor an extension.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The subprotocol that the server chose.
    #[must_use]
    pub fn with_subprotocol(mut self, name: Utf8Bytes) -> Self {
        self.subprotocol = Some(name);
        self
    }

    /// The parameters of the compression that the server agreed to.
    #[cfg(feature = "deflate")]
    #[must_use]
    pub fn with_deflate(mut self, params: DeflateParams) -> Self {
        self.deflate = Some(params);
        self
    }

    pub(crate) fn with_compression(mut self, params: Option<DeflateParams>) -> Self {
        self.deflate = params;
        self
    }

    pub(crate) fn with_user_data(mut self, data: Option<Arc<dyn Any + Send + Sync>>) -> Self {
        self.user_data = data;
        self
    }

    const fn is_empty(&self) -> bool {
        self.subprotocol.is_none() && self.deflate.is_none() && self.user_data.is_none()
    }
}

impl Connection {
    /// The server's side of a connection whose handshake is done.
    #[must_use]
    pub fn server(config: impl Into<Arc<Config>>, negotiated: Negotiated) -> Self {
        Self::new(config.into(), negotiated, None)
    }

    /// The client's side of a connection whose handshake is done. The masking keys come from
    /// `entropy`.
    #[must_use]
    pub fn client(
        config: impl Into<Arc<Config>>,
        negotiated: Negotiated,
        entropy: impl Entropy + 'static,
    ) -> Self {
        let masker = Box::new(Masker::new(Box::new(entropy)));
        Self::new(config.into(), negotiated, Some(masker))
    }

    fn new(config: Arc<Config>, negotiated: Negotiated, masker: Option<Box<Masker>>) -> Self {
        let deflate = negotiated
            .deflate
            .map(|params| Deflate::new(&config, params, masker.is_none()));
        Self {
            receiver: Receiver::new(&config),
            config,
            negotiated: (!negotiated.is_empty()).then(|| Box::new(negotiated)),
            masker,
            deflate,
            lifecycle: Lifecycle::default(),
            sender: Sender::default(),
            timers: Timers::default(),
        }
    }

    /// The output that waits for the transport. When it has been drained, call this once more:
    /// the next fragment of a large message, or a late pong, may follow.
    pub fn outgoing(&mut self) -> &mut SendQueue {
        self.refill();
        &mut self.sender.queue
    }

    /// Whether this is the client's side.
    #[must_use]
    pub const fn is_client(&self) -> bool {
        self.masker.is_some()
    }

    /// Where the connection stands between open and closed.
    #[must_use]
    pub fn state(&self) -> State {
        self.lifecycle.state()
    }

    /// Whether [`send`](Self::send) would take a message: the connection is open, the queue is
    /// below [`Config::max_queued`], and no message that [`send_chunk`](Self::send_chunk) has begun
    /// is under way.
    #[must_use]
    pub fn can_send(&self) -> bool {
        self.lifecycle.is_open() && self.has_room() && !self.sender.is_streaming()
    }

    /// Whether to read from the transport. It is false once the connection has ended; then the
    /// transport can be dropped.
    #[must_use]
    pub fn wants_read(&self) -> bool {
        !self.lifecycle.is_ended()
    }

    /// Whether to shut down the writing side of the transport now. The caller does it once, then
    /// goes on reading until the end of the stream.
    ///
    /// RFC 6455 section 7.1.1 has the server end TCP first: once both close frames are through, or
    /// the close frame of its failure. A client waits for the server to do so, under the close
    /// deadline.
    #[must_use]
    pub fn wants_shutdown(&self) -> bool {
        self.lifecycle.is_ended()
            || (self.lifecycle.is_ending() && self.masker.is_none() && !self.has_output())
    }

    /// How many bytes to make room for before the next read: enough for the rest of the frame that
    /// is being received, and one more, as far as the peer has earned it by what it has sent. What a
    /// frame merely announces never counts for more than 16 KiB.
    #[must_use]
    pub fn read_hint(&self) -> usize {
        self.receiver.read_hint()
    }

    /// The subprotocol that the handshake has settled.
    #[must_use]
    pub fn subprotocol(&self) -> Option<&str> {
        self.negotiated.as_ref()?.subprotocol.as_deref()
    }

    /// The parameters of the compression that the handshake has settled, `None` if there is none.
    #[cfg(feature = "deflate")]
    #[must_use]
    pub fn deflate(&self) -> Option<&DeflateParams> {
        self.negotiated.as_ref()?.deflate.as_ref()
    }

    /// What the handshake has handed on ([`Accept::user_data`](crate::Accept::user_data)); `None` if
    /// that was nothing, or of another type.
    #[must_use]
    pub fn user_data<T: Any + Send + Sync>(&self) -> Option<Arc<T>> {
        let data = self.negotiated.as_ref()?.user_data.as_ref()?;
        Arc::clone(data).downcast().ok()
    }

    /// Whether a compressor may be kept between messages and given up when the connection is idle
    /// ([`DeflateConfig::release_after`](crate::DeflateConfig::release_after)). Then sending can bring
    /// [`poll_timeout`](Self::poll_timeout) forward; otherwise it can't.
    #[cfg(feature = "deflate")]
    #[must_use]
    pub fn may_release(&self) -> bool {
        let deflate = self.deflate.as_ref();
        deflate.is_some_and(|deflate| deflate.may_release())
    }

    /// How the connection ended, `None` while that is still open.
    #[must_use]
    pub fn close_status(&self) -> Option<CloseStatus> {
        self.lifecycle.close_status()
    }

    /// Whether this side has [closed](Self::close) the connection before the peer did, or anything else
    /// ended it.
    #[must_use]
    pub fn has_closed_first(&self) -> bool {
        self.lifecycle.has_closed_first()
    }

    /// What made the connection fail, the same that [`receive`](Self::receive) returns; `None` as
    /// long as it has not.
    #[must_use]
    pub fn error(&self) -> Option<ReceiveError> {
        self.lifecycle.failure()
    }

    /// The round trip of the last keep-alive ping that was answered, as seen by whoever drives the
    /// connection: up to the call of [`poll_timeout`](Self::poll_timeout) that follows the pong.
    /// It begins when that was first called with the ping gone, or else when the ping fell due. So it
    /// is as exact as these calls follow reads and writes; what the application does between the pong
    /// and the next call counts as well. It is the last one as measured, without smoothing.
    ///
    /// Only a pong with the content of the ping that is under way is its answer; any other one is
    /// an [`Event::Pong`](crate::Event::Pong).
    #[must_use]
    pub fn latency(&self) -> Option<Duration> {
        self.timers.latency()
    }

    /// When to call [`handle_timeout`](Self::handle_timeout), `None` for never. Ask each time before
    /// waiting, when the transport has nothing to read for the moment: all that happened since the
    /// last time counts as having happened now.
    pub fn poll_timeout(&mut self, now: Time) -> Option<Time> {
        self.observe(now);
        self.next_deadline().map(|(time, _)| time)
    }

    /// Does what is due by now: sends a keep-alive ping, or gives up on a peer that is silent, that
    /// takes no data, or that doesn't finish the close. Doing it too early does no harm.
    pub fn handle_timeout(&mut self, now: Time) {
        self.observe(now);
        self.fire_due(now);
    }

    /// Like [`poll_timeout`](Self::poll_timeout) for a caller who waits to write and does not read
    /// meanwhile: the silence of the peer proves nothing then, so only the deadlines of writing and
    /// closing count.
    pub fn poll_write_timeout(&mut self, now: Time) -> Option<Time> {
        self.observe(now);
        self.next_write_deadline().map(|(time, _)| time)
    }

    /// Like [`handle_timeout`](Self::handle_timeout), for the deadlines that
    /// [`poll_write_timeout`](Self::poll_write_timeout) tells.
    pub fn handle_write_timeout(&mut self, now: Time) {
        self.observe(now);
        self.fire_write_due(now);
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let role = if self.is_client() { "client" } else { "server" };
        f.debug_struct("Connection")
            .field("role", &role)
            .field("state", &self.state())
            .field("subprotocol", &self.subprotocol())
            .field("queued", &self.sender.queue.len())
            .finish_non_exhaustive()
    }
}
