//! A connection on its way, in a thread of its own.

use std::fmt;
use std::io;
use std::mem;
use std::net::Shutdown;
use std::panic::resume_unwind;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use miniws_proto::State;

use crate::{Client, Error, NetStream, SharedStream, WebSocket};

/// A connection on its way, whose state can be looked at meanwhile; see
/// [`Client::start`](crate::Client::start).
///
/// Dropping it gives up: a handshake that is under way ends at once, and the attempt to reach the
/// host at the connect timeout at the latest.
#[must_use = "dropping it gives up connecting"]
pub struct Connecting<S> {
    thread: io::Result<JoinHandle<Result<WebSocket<S>, Error>>>,
    interest: Interest,
}

impl Connecting<NetStream> {
    pub(crate) fn start(mut client: Client) -> Self {
        let progress = Arc::new(Progress::default());
        let interest = Interest(progress.clone());
        client.sockets.progress = Some(progress.clone());
        let trace = client.wish.trace();
        let connecting = move || {
            let result = client.connect_with(trace);
            progress.decide(match result {
                Ok(_) => State::Open,
                Err(_) => State::Closed,
            });
            result
        };
        let thread = thread::Builder::new().name("miniws-client".into());
        Self {
            thread: thread.spawn(connecting),
            interest,
        }
    }
}

impl<S> Connecting<S> {
    /// [`State::Connecting`] until it is decided, then [`State::Open`] or [`State::Closed`].
    pub fn state(&self) -> State {
        // A thread that can't be had, or in which a hook panics, decides nothing.
        let is_over = match &self.thread {
            Ok(thread) => thread.is_finished(),
            Err(_) => true,
        };
        match &*self.interest.0.lock() {
            Stage::Decided(state) => *state,
            _ if is_over => State::Closed,
            _ => State::Connecting,
        }
    }

    /// Waits until it is decided.
    ///
    /// # Errors
    ///
    /// As [`Client::connect`](crate::Client::connect); [`Error::Io`] when there was no thread to be
    /// had.
    ///
    /// # Panics
    ///
    /// When a hook of the client has panicked.
    pub fn wait(self) -> Result<WebSocket<S>, Error> {
        self.thread?
            .join()
            .unwrap_or_else(|panic| resume_unwind(panic))
    }
}

/// How far it has come.
#[derive(Debug, Default)]
pub(crate) struct Progress(Mutex<Stage>);

#[derive(Debug, Default)]
enum Stage {
    /// The host has not been reached.
    #[default]
    Reaching,
    /// The handshake, over a stream that ends it when it is shut down.
    ShakingHands(NetStream),
    Decided(State),
}

impl Progress {
    /// The host has been reached, by `stream`; an error if nobody waits any more.
    pub(crate) fn reached(&self, stream: NetStream) -> Result<(), Error> {
        let mut stage = self.lock();
        if let Stage::Decided(_) = *stage {
            return Err(io::Error::other("connecting was given up").into());
        }
        *stage = Stage::ShakingHands(stream);
        Ok(())
    }

    fn decide(&self, state: State) {
        *self.lock() = Stage::Decided(state);
    }

    fn lock(&self) -> MutexGuard<'_, Stage> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Somebody waits; nobody does any more when this is dropped.
struct Interest(Arc<Progress>);

impl Drop for Interest {
    fn drop(&mut self) {
        let stage = mem::replace(&mut *self.0.lock(), Stage::Decided(State::Closed));
        if let Stage::ShakingHands(stream) = stage {
            let _ = stream.shutdown_shared(Shutdown::Both); // It may be down already.
        }
    }
}

impl<S> fmt::Debug for Connecting<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connecting")
            .field("state", &self.state())
            .finish_non_exhaustive()
    }
}
