//! Moves bytes between a stream and a connection.

use std::io;
use std::sync::{Arc, Weak};
use std::time::Duration;

use bytes::BytesMut;
use miniws_adapter::trace::Span;
use miniws_adapter::{Error, Opened, clock};
use miniws_proto::{
    CloseFrame, CloseStatus, Compression, Connection, Event, Message, ReceiveErrorKind, SendError,
    SendQueue, Time,
};

use crate::line::{Drained, Hold, LITTLE, Line, Patience};
use crate::scratch;
use crate::shared::Shared;
use crate::stop::Ticket;
use crate::stream::{SharedStream, Stream, is_interrupted, is_timeout};
use crate::timeout::Timeout;

/// A stream, the connection over it, and the bytes that have been read but not yet received.
#[derive(Debug)]
pub(crate) struct Driver<S> {
    link: Link<S>,
    input: BytesMut,
    read_timeout: Timeout,
    /// Since when a deadline has passed, although there is always something to read.
    overdue: Option<Time>,
}

/// A stream and its connection: for this thread alone, or for others as well.
#[derive(Debug)]
pub(crate) enum Link<S> {
    Own { stream: S, line: Box<Line> },
    Shared(Arc<Shared<S>>),
}

/// What is kept of an output buffer while nothing is written.
const KEPT_OUTPUT: usize = 256;
/// How long a connection has nothing to read before its thread gives up its buffer.
const REST: Duration = Duration::from_secs(1);
/// How long a half waits to read when the other one may make a deadline meanwhile.
const GLANCE: Duration = Duration::from_secs(10);
/// For how long what has come is read before a deadline that has passed counts: what puts it off may
/// be among that.
const OVERDUE: Duration = Duration::from_secs(1);

impl<S> Driver<S> {
    pub(crate) fn new(stream: S, mut opened: Opened) -> Self {
        let _ = opened.connection.outgoing().take_buffer(); // Of the handshake.
        let line = Box::new(Line::new(opened.connection, opened.trace));
        Self {
            link: Link::Own { stream, line },
            input: opened.input,
            read_timeout: Timeout::default(),
            overdue: None,
        }
    }

    pub(crate) fn stream(&self) -> &S {
        match &self.link {
            Link::Own { stream, .. } => stream,
            Link::Shared(shared) => &shared.stream,
        }
    }

    /// The connection's span.
    pub(crate) fn span(&self) -> Span {
        match &self.link {
            Link::Own { line, .. } => line.trace.span(),
            Link::Shared(shared) => shared.lock().trace.span(),
        }
    }

    /// The stream, the connection, and what has been read but not yet received.
    #[cfg(feature = "testing")]
    pub(crate) fn into_parts(self) -> miniws_adapter::testing::Parts<S> {
        match self.link {
            Link::Own { stream, line } => (stream, line.connection, self.input),
            Link::Shared(_) => {
                unreachable!("halves and a listener's connections are no WebSocket<Pipe>")
            }
        }
    }

    /// A look at the connection.
    pub(crate) fn look<R>(&self, look: impl FnOnce(&Connection) -> R) -> R {
        match &self.link {
            Link::Own { line, .. } => look(&line.connection),
            Link::Shared(shared) => look(&shared.lock().connection),
        }
    }
}

impl<S: SharedStream> Driver<S> {
    /// Lets other threads use the connection as well. The ticket, if there is one, is made for them.
    pub(crate) fn share(
        self,
        ticket: impl FnOnce(&Weak<Shared<S>>) -> Option<Ticket>,
    ) -> (Arc<Shared<S>>, Self) {
        let shared = match self.link {
            Link::Shared(shared) => shared,
            Link::Own { stream, line } => {
                Arc::new_cyclic(|weak| Shared::new(stream, *line, ticket(weak)))
            }
        };
        let driver = Self {
            link: Link::Shared(shared.clone()),
            ..self
        };
        (shared, driver)
    }
}

impl<S: Stream> Driver<S> {
    /// The next event, `None` after the end. Writes what is queued before it waits.
    pub(crate) fn recv(&mut self) -> Result<Option<Event>, Error> {
        loop {
            let mut line = self.link.hold();
            let received = line.connection.receive(&mut self.input);
            line.observe();
            if let Ok(Some(event)) = received {
                return Ok(Some(event));
            }
            let closing = !line.is_open();
            let had_output = line.has_output();
            drop(line);

            let drained = self.link.drain(Patience::Little);
            let mut line = self.link.hold();
            if closing && had_output && !line.has_output() {
                // The answer to the peer's close has left, so the close can be told.
                continue;
            }
            if drained == Drained::Stalled || closing {
                // Reading must not keep us past the deadlines of a peer that takes nothing, or that
                // goes on sending after the close.
                line.check_write_deadline(clock::now());
            }
            if !line.connection.wants_read() {
                if line.connection.wants_shutdown() && !line.write_ended {
                    continue;
                }
                return line.ending(received);
            }
            let now = clock::now();
            let deadline = line.connection.poll_timeout(now);
            if deadline.is_none_or(|deadline| now < deadline) {
                self.overdue = None;
            } else if now >= *self.overdue.get_or_insert(now) + OVERDUE {
                // The peer never stops sending, so no read waits until the deadline.
                self.overdue = None;
                line.connection.handle_timeout(now);
                continue;
            }
            let mut wait = deadline.map(|deadline| deadline.saturating_since(now));
            if line.has_output() && (closing || drained == Drained::Stalled) {
                // Then to write again.
                wait = at_most(LITTLE, wait);
            }
            if line.may_get_a_deadline() {
                wait = at_most(GLANCE, wait);
            }
            drop(line);
            self.read(wait);
        }
    }

    /// Writes all that is queued.
    pub(crate) fn flush(&mut self) -> Result<(), Error> {
        self.link.flush()
    }

    pub(crate) fn feed(
        &mut self,
        queue: impl FnOnce(&mut Connection) -> Result<(), SendError>,
    ) -> Result<(), Error> {
        self.link.hold().feed(queue)
    }

    pub(crate) fn queue(
        &mut self,
        queue: impl FnMut(&mut Connection) -> Result<(), SendError>,
    ) -> Result<(), Error> {
        self.link.queue(queue)
    }

    pub(crate) fn send(&mut self, message: Message, compression: Compression) -> Result<(), Error> {
        self.link.send(message, compression)
    }

    /// Closes with `frame`, unless the connection is closing already, then receives and drops events
    /// until it has ended.
    pub(crate) fn close(&mut self, frame: Option<CloseFrame>) -> Result<CloseStatus, Error> {
        let mut line = self.link.hold();
        if line.is_open() {
            line.connection.close(frame)?;
        }
        drop(line);
        while self.recv()?.is_some() {}
        let status = self.look(Connection::close_status);
        status.ok_or_else(|| SendError::Closed.into())
    }

    /// Reads something, or waits for as long as the stream may be waited for.
    fn read(&mut self, wait: Option<Duration>) {
        let wait = match scratch::is_held() {
            true => at_most(REST, wait),
            false => wait,
        };
        let read = self.try_read(wait);
        let mut line = self.link.hold();
        match read {
            Ok(0) => line.read_ended(None),
            Ok(_) => {}
            Err(error) if is_interrupted(&error) => {}
            Err(error) if is_timeout(&error) => {
                line.connection.handle_timeout(clock::now());
                scratch::release();
            }
            Err(error) => line.read_ended(Some(error)),
        }
    }

    fn try_read(&mut self, wait: Option<Duration>) -> io::Result<usize> {
        if self.input.is_empty() {
            // A connection that waits holds no buffer.
            self.input = BytesMut::new();
            shrink(self.link.hold().connection.outgoing());
        }
        let link = &mut self.link;
        self.read_timeout
            .arm(wait, |timeout| link.set_read_timeout(timeout))?;
        scratch::read(&mut self.input, |scratch| link.read(scratch))
    }
}

impl<S> Link<S> {
    pub(crate) fn hold(&mut self) -> Hold<'_> {
        match self {
            Self::Own { line, .. } => Hold::Own(line),
            Self::Shared(shared) => Hold::Shared(shared.lock()),
        }
    }
}

impl<S: Stream> Link<S> {
    /// Writes all that is queued.
    pub(crate) fn flush(&mut self) -> Result<(), Error> {
        let mut patience = Patience::Some;
        // From now on the peer has to take something.
        self.hold().check_write_deadline(clock::now());
        loop {
            let drained = self.drain(patience);
            let mut line = self.hold();
            if drained == Drained::Stalled {
                patience = Patience::Wait(line.check_write_deadline(clock::now()));
                continue;
            }
            if !line.sole {
                // A thread that sends may do something else for long, and never read.
                scratch::release();
            }
            let ended = !line.connection.wants_read();
            let is_lost = drained == Drained::Failed || line.is_cut_off();
            return match line.connection.error() {
                // Another thread has found out why the stream takes nothing any more.
                Some(error) if ended && error.kind() != ReceiveErrorKind::ConnectionLost => {
                    Err(error.into())
                }
                _ if is_lost => Err(line.tell_failure()),
                Some(error) if ended => Err(error.into()),
                _ => Ok(()),
            };
        }
    }

    /// Queues what `queue` queues once there is room for it, and writes all that is queued.
    pub(crate) fn queue(
        &mut self,
        mut queue: impl FnMut(&mut Connection) -> Result<(), SendError>,
    ) -> Result<(), Error> {
        loop {
            let mut line = self.hold();
            match line.feed(&mut queue) {
                // Another thread may use up the room that flushing makes.
                Err(Error::Send(SendError::Full(_))) if line.has_output() => {}
                queued => {
                    queued?;
                    break;
                }
            }
            drop(line);
            self.flush()?;
        }
        self.flush()
    }

    /// As [`queue`](Self::queue), for a message.
    pub(crate) fn send(&mut self, message: Message, compression: Compression) -> Result<(), Error> {
        let mut message = Some(message);
        self.queue(|connection| {
            let Some(taken) = message.take() else {
                return Ok(());
            };
            connection
                .send_with(taken, compression)
                .map_err(|error| match error {
                    SendError::Full(given_back) => {
                        message = given_back;
                        SendError::Full(None)
                    }
                    error => error,
                })
        })
    }

    /// Writes what is queued, as far as patience goes.
    fn drain(&mut self, patience: Patience) -> Drained {
        match self {
            Self::Own { stream, line } => line.drain(stream, patience),
            Self::Shared(shared) => shared.drain(patience),
        }
    }

    fn set_read_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        match self {
            Self::Own { stream, .. } => stream.set_read_timeout(timeout),
            Self::Shared(shared) => shared.stream().set_read_timeout(timeout),
        }
    }

    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Own { stream, .. } => stream.read(buffer),
            Self::Shared(shared) => shared.stream().read_shared(buffer),
        }
    }
}

fn at_most(most: Duration, wait: Option<Duration>) -> Option<Duration> {
    Some(wait.map_or(most, |wait| wait.min(most)))
}

/// Drops the buffer of an empty queue, unless it is small.
fn shrink(queue: &mut SendQueue) {
    if let Some(buffer) = queue.take_buffer()
        && buffer.capacity() <= KEPT_OUTPUT
    {
        queue.give_buffer(buffer);
    }
}
