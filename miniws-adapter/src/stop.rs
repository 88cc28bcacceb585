//! A server's word to its listener and to all its connections: stop, close, end.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};

use event_listener::{Event, EventListener};
use miniws_proto::{CloseCode, CloseFrame, Connection};

use crate::trace;

/// A server's word to its listener and its connections: stop listening; close as well; and when that
/// took too long, end.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<Inner>);

/// A connection's side of a [`Stop`].
pub struct StopTicket {
    stop: Arc<Inner>,
    obeyed: u8,
    listener: Option<Pin<Box<EventListener>>>,
    /// The task that the listener wakes.
    waker: Option<Waker>,
}

#[derive(Debug, Default)]
struct Inner {
    word: AtomicU8,
    /// For those who listen for new connections.
    stopped: Event,
    /// For the connections.
    said: Event,
    connections: AtomicUsize,
    gone: Event,
}

const STOP: u8 = 1;
const CLOSE: u8 = 2;
const END: u8 = 3;

impl Stop {
    /// A ticket for a new connection; it counts until it is dropped.
    #[must_use]
    pub fn ticket(&self) -> StopTicket {
        self.0.connections.fetch_add(1, Ordering::SeqCst);
        StopTicket {
            stop: self.0.clone(),
            obeyed: STOP,
            listener: None,
            waker: None,
        }
    }

    /// Stops listening. Connections are left alone.
    pub fn stop(&self) {
        if self.0.say(STOP) {
            trace::stopping();
        }
    }

    /// Whether to stop listening.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.0.word() >= STOP
    }

    /// Returns when it is time to stop listening.
    pub async fn stopped(&self) {
        self.0.reached(STOP).await;
    }

    /// Returns when it is time to end.
    pub async fn ended(&self) {
        self.0.reached(END).await;
    }

    /// Stops listening, and makes all connections, those to come as well, close with 1001.
    pub fn close(&self) {
        if self.0.say(CLOSE) {
            trace::closing_all(self.connections());
        }
    }

    /// Stops listening, and ends all connections without further ado.
    pub fn end(&self) {
        if self.0.say(END) {
            trace::ending_all(self.connections());
        }
    }

    /// How many connections there are.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.0.connections.load(Ordering::SeqCst)
    }

    /// Returns when there are no connections.
    pub async fn gone(&self) {
        loop {
            let listener = self.0.gone.listen();
            if self.connections() == 0 {
                return;
            }
            listener.await;
        }
    }
}

impl Inner {
    fn word(&self) -> u8 {
        self.word.load(Ordering::SeqCst)
    }

    /// Returns when `word`, or a later one, has been said.
    async fn reached(&self, word: u8) {
        while self.word() < word {
            let listener = self.stopped.listen();
            // It may have been said before the listener was there.
            if self.word() < word {
                listener.await;
            }
        }
    }

    /// Tells whether it is news.
    fn say(&self, word: u8) -> bool {
        let before = self.word.fetch_max(word, Ordering::SeqCst);
        self.stopped.notify(usize::MAX);
        if word > STOP {
            self.said.notify(usize::MAX);
        }
        before < word
    }
}

impl StopTicket {
    /// Ready when the word has been said and `connection` obeys it.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>, connection: &mut Connection) -> Poll<()> {
        loop {
            let word = self.stop.word();
            if word > self.obeyed {
                self.obeyed = word;
                self.listener = None;
                self.waker = None;
                obey(word, connection);
                return Poll::Ready(());
            }
            // Asking the listener again is not free, and it remembers the task.
            if let Some(waker) = &self.waker
                && waker.will_wake(cx.waker())
            {
                return Poll::Pending;
            }
            let was_listening = self.listener.is_some();
            let listener = self
                .listener
                .get_or_insert_with(|| Box::pin(self.stop.said.listen()));
            if listener.as_mut().poll(cx).is_ready() {
                self.listener = None;
                continue;
            }
            self.waker = Some(cx.waker().clone());
            if was_listening {
                return Poll::Pending;
            }
            // Once more round: the word may have been said before the listener was there.
        }
    }
}

fn obey(word: u8, connection: &mut Connection) {
    if word == END {
        connection.receive_eof();
    } else {
        // It may be closing already: then there is nothing to do.
        let _ = connection.close(CloseFrame::new(CloseCode::GOING_AWAY, "").ok());
    }
}

impl Drop for StopTicket {
    fn drop(&mut self) {
        if self.stop.connections.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.stop.gone.notify(usize::MAX);
        }
    }
}

impl fmt::Debug for StopTicket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StopTicket").finish_non_exhaustive()
    }
}
