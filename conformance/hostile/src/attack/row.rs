//! What an attack is, and what may come of it.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use crate::Result;
use crate::honest::Guests;
use crate::program::Program;
use crate::wire::{Head, Peer};

/// What became of the attacker's connection, or of all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It was served like any other.
    Served,
    /// A handshake was answered with this status.
    Status(u16),
    /// It got a close frame with this code, then the end.
    Closed(u16),
    /// It ended without a close frame.
    Ended,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Served => write!(f, "served"),
            Self::Status(status) => write!(f, "status {status}"),
            Self::Closed(code) => write!(f, "close {code}"),
            Self::Ended => write!(f, "the end"),
        }
    }
}

/// One row of the table.
pub(crate) struct Attack {
    /// Its name in `conformance/attacks.toml`.
    pub(crate) id: &'static str,
    pub(crate) what: &'static str,
    pub(crate) expected: Outcome,
    /// Options of the program that is attacked.
    pub(crate) options: Vec<&'static str>,
    /// By how many KiB the program may grow.
    pub(crate) growth: usize,
    pub(crate) within: Duration,
    /// It takes long, and does next to nothing.
    pub(crate) waits: bool,
    pub(crate) guests: Guests,
    pub(crate) play: Play,
}

type Playing = Pin<Box<dyn Future<Output = Result<Outcome>> + Send>>;

pub(crate) enum Play {
    Server(Box<dyn FnOnce(Arc<Program>) -> Playing + Send>),
    Client(Box<dyn FnOnce(Peer, Head) -> Playing + Send>),
}

/// What every connection may cost, and then some.
const LITTLE: usize = 2 << 10;

impl Attack {
    /// Against a server.
    pub(crate) fn server<F>(
        id: &'static str,
        what: &'static str,
        expected: Outcome,
        play: impl FnOnce(Arc<Program>) -> F + Send + 'static,
    ) -> Self
    where
        F: Future<Output = Result<Outcome>> + Send + 'static,
    {
        let play = Play::Server(Box::new(|server| Box::pin(play(server))));
        Self::new(id, what, expected, play)
    }

    /// Against a client, which has connected and sent its request.
    pub(crate) fn client<F>(
        id: &'static str,
        what: &'static str,
        expected: Outcome,
        play: impl FnOnce(Peer, Head) -> F + Send + 'static,
    ) -> Self
    where
        F: Future<Output = Result<Outcome>> + Send + 'static,
    {
        let play = Play::Client(Box::new(|peer, head| Box::pin(play(peer, head))));
        // A client is measured from its start, not from when it has warmed up; it builds a
        // message of 5 MB before it sends the first.
        Self::new(id, what, expected, play).growth(32 << 10)
    }

    /// Frames right behind the request: the server closes with this code.
    pub(crate) fn frames(
        id: &'static str,
        what: &'static str,
        frames: impl Into<Vec<u8>>,
        code: u16,
    ) -> Self {
        let frames = frames.into();
        Self::server(id, what, Outcome::Closed(code), async move |server| {
            let (mut peer, _) = Peer::open(server.address, "").await?;
            peer.write(frames).await?;
            peer.ending().await
        })
    }

    /// A head: the server answers it with this status and does no more.
    pub(crate) fn head(
        id: &'static str,
        what: &'static str,
        head: impl Into<Vec<u8>>,
        status: u16,
    ) -> Self {
        let head = head.into();
        Self::server(id, what, Outcome::Status(status), async move |server| {
            let mut peer = Peer::dial(server.address).await?;
            peer.write(head).await?;
            peer.refusal().await
        })
    }

    /// A request that is accepted, without any extension.
    pub(crate) fn accepted(
        id: &'static str,
        what: &'static str,
        request: impl Into<String>,
    ) -> Self {
        let request = request.into();
        Self::server(id, what, Outcome::Served, async move |server| {
            let mut peer = Peer::dial(server.address).await?;
            let answer = peer.ask(&request).await?;
            if let Some(agreed) = answer.header("Sec-WebSocket-Extensions") {
                return Err(format!("it agreed to {agreed:?}").into());
            }
            peer.echo("accepted").await?;
            Ok(Outcome::Served)
        })
    }

    fn new(id: &'static str, what: &'static str, expected: Outcome, play: Play) -> Self {
        Self {
            id,
            what,
            expected,
            options: Vec::new(),
            growth: LITTLE,
            within: Duration::from_secs(20),
            waits: false,
            guests: Guests::All,
            play,
        }
    }

    pub(crate) fn option(mut self, option: &'static str) -> Self {
        self.options.push(option);
        self
    }

    /// It may make the program grow by so many KiB.
    pub(crate) fn growth(mut self, growth: usize) -> Self {
        self.growth = growth;
        self
    }

    /// It waits for a deadline, and takes no more than so many seconds.
    pub(crate) fn waits(mut self, seconds: u64) -> Self {
        self.waits = true;
        self.within = Duration::from_secs(seconds);
        self
    }

    /// No new guests: they would have to wait, or be counted as well.
    pub(crate) fn without_new_guests(mut self) -> Self {
        self.guests = Guests::Regular;
        self
    }
}
