//! A connection on its way.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use miniws_proto::State;

use crate::Error;

/// A connection on its way: a future of a WebSocket, whose state can be looked at.
#[must_use = "futures do nothing unless polled"]
pub struct Connecting<W> {
    future: Pin<Box<dyn Future<Output = Result<W, Error>> + Send>>,
    state: State,
}

impl<W> Connecting<W> {
    /// What `future` does.
    #[doc(hidden)]
    pub fn new(future: impl Future<Output = Result<W, Error>> + Send + 'static) -> Self {
        Self {
            future: Box::pin(future),
            state: State::Connecting,
        }
    }

    /// [`State::Connecting`] until it is decided, then [`State::Open`] or [`State::Closed`].
    #[must_use]
    pub fn state(&self) -> State {
        self.state
    }
}

impl<W> Future for Connecting<W> {
    type Output = Result<W, Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let result = self.future.as_mut().poll(cx);
        match &result {
            Poll::Ready(Ok(_)) => self.state = State::Open,
            Poll::Ready(Err(_)) => self.state = State::Closed,
            Poll::Pending => {}
        }
        result
    }
}

impl<W> fmt::Debug for Connecting<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connecting")
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}
