//! Staying connected: a client that connects again when its connection is lost.
//!
//! [`Reconnecting`] tells the application about each connection and each gap, and leaves to it what
//! nobody else can know: what to say again, and where to go on. Here every message has a number, and a
//! client that comes back asks for those after the last one that it has seen:
//!
//! ```
//! use std::sync::atomic::{AtomicU64, Ordering};
//! use std::time::Duration;
//!
//! use miniws_blocking::reconnect::{Backoff, Reconnecting, Update};
//! use miniws_blocking::{Client, Event};
//! # use miniws_blocking::Server;
//! #
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # // A server that loses its connection after every third message.
//! # let listener = Server::new().bind("127.0.0.1:0")?;
//! # let url = format!("ws://{}/news", listener.local_addr());
//! # let (targets, asked) = std::sync::mpsc::channel();
//! # std::thread::spawn(move || {
//! #     for first in [1, 4, 7] {
//! #         let mut socket = listener.accept().unwrap().unwrap();
//! #         socket.recv().unwrap();
//! #         for id in first..first + 3 {
//! #             socket.send(format!("{id}")).unwrap();
//! #         }
//! #         if first == 7 { let _ = socket.close(); }
//! #     }
//! # });
//!
//! let seen = AtomicU64::new(0);
//! let mut news = Reconnecting::new(|| {
//!     // Made anew for each attempt, as a token that expires would be.
//!     let url = format!("{url}?after={}", seen.load(Ordering::Relaxed));
//! #   targets.send(url.clone()).unwrap();
//!     Client::new(&url).connect()
//! })
//! .backoff(Backoff::default().first(Duration::from_millis(10)));
//!
//! while let Some(update) = news.recv()? {
//!     match update {
//!         Update::Connected(sender) => sender.send("news, please")?,
//!         Update::Event(Event::Message(message)) => {
//!             let id = message.as_text().unwrap_or_default().parse()?;
//!             seen.store(id, Ordering::Relaxed);
//!         }
//!         Update::Lost { cause, delay, .. } => println!("{cause}; again in {delay:?}"),
//!         _ => {}
//!     }
//! }
//! assert_eq!(seen.load(Ordering::Relaxed), 9);
//! # drop(news);
//! # assert!(asked.recv()?.ends_with("?after=0"));
//! # assert!(asked.recv()?.ends_with("?after=3"));
//! # assert!(asked.recv()?.ends_with("?after=6"));
//! # Ok(()) }
//! ```
//!
//! # What is tried again
//!
//! What [`Cause::is_final`] does not call final: an open connection that fails, a server that can't be
//! reached or is busy, and most close codes. [`Reconnecting::give_up_if`] decides otherwise. How long to
//! wait is [`Backoff`]'s.
//!
//! # What is sent twice, or never
//!
//! Nothing is sent twice: each connection has a [`Sender`] of its own, and what that one was given is
//! never given to another. What it was given shortly before the connection was lost may have reached the
//! peer or not; WebSocket has no receipts (RFC 6455), and a message that `send` has returned for has been
//! handed to the transport, no more. What was queued with `feed` and not yet flushed has not reached it.
//! Who has to know lets the peer answer, with a number as above, and says again on
//! [`Update::Connected`] what had no answer.

use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use miniws_adapter::clock;
pub use miniws_adapter::reconnect::{Backoff, Cause, Update};
use miniws_adapter::reconnect::{Retries, Retry};
use miniws_proto::{Entropy, Event, Time};

use crate::{Error, Receiver, Sender, SharedStream, WebSocket};

/// A client that connects again when its connection is lost, see the [module](self).
///
/// It does something only within [`recv`](Self::recv), connecting included. Dropping it drops the
/// receiving half of the connection, which ends unless the application has a [`Sender`] of it.
pub struct Reconnecting<'a, S> {
    connect: Box<dyn FnMut() -> Result<WebSocket<S>, Error> + Send + 'a>,
    retries: Retries<'a>,
    stage: Stage<S>,
    closer: Closer<S>,
}

enum Stage<S> {
    /// Until it is time for an attempt: `None` at once.
    Waiting(Option<Time>),
    Open(Receiver<S>),
    Over,
}

/// Ends a [`Reconnecting`] from another thread.
pub struct Closer<S>(Arc<Shared<S>>);

struct Shared<S> {
    state: Mutex<State<S>>,
    changed: Condvar,
}

struct State<S> {
    is_closed: bool,
    /// To close the connection that is open with.
    sender: Option<Sender<S>>,
}

impl<'a, S: SharedStream + 'static> Reconnecting<'a, S> {
    /// A client that connects by `connect`, which is called for each attempt and may do anything
    /// before and after [`Client::connect`](crate::Client::connect): fetch a token, say hello over
    /// the new connection and wait for the answer.
    pub fn new(connect: impl FnMut() -> Result<WebSocket<S>, Error> + Send + 'a) -> Self {
        Self {
            connect: Box::new(connect),
            retries: Retries::default(),
            stage: Stage::Waiting(None),
            closer: Closer(Arc::new(Shared {
                state: Mutex::new(State {
                    is_closed: false,
                    sender: None,
                }),
                changed: Condvar::new(),
            })),
        }
    }

    /// How long to wait before connecting again.
    #[must_use]
    pub fn backoff(mut self, backoff: Backoff) -> Self {
        self.retries.set_backoff(backoff);
        self
    }

    /// A hook that is asked each time that there is no connection; when it returns `true`, it is over.
    /// Unless told otherwise, it is [`Cause::is_final`].
    ///
    /// ```
    /// use miniws_blocking::reconnect::{Cause, Reconnecting};
    /// use miniws_blocking::{Client, CloseCode};
    ///
    /// let client = Reconnecting::new(|| Client::new("ws://example.org/").connect())
    ///     .give_up_if(|cause| match cause {
    ///         // This server closes with 1000 before it restarts, and with 4001 if we are banned.
    ///         Cause::Closed(status) => status.code == CloseCode::from(4001),
    ///         // It answers 404 while it starts.
    ///         cause => cause.is_final() && cause.response().map(|it| it.status()) != Some(404),
    ///     });
    /// # let _ = client;
    /// ```
    #[must_use]
    pub fn give_up_if(mut self, hook: impl FnMut(&Cause) -> bool + Send + 'a) -> Self {
        self.retries.set_give_up_if(hook);
        self
    }

    /// Where the chance in the waits comes from: the operating system unless told otherwise. For
    /// tests.
    #[must_use]
    pub fn entropy(mut self, entropy: impl Entropy + 'a) -> Self {
        self.retries.set_entropy(entropy);
        self
    }

    /// What happens next; `None` when it is over, because the peer has closed with 1000 or
    /// [`Closer::close`] was called.
    ///
    /// # Errors
    ///
    /// Why it is over, when the cause is final or [`Backoff`] gives up. Later calls give `None`.
    pub fn recv(&mut self) -> Result<Option<Update<Sender<S>>>, Cause> {
        loop {
            match &mut self.stage {
                Stage::Waiting(due) => {
                    if self.closer.is_closed_until(*due) {
                        self.stage = Stage::Over;
                        continue;
                    }
                    match (self.connect)() {
                        Ok(socket) => {
                            let (sender, receiver) = socket.split();
                            self.closer.opened(sender.clone());
                            self.retries.opened(clock::now());
                            self.stage = Stage::Open(receiver);
                            return Ok(Some(Update::Connected(sender)));
                        }
                        Err(error) => return self.lost(Cause::Connect(error)),
                    }
                }
                Stage::Open(receiver) => {
                    let cause = match receiver.recv() {
                        // It is the cause of the loss, once TCP has ended.
                        Ok(Some(Event::Close(_))) => continue,
                        Ok(Some(event)) => return Ok(Some(Update::Event(event))),
                        ended => Cause::of_end(ended.err(), receiver.close_status()),
                    };
                    return self.lost(cause);
                }
                Stage::Over => return Ok(None),
            }
        }
    }

    /// What ends this one from another thread, for its own may be waiting in [`recv`](Self::recv).
    ///
    /// ```
    /// use miniws_blocking::Client;
    /// use miniws_blocking::reconnect::Reconnecting;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mut client = Reconnecting::new(|| Client::new("ws://127.0.0.1:9/").connect());
    /// let closer = client.closer();
    /// std::thread::spawn(move || closer.close());
    /// while let Some(_) = client.recv()? {}
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn closer(&self) -> Closer<S> {
        self.closer.clone()
    }

    fn lost(&mut self, cause: Cause) -> Result<Option<Update<Sender<S>>>, Cause> {
        if self.closer.lost() {
            self.stage = Stage::Over;
            return Ok(None);
        }
        let now = clock::now();
        match self.retries.lost(&cause, now) {
            Some(Retry { number, delay }) => {
                self.stage = Stage::Waiting(Some(now + delay));
                Ok(Some(Update::Lost {
                    cause,
                    retry: number,
                    delay,
                }))
            }
            None => {
                self.stage = Stage::Over;
                cause.into_end().map(|()| None)
            }
        }
    }
}

impl<S: SharedStream + 'static> Closer<S> {
    /// Closes the connection with 1000, if there is one, and makes [`Reconnecting::recv`] connect no
    /// more: it gives `None` once TCP has ended, and at once when it is waiting to try again. An attempt
    /// to connect that is under way is not cut short.
    ///
    /// Calling it again does nothing.
    pub fn close(&self) {
        let sender = {
            let mut state = self.lock();
            state.is_closed = true;
            state.sender.take()
        };
        self.0.changed.notify_all();
        if let Some(sender) = sender {
            let _ = sender.close(); // It may have ended already.
        }
    }

    /// A connection is open; it is closed again if nobody wants it any more.
    fn opened(&self, sender: Sender<S>) {
        let mut state = self.lock();
        if !state.is_closed {
            state.sender = Some(sender);
            return;
        }
        drop(state);
        let _ = sender.close();
    }
}

impl<S> Closer<S> {
    /// There is no connection any more. Tells whether none is wanted either.
    fn lost(&self) -> bool {
        let mut state = self.lock();
        state.sender = None;
        state.is_closed
    }

    /// Waits until it is closed, but not longer than until `due`. Tells whether it is.
    fn is_closed_until(&self, due: Option<Time>) -> bool {
        let mut state = self.lock();
        loop {
            let left = due.map_or(Duration::ZERO, |due| due.saturating_since(clock::now()));
            if state.is_closed || left.is_zero() {
                return state.is_closed;
            }
            let waited = self.0.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<S>> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S> Clone for Closer<S> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<S> Drop for Reconnecting<'_, S> {
    fn drop(&mut self) {
        // What a closer has of the connection would keep it open.
        self.closer.lock().sender = None;
    }
}

impl<S> fmt::Debug for Closer<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Closer").finish_non_exhaustive()
    }
}

impl<S> fmt::Debug for Reconnecting<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reconnecting")
            .field("retries", &self.retries)
            .finish_non_exhaustive()
    }
}
