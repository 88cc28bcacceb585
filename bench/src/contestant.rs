//! What a contestant has to be able to do.

use std::ops::Range;

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::meter;
use crate::wire::Role;

/// A WebSocket library, or a way to use it, over streams of type `S`.
///
/// The same generic loops drive all of them; an implementation says how its library receives and
/// sends one message, with the settings that serve it best. Synchronous ones never wait in the
/// futures that they return.
#[allow(async_fn_in_trait, reason = "nothing here is shared between threads")]
pub trait Contestant<S>: 'static {
    /// A connection after its handshake.
    type Socket: 'static;

    fn open(stream: S, role: Role) -> Self::Socket;

    /// Receives until a data message has come, and shows it to `sink`. False at the end.
    async fn receive(socket: &mut Self::Socket, sink: &mut Sink) -> bool;

    /// Sends a binary message and writes it out.
    async fn send(socket: &mut Self::Socket, message: &Outgoing);

    /// Sends a binary message so many times, written out at the end if the library can queue.
    async fn send_burst(socket: &mut Self::Socket, message: &Outgoing, count: usize) {
        for _ in 0..count {
            Self::send(socket, message).await;
        }
    }

    /// Sends one message to all of the connections.
    async fn broadcast(sockets: &mut [Self::Socket], message: &Outgoing) {
        for socket in sockets {
            Self::send(socket, message).await;
        }
    }

    /// Sends back what comes, to the end of the stream.
    async fn echo(socket: &mut Self::Socket);
}

/// A stream as the asynchronous contestants want it.
pub trait Stream: AsyncRead + AsyncWrite + Unpin + 'static {}

impl<S: AsyncRead + AsyncWrite + Unpin + 'static> Stream for S {}

/// Takes received messages: measures some of them, compares all, or keeps the last.
#[derive(Debug)]
pub struct Sink {
    taken: u64,
    /// The message that more is to be done about than to take it.
    special: u64,
    task: Task,
}

#[derive(Debug)]
enum Task {
    Measure(Range<u64>),
    Compare(Vec<(bool, Vec<u8>)>),
    Keep(Bytes),
}

impl Sink {
    /// The measurement begins and ends with these messages.
    pub const fn measure(messages: Range<u64>) -> Self {
        Self {
            taken: 0,
            special: messages.start,
            task: Task::Measure(messages),
        }
    }

    /// These have to come, over and over.
    pub const fn compare(expected: Vec<(bool, Vec<u8>)>) -> Self {
        Self {
            taken: 0,
            special: 1,
            task: Task::Compare(expected),
        }
    }

    /// The last one is kept.
    pub const fn keep() -> Self {
        Self {
            taken: 0,
            special: 1,
            task: Task::Keep(Bytes::new()),
        }
    }

    /// How many messages have come.
    #[inline]
    pub const fn taken(&self) -> u64 {
        self.taken
    }

    /// The message that was kept, to be sent.
    pub fn kept(&self) -> Outgoing {
        match &self.task {
            Task::Keep(bytes) => Outgoing {
                bytes: bytes.clone(),
            },
            Task::Measure(_) | Task::Compare(_) => Outgoing::new(Vec::new()),
        }
    }

    /// A message has come.
    ///
    /// # Panics
    ///
    /// When it is not the expected one.
    #[inline]
    pub fn take(&mut self, is_text: bool, payload: &[u8]) {
        std::hint::black_box((payload.as_ptr(), payload.len()));
        self.taken += 1;
        if self.taken == self.special {
            self.do_task(is_text, payload);
        }
    }

    #[cold]
    #[inline(never)]
    fn do_task(&mut self, is_text: bool, payload: &[u8]) {
        match &mut self.task {
            Task::Measure(messages) if self.taken == messages.start => {
                self.special = messages.end;
                meter::begin_measuring();
            }
            Task::Measure(_) => meter::end_measuring(),
            Task::Compare(expected) => {
                self.special += 1;
                let index = ((self.taken - 1) % expected.len() as u64) as usize;
                let (expects_text, expected) = &expected[index];
                assert_eq!(is_text, *expects_text, "the kind of message {}", self.taken);
                assert!(payload == expected, "the payload of message {}", self.taken);
            }
            Task::Keep(last) => {
                self.special += 1;
                *last = Bytes::copy_from_slice(payload);
            }
        }
    }
}

/// A message to send, in the shapes that contestants want.
#[derive(Clone, Debug)]
pub struct Outgoing {
    bytes: Bytes,
}

impl Outgoing {
    pub fn new(payload: Vec<u8>) -> Self {
        Self {
            bytes: payload.into(),
        }
    }

    /// Shared, for those that take it over.
    #[inline]
    pub fn shared(&self) -> Bytes {
        self.bytes.clone()
    }

    /// Borrowed, for those that copy or write it at once.
    #[inline]
    pub fn slice(&self) -> &[u8] {
        &self.bytes
    }
}
