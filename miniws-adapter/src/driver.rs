//! Moves bytes between a transport and a connection, whatever the asynchronous runtime.

use std::io;
use std::task::{Context, Poll, ready};

use bytes::{Buf, BytesMut};
use miniws_proto::{
    CloseFrame, CloseStatus, Connection, Event, Message, ReceiveError, ReceiveErrorKind, SendError,
    SendQueue, State, Time,
};

use crate::stop::StopTicket;
use crate::trace::Trace;
use crate::{Error, Opened, pool};

/// A byte stream of some runtime.
pub trait Transport {
    /// Appends what has come to `input`, after making room for `hint` bytes. 0 is the end.
    fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        input: &mut BytesMut,
        hint: usize,
    ) -> Poll<io::Result<usize>>;

    /// Writes from the front of `output`, without taking it away.
    fn poll_write(&mut self, cx: &mut Context<'_>, output: &SendQueue) -> Poll<io::Result<usize>>;

    /// Hands on what the transport itself has buffered.
    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// Ends the writing side.
    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;
}

/// A clock and a timer of some runtime.
pub trait Timer: Default {
    /// The time now.
    fn now() -> Time;

    /// Ready once `deadline` has passed. It may be ready before that as well: the caller looks at
    /// its clock again.
    fn poll_until(&mut self, cx: &mut Context<'_>, deadline: Time) -> Poll<()>;
}

/// A transport, the connection over it, and the bytes between the two.
///
/// All state is in here and none in futures, so any future that polls this can be dropped at any
/// time, and nothing is lost.
#[derive(Debug)]
pub struct Driver<S, T> {
    transport: S,
    connection: Connection,
    /// What has been read, but not yet received.
    input: BytesMut,
    timer: T,
    /// Whether the buffers of the pool have been fetched since they were last given back.
    has_buffers: bool,
    /// How much of its turn is over, see [`TURN`].
    turn: u8,
    /// The writing side of the transport is of no more use: shut down, or broken.
    write_ended: bool,
    /// The peer has ended its side of the transport.
    read_ended: bool,
    /// Why the transport failed, until that is told.
    failure: Option<io::Error>,
    stop: Option<StopTicket>,
    /// The stream of events has ended with an error.
    stream_failed: bool,
    trace: Trace,
}

impl<S, T> Driver<S, T> {
    /// Whether nothing more can be written, or received.
    pub(crate) fn is_over(&self) -> bool {
        self.write_ended || !self.connection.wants_read()
    }
}

impl<S: Transport, T: Timer> Driver<S, T> {
    /// Drives what was opened over `transport`.
    pub fn new(transport: S, opened: Opened) -> Self {
        Self {
            transport,
            connection: opened.connection,
            input: opened.input,
            timer: T::default(),
            has_buffers: false,
            turn: 0,
            write_ended: false,
            read_ended: false,
            failure: None,
            stop: None,
            stream_failed: false,
            trace: opened.trace,
        }
    }

    /// Makes the connection close with 1001 when its server asks for it.
    pub fn set_stop(&mut self, ticket: StopTicket) {
        self.stop = Some(ticket);
    }

    /// The transport, the connection, and what has been read but not yet received.
    #[cfg(feature = "testing")]
    pub fn into_parts(self) -> crate::testing::Parts<S> {
        (self.transport, self.connection, self.input)
    }

    /// The transport.
    pub fn transport(&self) -> &S {
        &self.transport
    }

    /// The connection.
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// What is told of the connection.
    pub fn trace(&self) -> &Trace {
        &self.trace
    }

    /// The next event, `None` after the end. Writes what is queued before it waits.
    pub fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Event>, Error>> {
        let mut is_first = true;
        loop {
            let received = self.connection.receive(&mut self.input);
            self.trace.observe(&self.connection, self.failure.as_ref());
            if let Ok(Some(event)) = received {
                return Poll::Ready(Ok(Some(event)));
            }
            let closing = self.connection.state() != State::Open;
            let written = self.poll_drain(cx);
            if let Poll::Ready(Err(error)) = &written {
                // What the peer sent before it went may still be there to be read: its close, say.
                self.write_failed(error.kind().into());
            }
            if closing && matches!(written, Poll::Ready(Ok(true) | Err(_))) {
                // The answer to the peer's close has left, so the close can be told.
                continue;
            }
            if !self.connection.wants_read() {
                return Poll::Ready(received.map_err(|error| self.explain(error)));
            }
            let cost = match is_first || self.input.len() < KEPT {
                true => NEXT,
                false => MORE,
            };
            is_first = false;
            match self.poll_read(cx) {
                // A peer that goes on sending must keep us neither past a deadline nor from hearing
                // the server's stop: not at all when it has to finish closing or to take what it is
                // sent, and else not for long. Nor must it keep the runtime's other tasks waiting:
                // not every runtime sees to that.
                Poll::Ready(()) => {
                    self.turn += cost;
                    let is_over = self.turn >= TURN;
                    if is_over || closing || written.is_pending() {
                        let _ = self.poll_deadline(cx);
                    }
                    if is_over {
                        self.turn = 0;
                        cx.waker().wake_by_ref();
                        return Poll::Pending;
                    }
                }
                Poll::Pending => {
                    self.turn = 0;
                    ready!(self.poll_deadline(cx));
                }
            }
        }
    }

    /// As [`poll_recv`](Self::poll_recv), for a `Stream`: an error is the last item.
    pub fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Event, Error>>> {
        if self.stream_failed {
            return Poll::Ready(None);
        }
        let received = ready!(self.poll_recv(cx));
        self.stream_failed = received.is_err();
        Poll::Ready(received.transpose())
    }

    /// Writes all that is queued.
    pub fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        loop {
            match self.poll_drain(cx) {
                Poll::Ready(Err(error)) => {
                    self.write_failed(error.kind().into());
                    return Poll::Ready(Err(Error::Io(error)));
                }
                // The other half of the connection may have met an error, or its deadline.
                Poll::Ready(Ok(_)) if !self.has_lost_output() => return Poll::Ready(Ok(())),
                Poll::Pending if self.connection.wants_read() => {
                    ready!(self.poll_write_deadline(cx))?;
                }
                _ => return Poll::Ready(self.verdict()),
            }
        }
    }

    /// Waits until a message can be queued.
    pub fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        if !self.connection.can_send() && self.connection.state() == State::Open {
            ready!(self.poll_flush(cx))?;
        }
        Poll::Ready(match self.connection.state() {
            State::Open if !self.write_ended => Ok(()),
            _ => Err(SendError::Closed.into()),
        })
    }

    /// Queues what `queue` queues, unless the transport is broken.
    pub fn feed(
        &mut self,
        queue: impl FnOnce(&mut Connection) -> Result<(), SendError>,
    ) -> Result<(), Error> {
        if self.write_ended {
            return Err(SendError::Closed.into());
        }
        Ok(queue(&mut self.connection)?)
    }

    /// Queues what `queue` queues once there is room for it, then writes all that is queued.
    /// `is_queued` remembers the former from one poll to the next.
    pub fn poll_queue(
        &mut self,
        cx: &mut Context<'_>,
        is_queued: &mut bool,
        mut queue: impl FnMut(&mut Connection) -> Result<(), SendError>,
    ) -> Poll<Result<(), Error>> {
        while !*is_queued {
            match self.feed(&mut queue) {
                Err(Error::Send(SendError::Full(_))) if !self.connection.outgoing().is_empty() => {
                    ready!(self.poll_flush(cx))?;
                }
                result => {
                    result?;
                    *is_queued = true;
                }
            }
        }
        self.poll_flush(cx)
    }

    /// As [`poll_queue`](Self::poll_queue), for a message, which is taken away once it is queued.
    pub fn poll_send(
        &mut self,
        cx: &mut Context<'_>,
        message: &mut Option<Message>,
    ) -> Poll<Result<(), Error>> {
        let mut is_queued = message.is_none();
        self.poll_queue(cx, &mut is_queued, |connection| {
            let Some(taken) = message.take() else {
                return Ok(());
            };
            connection.send(taken).map_err(|error| match error {
                SendError::Full(given_back) => {
                    *message = given_back;
                    SendError::Full(None)
                }
                error => error,
            })
        })
    }

    /// Closes with `frame`, or without a code, unless the connection is closing already, then
    /// receives and drops events until it has ended.
    pub fn poll_close(
        &mut self,
        cx: &mut Context<'_>,
        frame: Option<&CloseFrame>,
    ) -> Poll<Result<CloseStatus, Error>> {
        if self.connection.state() == State::Open {
            self.connection.close(frame.cloned())?;
        }
        while ready!(self.poll_recv(cx))?.is_some() {}
        let status = self.connection.close_status();
        Poll::Ready(status.ok_or_else(|| SendError::Closed.into()))
    }

    /// Writes what is queued, and shuts down when it is time. Tells whether anything was done.
    #[inline(always)]
    fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        let mut done = false;
        loop {
            let output = self.connection.outgoing();
            if output.is_empty() {
                break;
            }
            done = true;
            if self.write_ended {
                output.clear();
                continue;
            }
            match ready!(self.transport.poll_write(cx, output)) {
                Ok(0) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                // No stream of a caller's can make it more than there was.
                Ok(count) => output.advance(count.min(output.len())),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
            output.set_unflushed(true);
        }
        let output = self.connection.outgoing();
        while output.is_unflushed() {
            match ready!(self.transport.poll_flush(cx)) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => {
                    result?;
                    output.set_unflushed(false);
                    done = true;
                }
            }
        }
        if self.connection.wants_shutdown() && !self.write_ended {
            let _ = ready!(self.transport.poll_shutdown(cx)); // It may be down already.
            self.write_ended = true;
        }
        Poll::Ready(Ok(done))
    }

    /// Ready when there is something new to receive.
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.read_ended {
            return self.poll_eof();
        }
        if !self.has_buffers {
            pool::fetch(&mut self.input, self.connection.outgoing());
            self.has_buffers = true;
        }
        let hint = pool::room(&mut self.input, self.connection.read_hint());
        match self.transport.poll_read(cx, &mut self.input, hint) {
            Poll::Ready(Ok(0)) => {
                self.read_ended = true;
                return self.poll_eof();
            }
            Poll::Ready(Ok(_)) => {}
            Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {}
            Poll::Ready(Err(error)) => {
                // A peer that has reset the connection would not hear of its end.
                self.write_ended |= error.kind() == io::ErrorKind::ConnectionReset;
                self.failure.get_or_insert(error);
                self.connection.receive_eof();
            }
            Poll::Pending => {
                pool::give_back(&mut self.input, self.connection.outgoing());
                self.has_buffers = false;
                return Poll::Pending;
            }
        }
        Poll::Ready(())
    }

    /// Ready when the end of the peer's side is the end of the connection: at once, unless the peer
    /// has closed, or been told of its failure, and may still be reading the rest of that.
    fn poll_eof(&mut self) -> Poll<()> {
        let output = self.connection.outgoing();
        let has_output = output.is_unflushed() || !output.is_empty();
        if self.is_ending() && has_output && !self.write_ended {
            return Poll::Pending;
        }
        self.connection.receive_eof();
        Poll::Ready(())
    }

    /// Whether there is nothing more to be received, but something may still have to be written.
    fn is_ending(&self) -> bool {
        self.connection.close_status().is_some() && self.connection.wants_read()
    }

    /// Ready when a deadline, or the server's stop, has changed something.
    fn poll_deadline(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.poll_stop(cx).is_ready() {
            return Poll::Ready(());
        }
        loop {
            let now = T::now();
            let Some(deadline) = self.connection.poll_timeout(now) else {
                return Poll::Pending;
            };
            if deadline <= now {
                self.connection.handle_timeout(now);
                return Poll::Ready(());
            }
            ready!(self.timer.poll_until(cx, deadline));
        }
    }

    /// Ready when a deadline, or the server's stop, has changed something, with an error if that
    /// ended the connection.
    fn poll_write_deadline(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        if self.poll_stop(cx).is_ready() {
            return Poll::Ready(self.verdict());
        }
        loop {
            let now = T::now();
            let Some(deadline) = self.connection.poll_write_timeout(now) else {
                return Poll::Pending;
            };
            if deadline <= now {
                self.connection.handle_write_timeout(now);
                return Poll::Ready(self.verdict());
            }
            ready!(self.timer.poll_until(cx, deadline));
        }
    }

    /// Ready when the server's stop has changed something.
    fn poll_stop(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match &mut self.stop {
            Some(stop) => {
                ready!(stop.poll(cx, &mut self.connection));
                self.trace.stopped(&self.connection);
                Poll::Ready(())
            }
            None => Poll::Pending,
        }
    }

    /// Whether some of what was queued may not have gone.
    fn has_lost_output(&mut self) -> bool {
        self.connection.outgoing().dropped() > 0
    }

    /// What has become of the output, now that something may have ended the connection.
    fn verdict(&mut self) -> Result<(), Error> {
        self.trace.observe(&self.connection, self.failure.as_ref());
        match self.connection.error() {
            Some(error) => Err(error.into()),
            None if !self.has_lost_output() => Ok(()),
            None => Err(match &self.failure {
                Some(failure) => Error::Io(failure.kind().into()),
                None => SendError::Closed.into(),
            }),
        }
    }

    /// The cause of a lost connection, the first time that it is told. Any other error explains
    /// itself.
    fn explain(&mut self, error: ReceiveError) -> Error {
        match self.failure.take() {
            Some(cause) if error.kind() == ReceiveErrorKind::ConnectionLost => Error::Io(cause),
            _ => Error::Receive(error),
        }
    }

    fn write_failed(&mut self, error: io::Error) {
        self.write_ended = true;
        self.connection.outgoing().clear();
        self.trace.broken(&self.connection, &error);
        self.failure.get_or_insert(error);
    }
}

/// What all reads of a turn cost, none of which had to wait. Then deadlines are looked at, and others have
/// their turn.
const TURN: u8 = 64;
/// The first read for the next event, and one after most of what had come was taken, fragments or a
/// compressed message. It may bring 64 KiB of tiny messages, or of blocks to inflate, which take milliseconds.
const NEXT: u8 = 4;
/// A read for a frame that is kept until it is whole, as most are that a large message takes. When
/// connections took turns after 16 of these, an echo of 1 MiB cost smol twice the time.
const MORE: u8 = 1;
/// How much has come of a frame that is kept, at least.
const KEPT: usize = 4 << 10;
