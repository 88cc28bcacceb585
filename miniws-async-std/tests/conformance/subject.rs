//! What the runner asks, answered by an application that is polled by hand.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Condvar, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use futures_io::{AsyncRead, AsyncWrite};
use miniws_async_std::bytes::Bytes;
use miniws_async_std::{CloseCode, Error, Message, PreparedMessage, Sender, Utf8Bytes};
use miniws_conformance::{
    Action, Case, Happening, Kind, Started, State, Status, Subject, Transport, Unsupported, kebab,
};

use crate::application::{self, Receive, Seen};
use crate::peer::{Ends, Peer};
use crate::view;
use crate::watched::{Watch, Watched};

pub(crate) fn start<S>(case: &Case, ends: Ends<S>, receive: Receive) -> Started
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let Ends {
        stream,
        watch,
        peer,
    } = ends;
    let seen = Arc::new(Mutex::new(Seen::default()));
    let application = application::run(case.clone(), stream, seen.clone(), receive);
    let mut subject = AdapterSubject {
        application: Some(Box::pin(application)),
        alarm: Arc::new(Alarm::default()),
        watch,
        peer,
        seen,
        sent: 0,
        ended: false,
        stalled: false,
        output: Vec::new(),
        output_ended: false,
        looks: 0,
        before_the_end: None,
    };
    subject.alarm.wake_by_ref();
    subject.settle();
    Ok(Box::new(subject))
}

struct AdapterSubject<S> {
    /// `None` once it has ended.
    application: Option<Pin<Box<dyn Future<Output = ()>>>>,
    alarm: Arc<Alarm>,
    watch: Arc<Watch>,
    peer: Box<dyn Peer>,
    seen: Arc<Mutex<Seen<S>>>,
    /// How much the peer has sent, and whether it has ended.
    sent: usize,
    ended: bool,
    stalled: bool,
    /// What has been written and the runner has not taken.
    output: Vec<u8>,
    output_ended: bool,
    /// How often in a row the runner has looked for something that doesn't come.
    looks: u32,
    /// Where things stood when the peer was made to end, see `wait`.
    before_the_end: Option<(Transport, State)>,
}

/// Wakes the subject.
#[derive(Default)]
struct Alarm {
    rings: Mutex<bool>,
    rang: Condvar,
}

impl Alarm {
    fn take(&self, patience: Duration) -> bool {
        let rings = self.rings.lock().unwrap();
        let rung = self
            .rang
            .wait_timeout_while(rings, patience, |rings| !*rings);
        std::mem::take(&mut *rung.unwrap().0)
    }
}

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        *self.rings.lock().unwrap() = true;
        self.rang.notify_all();
    }
}

impl<S> AdapterSubject<S>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    /// Lets the application work until it has read all that the peer has sent, and waits for more.
    fn settle(&mut self) {
        let deadline = Instant::now() + Duration::from_secs(5);
        let waker = Waker::from(self.alarm.clone());
        while let Some(application) = &mut self.application {
            let has_read_all = self.watch.read.load(Ordering::SeqCst) >= self.sent
                && (!self.ended || self.watch.has_ended.load(Ordering::SeqCst));
            let patience = match has_read_all || Instant::now() > deadline {
                true => Duration::ZERO,
                false => Duration::from_millis(1),
            };
            if self.alarm.take(patience) {
                let polled = application.as_mut().poll(&mut Context::from_waker(&waker));
                if polled.is_ready() {
                    self.application = None;
                }
            } else if patience.is_zero() {
                break;
            }
        }
        self.take();
    }

    fn take(&mut self) {
        if !self.stalled {
            let (bytes, ended) = self.peer.take();
            self.output.extend(bytes);
            self.output_ended |= ended;
        }
    }

    fn sender(&self) -> Option<Sender<Watched<S>>> {
        self.seen.lock().unwrap().sender.clone()
    }

    fn end_peer(&mut self) {
        self.ended = true;
        self.peer.end();
        self.settle();
    }

    /// Polls once, and drops: what is called has queued then what it queues.
    fn once(&self, call: impl Future<Output = Result<(), Error>>) -> Result<(), Error> {
        let waker = Waker::from(self.alarm.clone());
        match pin!(call).poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(result) => result,
            Poll::Pending => Ok(()),
        }
    }

    fn perform(&self, sender: &Sender<Watched<S>>, action: &Action) -> Result<(), String> {
        let result = match action.clone() {
            Action::Send(kind, data) => sender.feed(message(kind, data)?),
            Action::SendWith(..) => return Err("this runtime does not compress yet".into()),
            Action::Chunk { kind, data, last } => {
                sender.feed_chunk(view::message_kind(kind), data, last)
            }
            Action::Prepared(kind, data) => {
                sender.feed_prepared(&PreparedMessage::new(message(kind, data)?))
            }
            Action::Ping(data) => self.once(sender.ping(&data)),
            Action::Close(body) => {
                let body = body.ok_or("no call to close without a code")?;
                self.once(sender.close_with(CloseCode::from(body.code), &body.reason))
            }
        };
        result.map_err(|error| match error {
            Error::Send(error) => kebab(&error),
            error => error.to_string(),
        })?;
        // Whether that fails is for the other half to tell.
        let _ = self.once(sender.flush());
        Ok(())
    }
}

fn message(kind: Kind, data: Vec<u8>) -> Result<Message, String> {
    let data = Bytes::from(data);
    match kind {
        Kind::Binary => Ok(Message::Binary(data)),
        Kind::Text => Utf8Bytes::try_from(data)
            .map(Message::Text)
            .map_err(|error| error.to_string()),
    }
}

impl<S> Subject for AdapterSubject<S>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    fn peer(&mut self, bytes: &[u8]) {
        self.looks = 0;
        self.sent += bytes.len();
        self.peer.send(bytes);
        self.settle();
    }

    fn peer_eof(&mut self) {
        self.looks = 0;
        self.before_the_end = None;
        self.end_peer();
    }

    fn app(&mut self, action: &Action) -> Result<(), String> {
        self.looks = 0;
        let sender = self.sender().ok_or("not-open")?;
        let result = self.perform(&sender, action);
        self.alarm.wake_by_ref();
        self.settle();
        result
    }

    fn happening(&mut self) -> Option<Happening> {
        self.seen.lock().unwrap().happenings.pop_front()
    }

    fn wire(&mut self) -> Vec<u8> {
        self.take();
        std::mem::take(&mut self.output)
    }

    fn transport(&mut self) -> Transport {
        self.take();
        match self.before_the_end {
            Some((transport, _)) => transport,
            None if self.application.is_none() => Transport::Closed,
            None if self.output_ended => Transport::Shutdown,
            None => Transport::Open,
        }
    }

    fn state(&mut self) -> State {
        self.take();
        match (self.before_the_end, self.sender()) {
            (Some((_, state)), _) => state,
            (None, Some(sender)) => view::state(sender.state()),
            (None, None) if self.application.is_none() => State::Closed,
            // A handshake that was refused.
            (None, None) if self.output_ended => State::Closing,
            (None, None) => State::Connecting,
        }
    }

    fn status(&mut self) -> Option<Status> {
        self.seen.lock().unwrap().status.clone().map(view::status)
    }

    /// Errors are told when all is over: when the peer, which has been told, has ended TCP. In the
    /// corpus it often doesn't. So when the runner goes on waiting while the connection is closing,
    /// the peer ends, and what the runner asks about is how it was before.
    fn wait(&mut self) -> bool {
        let before = self.output.len();
        self.settle();
        self.looks = match self.output.len() == before {
            true => self.looks + 1,
            false => 0,
        };
        if self.looks < self.peer.patience() {
            if self.alarm.take(Duration::from_millis(1)) {
                self.alarm.wake_by_ref();
            }
            return true;
        }
        if self.application.is_some() && !self.ended && self.state() == State::Closing {
            self.looks = 0;
            self.before_the_end = Some((self.transport(), self.state()));
            self.end_peer();
            return true;
        }
        false
    }

    fn stall(&mut self, stalled: bool) -> Result<(), Unsupported> {
        self.looks = 0;
        self.settle();
        if !self.peer.stall(stalled) {
            return Err(Unsupported);
        }
        self.stalled = stalled;
        self.settle();
        Ok(())
    }
}
