//! Output that waits for the transport.

use alloc::collections::VecDeque;
use alloc::vec::Vec;
#[cfg(feature = "std")]
use std::io::IoSlice;

use bytes::{Buf, Bytes};

/// Output that waits for the transport, as a [`Buf`]: write [`chunk`](Buf::chunk), or all of
/// [`chunks_vectored`](Buf::chunks_vectored) at once, then [`advance`](Buf::advance) by what the
/// transport took.
///
/// Small payloads are copied behind their headers, so that a burst of messages leaves with one
/// write; large ones are held as they are and leave with a vectored write, uncopied.
///
/// ```
/// use bytes::Buf;
/// use miniws_proto::{Config, Connection, Negotiated};
///
/// let mut server = Connection::server(Config::default(), Negotiated::default());
/// server.send("hi")?;
/// let outgoing = server.outgoing();
/// assert_eq!(outgoing.chunk(), b"\x81\x02hi");
/// outgoing.advance(4);
/// assert!(outgoing.is_empty());
/// # Ok::<(), miniws_proto::SendError>(())
/// ```
#[derive(Debug, Default)]
pub struct SendQueue {
    /// What goes out first.
    chained: VecDeque<Bytes>,
    /// What goes out after it, from `start` on.
    copied: Vec<u8>,
    start: usize,
    len: usize,
    taken: u64,
}

impl SendQueue {
    /// How many bytes wait.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether nothing waits.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Takes the empty buffer out, so that a connection that has nothing to send holds none. `None`
    /// when something waits in it, or there is none.
    pub fn take_buffer(&mut self) -> Option<Vec<u8>> {
        if !self.is_empty() || self.copied.capacity() == 0 {
            return None;
        }
        Some(core::mem::take(&mut self.copied))
    }

    /// Gives a buffer for the next output to be copied into, for example one that
    /// [`take_buffer`](Self::take_buffer) returned for another connection. What is in it is
    /// cleared. It is dropped when the queue has one already.
    pub fn give_buffer(&mut self, mut buffer: Vec<u8>) {
        if self.copied.capacity() == 0 {
            buffer.clear();
            self.copied = buffer;
        }
    }

    /// How many bytes the transport has taken, ever: it changes whenever there is progress.
    pub(crate) const fn taken(&self) -> u64 {
        self.taken
    }

    /// Queues what `write` appends.
    pub(crate) fn write(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        self.reclaim();
        let before = self.copied.len();
        write(&mut self.copied);
        self.len += self.copied.len() - before;
    }

    /// Queues a copy of `bytes`.
    pub(crate) fn copy(&mut self, bytes: &[u8]) {
        self.write(|copied| copied.extend_from_slice(bytes));
    }

    /// Queues `bytes`, uncopied if they are many.
    pub(crate) fn push(&mut self, bytes: Bytes) {
        if bytes.len() <= COPY_MAX {
            self.copy(&bytes);
            return;
        }
        if self.start < self.copied.len() {
            let mut copied = Bytes::from(core::mem::take(&mut self.copied));
            copied.advance(core::mem::take(&mut self.start));
            self.chained.push_back(copied);
        }
        self.len += bytes.len();
        self.chained.push_back(bytes);
    }

    /// Drops all that waits.
    pub(crate) fn clear(&mut self) {
        *self = Self {
            taken: self.taken,
            ..Self::default()
        };
    }

    /// Moves what is left to the front of the buffer once more than half of it has gone, so that a
    /// queue which never runs empty does not grow for ever. Each byte moves once at most for each
    /// byte that has gone.
    fn reclaim(&mut self) {
        if self.start > self.copied.len() / 2 {
            self.copied.drain(..self.start);
            self.start = 0;
        }
    }
}

impl From<Bytes> for SendQueue {
    fn from(bytes: Bytes) -> Self {
        let mut queue = Self::default();
        queue.push(bytes);
        queue
    }
}

/// Up to how many bytes copying is cheaper than one more slice in a vectored write.
const COPY_MAX: usize = 4096;

impl Buf for SendQueue {
    fn remaining(&self) -> usize {
        self.len
    }

    fn chunk(&self) -> &[u8] {
        match self.chained.front() {
            Some(bytes) => bytes,
            None => &self.copied[self.start..],
        }
    }

    #[cfg(feature = "std")]
    fn chunks_vectored<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        let mut filled = 0;
        let rest = &self.copied[self.start..];
        let all = self.chained.iter().map(|bytes| &bytes[..]);
        let all = all.chain((!rest.is_empty()).then_some(rest));
        for (slice, bytes) in slices.iter_mut().zip(all) {
            *slice = IoSlice::new(bytes);
            filled += 1;
        }
        filled
    }

    /// # Panics
    ///
    /// When `count` is more than what waits.
    fn advance(&mut self, mut count: usize) {
        assert!(count <= self.len, "advanced past the end of the queue");
        self.len -= count;
        self.taken += count as u64;
        while let Some(front) = self.chained.front_mut() {
            if count < front.len() {
                front.advance(count);
                return;
            }
            count -= front.len();
            self.chained.pop_front();
            if self.chained.is_empty() {
                // Large messages are rare on most connections: don't keep room for them.
                self.chained = VecDeque::new();
            }
        }
        self.start += count;
        if self.start == self.copied.len() {
            self.copied.clear();
            self.start = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Small and large pieces, drained in steps of every size, come out in order.
    #[test]
    fn order_is_kept_however_drained() {
        for step in [1, 3, 100, 4096, 5000, usize::MAX] {
            let mut queue = SendQueue::default();
            let mut expected = Vec::new();
            for (round, size) in [10, 5000, 1, 4096, 4097, 9000, 7].into_iter().enumerate() {
                let piece = alloc::vec![round as u8; size];
                expected.extend_from_slice(&piece);
                queue.push(piece.into());
            }
            let mut got = Vec::new();
            while !queue.is_empty() {
                assert_eq!(queue.remaining(), expected.len() - got.len());
                let count = queue.chunk().len().min(step);
                got.extend_from_slice(&queue.chunk()[..count]);
                queue.advance(count);
            }
            assert_eq!(got, expected);
        }
    }

    #[test]
    fn a_queue_that_never_runs_empty_does_not_grow() {
        let mut queue = SendQueue::default();
        queue.copy(&[0; 100]);
        for _ in 0..100_000 {
            queue.copy(&[0; 100]);
            queue.advance(100);
        }
        assert!(queue.copied.capacity() < 2000);
    }
}
