//! A pipe in memory, which is as inconvenient as a transport may be.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker, ready};

use super::far::Far;

/// How much is read or written at a time: these, over and over.
const PIECES: [usize; 7] = [1, 2, 1000, 3, 1, 70_000, 13];

#[derive(Default)]
struct Shared {
    to_near: VecDeque<u8>,
    ended: bool,
    from_near: Vec<u8>,
    shut: bool,
    stalled: bool,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

/// Our end: it is not ready each second time that it is asked, and reads and writes in pieces.
pub(crate) struct PipeEnd {
    shared: Arc<Mutex<Shared>>,
    /// How often it was asked to read, to write, to flush and to shut down.
    turns: [usize; 4],
}

/// The peer's end.
pub(crate) struct PipePeer(Arc<Mutex<Shared>>);

pub(crate) fn pipe() -> (PipeEnd, PipePeer) {
    let shared = Arc::<Mutex<Shared>>::default();
    let end = PipeEnd {
        shared: shared.clone(),
        turns: [0; 4],
    };
    (end, PipePeer(shared))
}

impl PipeEnd {
    /// The length of the next piece.
    fn turn(&mut self, what: usize, cx: &Context<'_>) -> Poll<usize> {
        let turns = &mut self.turns[what];
        *turns += 1;
        if *turns % 2 == 1 {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(PIECES[*turns / 2 % PIECES.len()])
    }

    pub(crate) fn poll_read(&mut self, cx: &Context<'_>, buffer: &mut [u8]) -> Poll<usize> {
        let shared = self.shared.clone();
        let mut shared = shared.lock().unwrap();
        if shared.to_near.is_empty() && !shared.ended {
            shared.reader = Some(cx.waker().clone());
            return Poll::Pending;
        }
        let most = ready!(self.turn(0, cx)).min(buffer.len());
        let count = most.min(shared.to_near.len());
        for (byte, read) in buffer.iter_mut().zip(shared.to_near.drain(..count)) {
            *byte = read;
        }
        Poll::Ready(count)
    }

    pub(crate) fn poll_write(&mut self, cx: &Context<'_>, bytes: &[u8]) -> Poll<usize> {
        let shared = self.shared.clone();
        let mut shared = shared.lock().unwrap();
        assert!(!shared.shut, "written after it was shut down");
        if shared.stalled {
            shared.writer = Some(cx.waker().clone());
            return Poll::Pending;
        }
        let most = ready!(self.turn(1, cx));
        let bytes = &bytes[..bytes.len().min(most)];
        shared.from_near.extend_from_slice(bytes);
        Poll::Ready(bytes.len())
    }

    pub(crate) fn poll_flush(&mut self, cx: &Context<'_>) -> Poll<()> {
        self.turn(2, cx).map(drop)
    }

    pub(crate) fn poll_shutdown(&mut self, cx: &Context<'_>) -> Poll<()> {
        ready!(self.turn(3, cx));
        self.shared.lock().unwrap().shut = true;
        Poll::Ready(())
    }
}

impl Drop for PipeEnd {
    fn drop(&mut self) {
        self.shared.lock().unwrap().shut = true;
    }
}

impl Far for PipePeer {
    fn give(&mut self, bytes: &mut Vec<u8>) {
        let mut shared = self.0.lock().unwrap();
        shared.to_near.extend(bytes.drain(..));
        if let Some(reader) = shared.reader.take() {
            reader.wake();
        }
    }

    fn end(&mut self) {
        self.0.lock().unwrap().ended = true;
        self.give(&mut Vec::new());
    }

    fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.0.lock().unwrap().from_near)
    }

    fn is_shut(&mut self) -> bool {
        self.0.lock().unwrap().shut
    }

    fn stall(&mut self, stalled: bool) {
        let mut shared = self.0.lock().unwrap();
        shared.stalled = stalled;
        if let Some(writer) = shared.writer.take() {
            writer.wake();
        }
    }
}
