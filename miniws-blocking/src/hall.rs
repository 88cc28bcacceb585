//! Where connections are between the backlog and the application: handshakes side by side.

use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use miniws_adapter::tcp::{EXHAUSTED_DELAY, is_transient};

use crate::stop::{Registry, Ticket};
use crate::{CloseCode, Error, Server, WebSocket};

pub(crate) type Accepted = Result<WebSocket<TcpStream>, Error>;

/// Where connections are on their way from the backlog to the application.
#[derive(Debug)]
pub(crate) struct Hall {
    pub(crate) local_addr: SocketAddr,
    max_handshakes: usize,
    inside: Mutex<Inside>,
    changed: Condvar,
    pub(crate) registry: Arc<Registry>,
}

#[derive(Debug)]
struct Inside {
    listening: Listening,
    stopped: bool,
    /// Nobody takes any more.
    abandoned: bool,
    /// How many have come in, or are about to, and have not been handed on.
    places_taken: usize,
    /// Those that are done with their handshakes.
    ready: VecDeque<(Accepted, Place)>,
}

#[derive(Debug)]
enum Listening {
    /// Nobody has asked for a connection yet.
    Idle(TcpListener),
    /// Some thread accepts.
    Busy,
    Over,
}

/// A place in the hall; it is free again when this is dropped.
#[derive(Debug)]
struct Place(Arc<Hall>);

/// How long to try to wake the thread that accepts.
const WAKE_TIMEOUT: Duration = Duration::from_secs(5);

impl Hall {
    pub(crate) fn new(listener: TcpListener, max_handshakes: usize) -> io::Result<Self> {
        listener.set_nonblocking(false)?;
        Ok(Self {
            local_addr: listener.local_addr()?,
            max_handshakes,
            inside: Mutex::new(Inside {
                listening: Listening::Idle(listener),
                stopped: false,
                abandoned: false,
                places_taken: 0,
                ready: VecDeque::new(),
            }),
            changed: Condvar::new(),
            registry: Arc::default(),
        })
    }

    /// The listener, for the first one who asks.
    pub(crate) fn start(&self) -> Option<TcpListener> {
        let mut inside = self.lock();
        match std::mem::replace(&mut inside.listening, Listening::Busy) {
            Listening::Idle(listener) => Some(listener),
            other => {
                inside.listening = other;
                None
            }
        }
    }

    /// Accepts, and starts handshakes, until it is time to stop.
    pub(crate) fn accept_all(self: &Arc<Self>, listener: &TcpListener, server: &Server) {
        while let Some(place) = self.enter() {
            let accepted = listener.accept();
            if self.is_stopped() {
                return;
            }
            let started = match accepted {
                Ok((stream, remote_addr)) => {
                    let server = server.clone();
                    let ticket = self.registry.enter();
                    spawn("miniws-handshake", move || {
                        let registry = &place.0.registry;
                        let accepted = shake_hands(&server, stream, remote_addr, registry, ticket);
                        place.leave(accepted);
                    })
                }
                Err(error) if is_transient(&error) => Ok(()),
                Err(error) => Err(error),
            };
            if started.is_err() {
                let inside = self.lock();
                let _ = self
                    .changed
                    .wait_timeout_while(inside, EXHAUSTED_DELAY, |inside| !inside.stopped);
            }
        }
    }

    /// Waits for a free place. `None` once it is time to stop.
    fn enter(self: &Arc<Self>) -> Option<Place> {
        let mut inside = self.lock();
        while !inside.stopped && inside.places_taken >= self.max_handshakes {
            inside = self.wait(inside);
        }
        if inside.stopped {
            return None;
        }
        inside.places_taken += 1;
        Some(Place(self.clone()))
    }

    /// The next one that is ready, `None` when none will be.
    pub(crate) fn next(&self) -> Option<Accepted> {
        let mut inside = self.lock();
        loop {
            if let Some((accepted, place)) = inside.ready.pop_front() {
                drop(inside);
                drop(place);
                return Some(accepted);
            }
            if inside.stopped && (inside.abandoned || inside.places_taken == 0) {
                return None;
            }
            inside = self.wait(inside);
        }
    }

    /// Stops listening, and returns when that is so.
    pub(crate) fn stop(&self) {
        let mut inside = self.lock();
        inside.stopped = true;
        self.changed.notify_all();
        if let Listening::Idle(_) = inside.listening {
            inside.listening = Listening::Over;
        }
        let give_up = Instant::now() + WAKE_TIMEOUT;
        while matches!(inside.listening, Listening::Busy) && Instant::now() < give_up {
            drop(inside);
            // The thread that waits for a connection is given one. Closing the listener under it
            // would neither wake it everywhere, nor be right when other processes share the socket;
            // then one of them may get the connection, so it is tried again.
            let _ = TcpStream::connect_timeout(&reachable(self.local_addr), EXHAUSTED_DELAY);
            inside = self.lock();
            if matches!(inside.listening, Listening::Busy) {
                let waited = self.changed.wait_timeout(inside, EXHAUSTED_DELAY);
                inside = waited.unwrap_or_else(PoisonError::into_inner).0;
            }
        }
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

    fn is_stopped(&self) -> bool {
        self.lock().stopped
    }

    fn lock(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, inside: MutexGuard<'a, Inside>) -> MutexGuard<'a, Inside> {
        self.changed
            .wait(inside)
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// Leaves for the application, which takes the place with it until it has taken the connection:
    /// so those that it has not asked for yet count as well.
    fn leave(self, accepted: Accepted) {
        let hall = self.0.clone();
        let mut inside = hall.lock();
        if !inside.abandoned {
            inside.ready.push_back((accepted, self));
            hall.changed.notify_all();
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.lock().places_taken -= 1;
        self.0.changed.notify_all();
    }
}

/// Does a handshake. A hook that panics costs its client the connection, and nobody else anything.
fn shake_hands(
    server: &Server,
    stream: TcpStream,
    remote_addr: SocketAddr,
    registry: &Registry,
    ticket: Ticket,
) -> Accepted {
    catch_unwind(AssertUnwindSafe(|| {
        let mut socket = server.accept_tcp(stream, remote_addr, ticket)?;
        if registry.is_closing() {
            // It comes too late to be closed with the others.
            socket.close_with(CloseCode::GOING_AWAY, "")?;
        }
        Ok(socket)
    }))
    .unwrap_or_else(|_| Err(io::Error::other("a hook of the server has panicked").into()))
}

/// Where to reach a listener from this machine.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    address
}

pub(crate) fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> io::Result<()> {
    thread::Builder::new()
        .name(name.into())
        .spawn(work)
        .map(drop)
}
