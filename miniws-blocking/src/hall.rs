//! Where connections are between the backlog and the application: handshakes side by side.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use miniws_adapter::tcp::{EXHAUSTED_DELAY, is_transient};
use miniws_adapter::trace::{self, Crowd, Trace};

use crate::stop::{Registry, Stop, Ticket};
use crate::{CloseCode, Error, Listen, Server, WebSocket};

pub(crate) type Accepted<S> = Result<WebSocket<S>, Error>;

/// Where connections are on their way from the backlog to the application.
pub(crate) struct Hall<L: Listen> {
    pub(crate) local_addr: L::Address,
    max_handshakes: usize,
    inside: Mutex<Inside<L>>,
    changed: Condvar,
    pub(crate) registry: Arc<Registry>,
}

struct Inside<L: Listen> {
    listening: Listening<L>,
    stopped: bool,
    /// Nobody takes any more.
    abandoned: bool,
    /// How many have come in and have not been handed on.
    places_taken: usize,
    /// Those that are done with their handshakes.
    ready: VecDeque<(Accepted<L::Stream>, Place<L>)>,
    crowd: Crowd,
}

enum Listening<L> {
    /// Nobody has asked for a connection yet.
    Idle(L),
    /// Some thread accepts.
    Busy(Arc<L>),
    Over,
}

/// A place in the hall; it is free again when this is dropped.
struct Place<L: Listen>(Arc<Hall<L>>);

/// How long to try to wake the thread that accepts.
const WAKE_TIMEOUT: Duration = Duration::from_secs(5);

impl<L: Listen> Hall<L> {
    pub(crate) fn new(listener: L, max_handshakes: usize) -> io::Result<Self> {
        Ok(Self {
            local_addr: listener.local_addr()?,
            max_handshakes,
            inside: Mutex::new(Inside {
                listening: Listening::Idle(listener),
                stopped: false,
                abandoned: false,
                places_taken: 0,
                ready: VecDeque::new(),
                crowd: Crowd::default(),
            }),
            changed: Condvar::new(),
            registry: Arc::default(),
        })
    }

    /// The listener, for the first one who asks.
    pub(crate) fn start(&self) -> Option<Arc<L>> {
        let mut inside = self.lock();
        match std::mem::replace(&mut inside.listening, Listening::Over) {
            Listening::Idle(listener) => {
                let listener = Arc::new(listener);
                inside.listening = Listening::Busy(listener.clone());
                Some(listener)
            }
            other => {
                inside.listening = other;
                None
            }
        }
    }

    /// Accepts, and starts handshakes, until it is time to stop.
    pub(crate) fn accept_all(self: &Arc<Self>, listener: &L, server: &Server) {
        let mut is_exhausted = false;
        while self.has_room() {
            let accepted = listener.accept();
            let Some(place) = self.enter() else {
                return;
            };
            let started = match accepted {
                Ok((stream, remote_addr)) => {
                    let server = server.clone();
                    let ticket = self.registry.enter();
                    let trace = Trace::server(remote_addr);
                    spawn("miniws-handshake", move || {
                        let registry = &place.0.registry;
                        let accepted =
                            shake_hands::<L>(&server, stream, remote_addr, registry, ticket, trace);
                        place.leave(accepted);
                    })
                }
                Err(error) if is_transient(&error) => Ok(()),
                Err(error) => Err(error),
            };
            if let Err(error) = &started {
                if !is_exhausted {
                    trace::exhausted(error);
                }
                let inside = self.lock();
                let _ = self
                    .changed
                    .wait_timeout_while(inside, EXHAUSTED_DELAY, |inside| !inside.stopped);
            }
            is_exhausted = started.is_err();
        }
    }

    /// Waits for a free place. Only the thread that accepts takes one. `false` once it is time to stop.
    fn has_room(&self) -> bool {
        let mut inside = self.lock();
        let places_taken = inside.places_taken;
        inside.crowd.observe(places_taken, self.max_handshakes);
        while !inside.stopped && inside.places_taken >= self.max_handshakes {
            inside = self.wait(inside);
        }
        !inside.stopped
    }

    /// Takes a place. `None` once it is time to stop.
    fn enter(self: &Arc<Self>) -> Option<Place<L>> {
        let mut inside = self.lock();
        if inside.stopped {
            return None;
        }
        inside.places_taken += 1;
        Some(Place(self.clone()))
    }

    /// The next one that is ready, `None` when none will be.
    pub(crate) fn next(&self) -> Option<Accepted<L::Stream>> {
        let mut inside = self.lock();
        loop {
            if let Some((accepted, place)) = inside.ready.pop_front() {
                drop(inside);
                drop(place);
                return Some(accepted);
            }
            let over = matches!(inside.listening, Listening::Over);
            if over && (inside.abandoned || inside.places_taken == 0) {
                return None;
            }
            inside = self.wait(inside);
        }
    }

    /// Stops listening, and returns when that is so. Tells whether it is news.
    pub(crate) fn stop(&self) -> bool {
        let mut inside = self.lock();
        let was_stopped = std::mem::replace(&mut inside.stopped, true);
        self.changed.notify_all();
        let give_up = Instant::now() + WAKE_TIMEOUT;
        while let Listening::Busy(listener) = &inside.listening
            && Instant::now() < give_up
        {
            let listener = listener.clone();
            drop(inside);
            let _ = listener.wake();
            drop(listener);
            let woken = self
                .changed
                .wait_timeout_while(self.lock(), EXHAUSTED_DELAY, |inside| {
                    matches!(inside.listening, Listening::Busy(_))
                });
            inside = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
        // A thread that can't be woken is left alone.
        inside.listening = Listening::Over;
        self.changed.notify_all();
        !was_stopped
    }

    /// Drops what the application has not asked for, and what is still to come: handshakes that are
    /// under way lead nowhere.
    pub(crate) fn abandon(&self) {
        let mut inside = self.lock();
        inside.abandoned = true;
        let ready = std::mem::take(&mut inside.ready);
        drop(inside);
        self.changed.notify_all();
        drop(ready); // Each gives its place back, for which it takes the lock.
    }

    /// The listener has been dropped.
    pub(crate) fn over(&self) {
        let mut inside = self.lock();
        inside.listening = Listening::Over;
        inside.stopped = true;
        drop(inside);
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, Inside<L>> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, inside: MutexGuard<'a, Inside<L>>) -> MutexGuard<'a, Inside<L>> {
        self.changed
            .wait(inside)
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl<L: Listen> Stop for Hall<L> {
    fn stop(&self) {
        if self.stop() {
            trace::stopping();
        }
    }

    fn close_all(&self, deadline: Instant) {
        self.stop();
        if !self.registry.close_all(deadline) {
            self.abandon();
        }
    }
}

impl<L: Listen> Place<L> {
    /// Leaves for the application, which takes the place with it until it has taken the connection:
    /// so those that it has not asked for yet count as well.
    fn leave(self, accepted: Accepted<L::Stream>) {
        let hall = self.0.clone();
        let mut inside = hall.lock();
        if !inside.abandoned {
            inside.ready.push_back((accepted, self));
            hall.changed.notify_all();
        }
    }
}

impl<L: Listen> Drop for Place<L> {
    fn drop(&mut self) {
        self.0.lock().places_taken -= 1;
        self.0.changed.notify_all();
    }
}

/// Does a handshake. A hook that panics costs its client the connection, and nobody else anything.
fn shake_hands<L: Listen>(
    server: &Server,
    stream: L::Stream,
    remote_addr: Option<SocketAddr>,
    registry: &Registry,
    ticket: Ticket,
    trace: Trace,
) -> Accepted<L::Stream> {
    catch_unwind(AssertUnwindSafe(|| {
        let mut socket = server.accept_registered::<L>(stream, remote_addr, ticket, trace)?;
        if registry.is_closing() {
            // It comes too late to be closed with the others.
            socket.close_with(CloseCode::GOING_AWAY, "")?;
        }
        Ok(socket)
    }))
    .unwrap_or_else(|_| Err(io::Error::other("a hook of the server has panicked").into()))
}

pub(crate) fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> io::Result<()> {
    thread::Builder::new()
        .name(name.into())
        .spawn(work)
        .map(drop)
}
