//! The other end of a connection, in the hand of a test.

use std::fmt;
use std::future::poll_fn;
use std::panic::Location;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use miniws_proto::{CloseCode, CloseFrame, Event, Message, SendError, State, Time};

use super::transcript::{self, Transcript};
use super::wire::Wire;
use super::{Parts, Pipe};
use crate::Timer;

/// The other end of a connection, in the hand of a test: the client of the server that is tested, or
/// the server of the client.
///
/// It does nothing by itself: what comes is read while one of its methods waits for something, and only
/// then are pings answered and closes echoed. A peer that is left alone is one that has stalled. The
/// pipe to it holds 64 KiB unless it was made otherwise; then whoever sends has to wait. It has no
/// deadlines either, except for [`patience`](Self::patience).
///
/// # Panics
///
/// Methods panic when the conversation takes another course than they say, and when what they wait for
/// takes longer than the peer has patience. The message has the line of the test, what was expected, what came,
/// and all that was said before.
///
/// # Cancel safety
///
/// Futures that only receive can be dropped without loss; what the others were to write may have been
/// written in part.
pub struct Peer {
    wire: Wire,
    clock: Box<dyn Clock>,
    patience: Duration,
    transcript: Transcript,
}

type Caller = &'static Location<'static>;

impl Peer {
    /// The peer that has the other end of what is tested.
    #[doc(hidden)]
    pub fn new<T: Timer + Send + 'static>(parts: Parts<Pipe>) -> Self {
        Self {
            wire: Wire::new(parts),
            clock: Box::new(T::default()),
            patience: Duration::from_secs(10),
            transcript: Transcript::default(),
        }
    }

    /// How long to wait for anything before the test fails: 10 seconds unless told otherwise. Where the
    /// runtime's clock is paused, waiting takes no time, and what comes later needs more patience: a
    /// keep-alive ping for example, which is sent after 30 seconds.
    pub fn patience(&mut self, patience: Duration) {
        self.patience = patience;
    }

    /// Whether pings are answered and closes echoed while something is waited for: yes unless told
    /// otherwise.
    pub fn answers(&mut self, answers: bool) {
        self.wire.answers = answers;
    }

    /// What was sent by the test and what came, a line for each. Long payloads are cut short, and of many
    /// lines the last 1000 are kept. Answers that went out by themselves are not among them.
    #[must_use]
    pub fn transcript(&self) -> String {
        self.transcript.to_string()
    }

    /// What comes next, pings and pongs included; `None` at the end of the connection, however that
    /// came.
    #[track_caller]
    pub fn recv(&mut self) -> impl Future<Output = Option<Event>> {
        let caller = Location::caller();
        async move { self.next_by(self.deadline(), "an event", caller).await }
    }

    /// The next message. Pings and pongs are passed over.
    #[track_caller]
    pub fn recv_message(&mut self) -> impl Future<Output = Message> {
        let caller = Location::caller();
        async move {
            match self.next_but_pings("a message", caller).await {
                Some(Event::Message(message)) => message,
                other => self.fail("a message", &transcript::event(other.as_ref()), caller),
            }
        }
    }

    /// Expects this message to come next. Pings and pongs are passed over.
    #[track_caller]
    pub fn expect(&mut self, message: impl Into<Message>) -> impl Future<Output = ()> {
        let (message, caller) = (message.into(), Location::caller());
        async move {
            let expected = transcript::message(&message);
            match self.next_but_pings(&expected, caller).await {
                Some(Event::Message(came)) if came == message => {}
                other => self.fail(&expected, &transcript::event(other.as_ref()), caller),
            }
        }
    }

    /// Expects a close frame with this code to come next, 1005 for one without a code, and returns its
    /// reason. Pings and pongs are passed over. The close is echoed, and the peer's side ended.
    #[track_caller]
    pub fn expect_close(&mut self, code: impl Into<CloseCode>) -> impl Future<Output = String> {
        let (code, caller) = (code.into(), Location::caller());
        async move {
            let expected = format!("close {code}");
            match self.next_but_pings(&expected, caller).await {
                Some(Event::Close(Some(frame))) if frame.code() == code => {
                    frame.reason().to_owned()
                }
                Some(Event::Close(None)) if code == CloseCode::NO_STATUS => String::new(),
                other => self.fail(&expected, &transcript::event(other.as_ref()), caller),
            }
        }
    }

    /// Expects the connection to end without anything before that. Pings and pongs are passed over.
    #[track_caller]
    pub fn expect_end(&mut self) -> impl Future<Output = ()> {
        let caller = Location::caller();
        async move {
            if let Some(event) = self.next_but_pings("the end", caller).await {
                self.fail("the end", &transcript::event(Some(&event)), caller);
            }
        }
    }

    /// Expects that nothing comes for so long, pings and pongs apart.
    #[track_caller]
    pub fn expect_silence(&mut self, time: Duration) -> impl Future<Output = ()> {
        let caller = Location::caller();
        async move {
            let deadline = self.clock.now() + time;
            let expected = format!("nothing for {time:?}");
            loop {
                match self.next_until(deadline, &expected, caller).await {
                    None => return,
                    Some(Some(Event::Ping(_) | Event::Pong(_))) => {}
                    Some(other) => self.fail(&expected, &transcript::event(other.as_ref()), caller),
                }
            }
        }
    }

    /// Sends a message.
    #[track_caller]
    pub fn send(&mut self, message: impl Into<Message>) -> impl Future<Output = ()> {
        let message = message.into();
        let what = transcript::message(&message);
        let queued = self.wire.connection.send(message);
        self.send_queued(what, queued, Location::caller())
    }

    /// Sends a ping. Its answer comes by [`recv`](Self::recv).
    #[track_caller]
    pub fn ping(&mut self, payload: impl AsRef<[u8]>) -> impl Future<Output = ()> {
        let payload = payload.as_ref();
        let what = format!("ping {}", transcript::bytes(payload));
        let queued = self.wire.connection.ping(payload);
        self.send_queued(what, queued, Location::caller())
    }

    /// Sends a close frame, and waits for nothing.
    #[track_caller]
    pub fn send_close(
        &mut self,
        code: impl Into<CloseCode>,
        reason: &str,
    ) -> impl Future<Output = ()> {
        let code = code.into();
        let frame = CloseFrame::new(code, reason);
        let queued = frame.and_then(|frame| self.wire.connection.close(Some(frame)));
        let what = format!("close {code} {reason:?}");
        self.send_queued(what, queued, Location::caller())
    }

    /// Closes with code 1000, unless a close frame has been sent or received already, and waits for the
    /// other's close frame and the end of the connection. What comes before that is passed over.
    #[track_caller]
    pub fn close(&mut self) -> impl Future<Output = ()> {
        let caller = Location::caller();
        async move {
            if self.wire.connection.state() == State::Open {
                let frame = CloseFrame::new(CloseCode::NORMAL, "").ok();
                let queued = self.wire.connection.close(frame);
                self.send_queued("close 1000 \"\"".to_owned(), queued, caller)
                    .await;
            }
            let (deadline, expected) = (self.deadline(), "the close and the end");
            while self.next_by(deadline, expected, caller).await.is_some() {}
            if !self
                .wire
                .connection
                .close_status()
                .is_some_and(|status| status.clean)
            {
                self.fail("a close frame", "the end without one", caller);
            }
        }
    }

    /// Sends a frame that need not be in order: its first byte, that is, FIN, the reserved bits and the
    /// opcode (RFC 6455 section 5.2), and a payload. The length is right, and so is the mask, of zeros,
    /// if the peer is a client.
    #[track_caller]
    pub fn write_frame(
        &mut self,
        first: u8,
        payload: impl AsRef<[u8]>,
    ) -> impl Future<Output = ()> {
        let payload = payload.as_ref();
        let frame = self.wire.frame(first, payload);
        let what = format!("frame {first:#04x} {}", transcript::bytes(payload));
        self.write_raw(what, frame, Location::caller())
    }

    /// Sends bytes as they are: half a frame, one without a mask, or none at all.
    #[track_caller]
    pub fn write(&mut self, bytes: impl AsRef<[u8]>) -> impl Future<Output = ()> {
        let bytes = bytes.as_ref().to_vec();
        let what = transcript::bytes(&bytes);
        self.write_raw(what, bytes, Location::caller())
    }

    /// Ends the peer's side of the connection without a close frame: the other end reads the end of the
    /// stream, and what it still writes can be received. Dropping the peer ends both sides.
    pub fn shutdown(&mut self) {
        self.transcript.sent("the end");
        self.wire.pipe.shutdown_write();
    }

    /// Breaks the connection: from now on the other end reads and writes errors, and what it has not read
    /// is lost.
    pub fn reset(&mut self) {
        self.transcript.sent("a reset");
        self.wire.pipe.reset();
    }

    async fn send_queued(&mut self, what: String, queued: Result<(), SendError>, caller: Caller) {
        if let Err(error) = queued {
            self.fail(&format!("to send {what}"), &error.to_string(), caller);
        }
        self.transcript.sent(&what);
        self.written(&what, caller, &[]).await;
    }

    async fn write_raw(&mut self, what: String, bytes: Vec<u8>, caller: Caller) {
        self.transcript.sent(&what);
        self.written(&what, caller, &bytes).await;
    }

    /// Waits until what is queued has been written, and these bytes behind it.
    async fn written(&mut self, what: &str, caller: Caller, mut bytes: &[u8]) {
        let deadline = self.deadline();
        let written = poll_fn(|cx| match self.wire.poll_write(cx, &mut bytes) {
            Poll::Ready(written) => Poll::Ready(Some(written)),
            Poll::Pending => self.poll_deadline(cx, deadline).map(|()| None),
        })
        .await;
        let trouble = match written {
            Some(Ok(())) => return,
            Some(Err(error)) => error.to_string(),
            None => format!(
                "stuck: the other end has read nothing for {:?}",
                self.patience
            ),
        };
        self.fail(&format!("to send {what}"), &trouble, caller);
    }

    async fn next_but_pings(&mut self, expected: &str, caller: Caller) -> Option<Event> {
        // One for all of them: keep-alive pings come for ever.
        let deadline = self.deadline();
        loop {
            match self.next_by(deadline, expected, caller).await {
                Some(Event::Ping(_) | Event::Pong(_)) => {}
                other => return other,
            }
        }
    }

    /// What comes next, or the end.
    async fn next_by(&mut self, deadline: Time, expected: &str, caller: Caller) -> Option<Event> {
        match self.next_until(deadline, expected, caller).await {
            Some(next) => next,
            None => self.fail(
                expected,
                &format!("nothing for {:?}", self.patience),
                caller,
            ),
        }
    }

    /// What comes next, or the end, `None` when the deadline has passed first.
    async fn next_until(
        &mut self,
        deadline: Time,
        expected: &str,
        caller: Caller,
    ) -> Option<Option<Event>> {
        let next = poll_fn(|cx| match self.wire.poll_next(cx) {
            Poll::Ready(next) => Poll::Ready(Some(next)),
            Poll::Pending => self.poll_deadline(cx, deadline).map(|()| None),
        });
        match next.await? {
            Ok(next) => {
                self.transcript.got(&transcript::event(next.as_ref()));
                Some(next)
            }
            Err(error) => self.fail(expected, &format!("what is wrong: {error}"), caller),
        }
    }

    fn deadline(&self) -> Time {
        self.clock.now() + self.patience
    }

    fn poll_deadline(&mut self, cx: &mut Context<'_>, deadline: Time) -> Poll<()> {
        while self.clock.now() < deadline {
            ready!(self.clock.poll_until(cx, deadline));
        }
        Poll::Ready(())
    }

    fn fail(&self, expected: &str, came: &str, caller: Caller) -> ! {
        let transcript = &self.transcript;
        panic!(
            "{caller}: expected {expected}, got {came}\nwhat the peer said and heard:\n{transcript}"
        );
    }
}

/// A [`Timer`] of whichever runtime.
trait Clock: Send {
    fn now(&self) -> Time;
    fn poll_until(&mut self, cx: &mut Context<'_>, deadline: Time) -> Poll<()>;
}

impl<T: Timer + Send> Clock for T {
    fn now(&self) -> Time {
        <T as Timer>::now()
    }

    fn poll_until(&mut self, cx: &mut Context<'_>, deadline: Time) -> Poll<()> {
        Timer::poll_until(self, cx, deadline)
    }
}

impl fmt::Debug for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Peer")
            .field("transcript", &self.transcript)
            .finish_non_exhaustive()
    }
}
