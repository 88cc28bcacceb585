//! A client that stays connected, on any asynchronous runtime.

use std::fmt;
use std::future::poll_fn;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use miniws_proto::{CloseStatus, Event, Time};

use super::{Cause, Retries, Retry, Update};
use crate::{Error, Timer};

/// The sending and the receiving half of a WebSocket on its way.
pub type Halves<'a, W, R> = Pin<Box<dyn Future<Output = Result<(W, R), Error>> + Send + 'a>>;

/// The receiving half of a WebSocket.
pub trait Receive {
    /// The next event, `None` after the end.
    fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Event>, Error>>;

    /// Closes with 1000, unless it is closing already, and waits for the end.
    fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<Result<CloseStatus, Error>>;

    /// How it ended.
    fn close_status(&self) -> Option<CloseStatus>;
}

/// Connects, and connects again. All state is in here and none in futures.
pub struct Reconnect<'a, W, R, T> {
    connect: Box<dyn FnMut() -> Halves<'a, W, R> + Send + 'a>,
    retries: Retries<'a>,
    timer: T,
    stage: Stage<'a, W, R>,
}

enum Stage<'a, W, R> {
    /// Until it is time for an attempt: `None` at once.
    Waiting(Option<Time>),
    Connecting(Halves<'a, W, R>),
    Open(R),
    /// For good.
    Closing(R),
    Over,
}

impl<'a, W, R: Receive, T: Timer> Reconnect<'a, W, R, T> {
    /// A client that connects by `connect`.
    pub fn new(connect: impl FnMut() -> Halves<'a, W, R> + Send + 'a) -> Self {
        Self {
            connect: Box::new(connect),
            retries: Retries::default(),
            timer: T::default(),
            stage: Stage::Waiting(None),
        }
    }

    /// The settings.
    pub fn retries_mut(&mut self) -> &mut Retries<'a> {
        &mut self.retries
    }

    /// What happens next, `None` when it is over.
    pub fn recv(&mut self) -> impl Future<Output = Result<Option<Update<W>>, Cause>> {
        poll_fn(|cx| self.poll_recv(cx))
    }

    /// Closes for good. `None` when there was no connection.
    pub fn close(&mut self) -> impl Future<Output = Result<Option<CloseStatus>, Error>> {
        poll_fn(|cx| self.poll_close(cx))
    }

    /// What happens next, `None` when it is over.
    pub fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Update<W>>, Cause>> {
        loop {
            match &mut self.stage {
                Stage::Waiting(due) => {
                    while let Some(due) = due.filter(|due| T::now() < *due) {
                        ready!(self.timer.poll_until(cx, due));
                    }
                    self.stage = Stage::Connecting((self.connect)());
                }
                Stage::Connecting(halves) => match ready!(halves.as_mut().poll(cx)) {
                    Ok((sender, receiver)) => {
                        self.retries.opened(T::now());
                        self.stage = Stage::Open(receiver);
                        return Poll::Ready(Ok(Some(Update::Connected(sender))));
                    }
                    Err(error) => return Poll::Ready(self.lost(Cause::Connect(error))),
                },
                Stage::Open(receiver) => {
                    let cause = match ready!(receiver.poll_recv(cx)) {
                        // It is the cause of the loss, once TCP has ended.
                        Ok(Some(Event::Close(_))) => continue,
                        Ok(Some(event)) => return Poll::Ready(Ok(Some(Update::Event(event)))),
                        ended => Cause::of_end(ended.err(), receiver.close_status()),
                    };
                    return Poll::Ready(self.lost(cause));
                }
                Stage::Closing(_) => {
                    let _ = ready!(self.poll_close(cx)); // Told to who called `close`.
                }
                Stage::Over => return Poll::Ready(Ok(None)),
            }
        }
    }

    /// Closes for good. `None` when there was no connection.
    pub fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<CloseStatus>, Error>> {
        self.stage = match mem::replace(&mut self.stage, Stage::Over) {
            Stage::Open(receiver) | Stage::Closing(receiver) => Stage::Closing(receiver),
            Stage::Waiting(_) | Stage::Connecting(_) | Stage::Over => Stage::Over,
        };
        let Stage::Closing(receiver) = &mut self.stage else {
            return Poll::Ready(Ok(None));
        };
        let closed = ready!(receiver.poll_close(cx));
        self.stage = Stage::Over;
        Poll::Ready(closed.map(Some))
    }

    fn lost(&mut self, cause: Cause) -> Result<Option<Update<W>>, Cause> {
        let now = T::now();
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

impl<W, R, T> fmt::Debug for Reconnect<'_, W, R, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stage = match &self.stage {
            Stage::Waiting(_) => "Waiting",
            Stage::Connecting(_) => "Connecting",
            Stage::Open(_) => "Open",
            Stage::Closing(_) => "Closing",
            Stage::Over => "Over",
        };
        f.debug_struct("Reconnect")
            .field("retries", &self.retries)
            .field("stage", &stage)
            .finish_non_exhaustive()
    }
}
