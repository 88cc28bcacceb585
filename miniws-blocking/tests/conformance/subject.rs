//! What the runner asks, answered by a connection whose application runs in a thread.
//!
//! The thread receives, on one half of the connection; the runner sends, on the other one.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use miniws_blocking::{Error, Sender, SharedStream};
use miniws_conformance::{
    Action, Case, Happening, Need, Started, State, Status, Subject, Transport, Unsupported, kebab,
};

use crate::common::spawn;
use crate::given::{self, message};
use crate::peer::{Ends, Peer};
use crate::run::{self, Seen};
use crate::view;
use crate::watched::{Watch, Watched};

pub(crate) fn start<S: SharedStream + 'static>(case: &Case, ends: Ends<S>) -> Started {
    let Ends {
        stream,
        watch,
        peer,
    } = ends;
    let seen = Arc::new(Mutex::new(Seen::default()));
    let needs_clock = case.needs().contains(&Need::Clock);
    let (case, theirs, watching) = (case.clone(), seen.clone(), watch.clone());
    spawn(move || run::run(&case, stream, &watching, &theirs));
    watch.settle();
    Ok(Box::new(BlockingSubject {
        peer,
        watch,
        seen,
        output: Vec::new(),
        output_ended: false,
        stalled: false,
        ended: false,
        waits: 0,
        since: Instant::now(),
        needs_clock,
        lingering: None,
    }))
}

struct BlockingSubject<S> {
    peer: Box<dyn Peer>,
    watch: Arc<Watch>,
    seen: Arc<Mutex<Seen<S>>>,
    /// What has been written and the runner has not taken.
    output: Vec<u8>,
    output_ended: bool,
    stalled: bool,
    /// The peer has ended.
    ended: bool,
    /// How often in a row the runner has waited for something that doesn't come.
    waits: u32,
    /// When the first of these was.
    since: Instant,
    needs_clock: bool,
    /// Where things stood when the peer was made to end, see `wait`.
    lingering: Option<(Transport, State)>,
}

impl<S: SharedStream + 'static> Subject for BlockingSubject<S> {
    fn peer(&mut self, bytes: &[u8]) {
        self.waits = 0;
        self.watch.sent(bytes.len());
        self.peer.send(bytes);
    }

    fn peer_eof(&mut self) {
        self.waits = 0;
        self.lingering = None;
        self.end();
    }

    fn app(&mut self, action: &Action) -> Result<(), String> {
        self.waits = 0;
        self.watch.settle();
        let Some(sender) = self.sender() else {
            return Err("not-open".into());
        };
        let result = perform(&sender, action, self.stalled);
        self.watch.settle();
        result
    }

    fn happening(&mut self) -> Option<Happening> {
        self.watch.settle();
        self.seen.lock().unwrap().happenings.pop_front()
    }

    fn wire(&mut self) -> Vec<u8> {
        self.take();
        std::mem::take(&mut self.output)
    }

    fn transport(&mut self) -> Transport {
        self.take();
        match self.lingering {
            Some((transport, _)) => transport,
            None if self.watch.is_gone() => Transport::Closed,
            None if self.output_ended => Transport::Shutdown,
            None => Transport::Open,
        }
    }

    fn state(&mut self) -> State {
        self.take();
        match (self.lingering, self.sender()) {
            (Some((_, state)), _) => state,
            (None, Some(sender)) => view::state(sender.state()),
            (None, None) if self.watch.is_gone() => State::Closed,
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
        self.watch.settle();
        self.take();
        if self.waits == 0 {
            self.since = Instant::now();
        }
        self.waits += 1;
        if self.watch.is_gone() {
            return self.waits < 3;
        }
        // Where time matters, the runner may have to wait for a deadline.
        let hopeless = match self.needs_clock {
            true => self.output_ended && self.since.elapsed() > Duration::from_millis(300),
            false => self.waits >= 3,
        };
        if hopeless && !self.ended && self.state() == State::Closing {
            self.lingering = Some((self.transport(), self.state()));
            self.end();
            self.watch.settle();
        }
        std::thread::sleep(Duration::from_millis(1));
        true
    }

    /// In real time.
    fn advance(&mut self, by: Duration) -> Result<(), Unsupported> {
        self.waits = 0;
        self.lingering = None;
        self.watch.settle();
        std::thread::sleep(by);
        Ok(())
    }

    fn stall(&mut self, stalled: bool) -> Result<(), Unsupported> {
        self.waits = 0;
        self.watch.settle();
        if !self.peer.stall(stalled) {
            return Err(Unsupported);
        }
        self.stalled = stalled;
        if !stalled && let Some(sender) = self.sender() {
            // What has been queued meanwhile. Whether that fails is for the other half to tell.
            let _ = sender.flush();
        }
        Ok(())
    }
}

impl<S> BlockingSubject<S> {
    fn sender(&self) -> Option<Sender<Watched<S>>> {
        self.seen.lock().unwrap().sender.clone()
    }

    fn end(&mut self) {
        self.ended = true;
        self.watch.ended();
        self.peer.end();
    }

    fn take(&mut self) {
        if self.stalled {
            return;
        }
        let (bytes, ended) = self.peer.take();
        if !bytes.is_empty() {
            self.waits = 0;
        }
        self.output.extend(bytes);
        self.output_ended |= ended;
    }
}

fn perform<S: SharedStream + 'static>(
    sender: &Sender<S>,
    action: &Action,
    stalled: bool,
) -> Result<(), String> {
    let fed = match action.clone() {
        Action::Send(kind, data, compression) => {
            let message = message(kind, &data)?;
            match compression.map(given::compression) {
                Some(compression) => sender.feed_with(message, compression),
                None => sender.feed(message),
            }
        }
        Action::Chunk {
            kind,
            data,
            last,
            compression,
        } => {
            let kind = view::message_kind(kind);
            match compression.map(given::compression) {
                Some(compression) => sender.feed_chunk_with(kind, data, last, compression),
                None => sender.feed_chunk(kind, data, last),
            }
        }
        Action::Prepared(kind, data, compression) => {
            sender.feed_prepared(&given::prepared(kind, &data, compression)?)
        }
        Action::Ping(data) => unless_stuck(sender, stalled, move |sender| sender.ping(&data)),
        Action::Close(body) => unless_stuck(sender, stalled, move |sender| match body {
            Some(body) => sender.close_with(body.code.into(), &body.reason),
            None => sender.close_without_code(),
        }),
    };
    fed.map_err(|error| match error {
        Error::Send(error) => kebab(&error),
        error => error.to_string(),
    })?;
    // Whether that fails is for the other half to tell.
    let sender = sender.clone();
    let flushing = spawn(move || sender.flush());
    if !stalled {
        let _ = flushing.join();
    }
    Ok(())
}

/// These calls flush as well, which takes long when the peer doesn't read; errors come at once.
fn unless_stuck<S: SharedStream + 'static>(
    sender: &Sender<S>,
    stalled: bool,
    call: impl FnOnce(&Sender<S>) -> Result<(), Error> + Send + 'static,
) -> Result<(), Error> {
    let sender = sender.clone();
    let calling = spawn(move || call(&sender));
    if !stalled {
        return calling.join();
    }
    calling
        .result_within(Duration::from_millis(500))
        .unwrap_or(Ok(()))
}
