//! Output that waits for the transport.

use alloc::boxed::Box;
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
    /// What waits, if anything does. A connection that is idle need not have one.
    buffer: Option<Box<Buffer>>,
    taken: u64,
    is_unflushed: bool,
    /// Whether anything of a message may be among what waits, or among what is unflushed.
    has_data: bool,
    dropped: usize,
}

/// The memory of a [`SendQueue`] while nothing waits in it, to be
/// [handed on](SendQueue::give_buffer) to another.
#[derive(Debug)]
pub struct SendBuffer(Box<Buffer>);

#[derive(Debug, Default)]
struct Buffer {
    /// All that was copied, from `start` on.
    copied: Vec<u8>,
    start: usize,
    /// What was not copied, and goes out between stretches of what was.
    chain: VecDeque<Chained>,
    /// Of all of these together.
    chained: usize,
}

#[derive(Debug)]
struct Chained {
    /// How many bytes the transport has taken, ever, when the turn of these comes.
    at: u64,
    bytes: Bytes,
}

impl SendQueue {
    /// How many bytes wait.
    #[must_use]
    pub const fn len(&self) -> usize {
        match &self.buffer {
            Some(buffer) => buffer.len(),
            None => 0,
        }
    }

    /// Whether nothing waits.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Takes the empty buffer out, so that a connection that has nothing to send holds none. `None`
    /// when something waits in it, or there is none.
    pub fn take_buffer(&mut self) -> Option<SendBuffer> {
        if !self.is_empty() {
            return None;
        }
        self.buffer.take().map(SendBuffer)
    }

    /// Gives a buffer for the next output, one that [`take_buffer`](Self::take_buffer) returned for
    /// another connection. It is dropped when the queue has one already.
    pub fn give_buffer(&mut self, buffer: SendBuffer) {
        self.buffer.get_or_insert(buffer.0);
    }

    /// Whether the transport may still hold some of what it has taken.
    #[must_use]
    pub const fn is_unflushed(&self) -> bool {
        self.is_unflushed
    }

    /// Tells that the transport, for example a TLS stream, may still hold some of what it has taken,
    /// or that it has handed on all of it. Until then that counts as output that waits: for the
    /// peer's close to be told, for shutting down, and for
    /// [`Config::write_timeout`](crate::Config::write_timeout). Transports without a buffer of their
    /// own need not call it.
    pub fn set_unflushed(&mut self, is_unflushed: bool) {
        self.is_unflushed = is_unflushed;
    }

    /// Drops all that waits, because the transport takes nothing any more, and forgets what it has not
    /// handed on. When [`outgoing`](crate::Connection::outgoing) is called next, there may be more: the
    /// next fragment of a large message, or a late pong.
    ///
    /// ```
    /// use miniws_proto::{Config, Connection, Negotiated};
    ///
    /// let mut server = Connection::server(Config::default(), Negotiated::default());
    /// server.send("hi")?;
    /// server.outgoing().clear();
    /// assert_eq!((server.outgoing().len(), server.outgoing().dropped()), (0, 4));
    /// # Ok::<(), miniws_proto::SendError>(())
    /// ```
    pub fn clear(&mut self) {
        let len = self.len();
        let lost = match self.has_data {
            true => len + usize::from(self.is_unflushed),
            false => 0,
        };
        *self = Self {
            // It is gone, and nobody waits for it.
            taken: self.taken + len as u64,
            dropped: self.dropped + lost,
            ..Self::default()
        };
    }

    /// How many bytes have been dropped since they were queued: by [`clear`](Self::clear), at the end of
    /// the connection, or, of a message that was being cut into fragments, when the connection failed.
    /// What the transport had taken, but not handed on, counts as one more. Where nothing but control
    /// frames was dropped, it is 0: nobody misses these.
    #[must_use]
    pub const fn dropped(&self) -> usize {
        self.dropped
    }

    /// Whether all output has gone as far as can be known.
    pub(crate) const fn is_settled(&self) -> bool {
        self.is_empty() && !self.is_unflushed
    }

    /// How many bytes the transport has taken, ever: it changes whenever there is progress.
    pub(crate) const fn taken(&self) -> u64 {
        self.taken
    }

    /// Where to append what is to be queued, with room for so many bytes.
    #[inline(always)]
    pub(crate) fn room(&mut self, room: usize) -> &mut Vec<u8> {
        let buffer = match &mut self.buffer {
            Some(buffer) => buffer,
            none => insert_buffer(none),
        };
        if buffer.copied.capacity() - buffer.copied.len() < room {
            buffer.make_room(room);
        }
        &mut buffer.copied
    }

    /// Queues a copy of `bytes`.
    pub(crate) fn copy(&mut self, bytes: &[u8]) {
        self.room(bytes.len()).extend_from_slice(bytes);
    }

    /// Queues `bytes`, uncopied if they are many.
    pub(crate) fn push(&mut self, bytes: Bytes) {
        if bytes.len() <= COPY_MAX {
            self.copy(&bytes);
        } else {
            self.chain(bytes);
        }
    }

    /// Queues `bytes`, uncopied.
    pub(crate) fn chain(&mut self, bytes: Bytes) {
        let at = self.taken + self.len() as u64;
        let buffer = self.buffer.get_or_insert_default();
        buffer.chained += bytes.len();
        buffer.chain.push_back(Chained { at, bytes });
    }

    /// What is queued is part of a message.
    pub(crate) fn note_data(&mut self) {
        self.has_data = true;
    }

    /// What is queued is a control frame.
    pub(crate) fn note_control(&mut self) {
        self.has_data &= !self.is_settled();
    }

    /// So many bytes that were to be queued never will be.
    pub(crate) fn note_dropped(&mut self, count: usize) {
        self.dropped += count;
    }
}

#[cold]
#[inline(never)]
fn insert_buffer(none: &mut Option<Box<Buffer>>) -> &mut Box<Buffer> {
    none.get_or_insert_default()
}

impl SendBuffer {
    /// How many bytes of memory it takes, about.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.0.copied.capacity() + self.0.chain.capacity() * size_of::<Chained>()
    }
}

impl Buffer {
    const fn len(&self) -> usize {
        self.copied.len() - self.start + self.chained
    }

    /// Moves what is left to the front of the buffer if more than half of it has gone, so that a
    /// queue which never runs empty does not grow for ever. Each byte moves once at most for each
    /// byte that has gone.
    #[cold]
    #[inline(never)]
    fn make_room(&mut self, room: usize) {
        if self.start > self.copied.len() / 2 {
            self.copied.drain(..self.start);
            self.start = 0;
        }
        self.copied.reserve(room);
    }

    /// Some has gone, but not all; before that, `taken` had.
    #[inline(never)]
    fn advance_within(&mut self, mut taken: u64, mut count: usize) {
        while count > 0 {
            let before = self.copied_before_chained(taken);
            let step = if before == 0 {
                self.advance_chained(count)
            } else {
                let step = count.min(before);
                self.start += step;
                step
            };
            taken += step as u64;
            count -= step;
        }
    }

    /// So many bytes have gone, or as many as the first that were not copied; which it was.
    fn advance_chained(&mut self, count: usize) -> usize {
        let Some(front) = self.chain.front_mut() else {
            return count;
        };
        let step = count.min(front.bytes.len());
        front.bytes.advance(step);
        if front.bytes.is_empty() {
            self.chain.pop_front();
        }
        self.chained -= step;
        step
    }

    /// What was not copied has gone, all of it.
    #[inline(never)]
    fn drop_chained(&mut self) {
        while self.chain.pop_front().is_some() {}
        self.chained = 0;
    }

    /// How many copied bytes go out before the next that are not copied.
    fn copied_before_chained(&self, taken: u64) -> usize {
        match self.chain.front() {
            // Some of the latter may have gone already.
            Some(front) => front.at.saturating_sub(taken) as usize,
            None => self.copied.len() - self.start,
        }
    }

    /// The first of what waits, where some was not copied.
    #[inline(never)]
    fn chunk_between(&self, taken: u64) -> &[u8] {
        match (self.copied_before_chained(taken), self.chain.front()) {
            (0, Some(front)) => &front.bytes,
            (before, _) => &self.copied[self.start..][..before],
        }
    }

    /// All that waits, where some was not copied.
    #[cfg(feature = "std")]
    #[inline(never)]
    fn chunks_between<'a>(&'a self, taken: u64, slices: &mut [IoSlice<'a>]) -> usize {
        let mut filled = 0;
        let mut put = |piece: &'a [u8]| {
            if let Some(slice) = slices.get_mut(filled)
                && !piece.is_empty()
            {
                *slice = IoSlice::new(piece);
                filled += 1;
            }
            filled < slices.len()
        };
        let mut at = taken;
        let mut copied = &self.copied[self.start..];
        // There is one as a rule, and an iterator would take longer to make.
        for next in (0..).map_while(|index| self.chain.get(index)) {
            let before = next.at.saturating_sub(at) as usize;
            let (piece, rest) = copied.split_at(before);
            if !put(piece) || !put(&next.bytes) {
                return filled;
            }
            copied = rest;
            at += (before + next.bytes.len()) as u64;
        }
        put(copied);
        filled
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
pub(crate) const COPY_MAX: usize = 4096;

impl Buf for SendQueue {
    #[inline]
    fn remaining(&self) -> usize {
        self.len()
    }

    #[inline]
    fn chunk(&self) -> &[u8] {
        let Some(buffer) = &self.buffer else {
            return &[];
        };
        if buffer.chained > 0 {
            return buffer.chunk_between(self.taken);
        }
        &buffer.copied[buffer.start..]
    }

    #[cfg(feature = "std")]
    #[inline]
    fn chunks_vectored<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        match (&self.buffer, slices.first_mut()) {
            (Some(buffer), _) if buffer.chained > 0 => buffer.chunks_between(self.taken, slices),
            (Some(buffer), Some(slice)) if buffer.len() > 0 => {
                *slice = IoSlice::new(&buffer.copied[buffer.start..]);
                1
            }
            _ => 0,
        }
    }

    /// # Panics
    ///
    /// When `count` is more than what waits.
    #[inline]
    fn advance(&mut self, count: usize) {
        let len = self.len();
        assert!(count <= len, "advanced past the end of the queue");
        let Some(buffer) = &mut self.buffer else {
            return;
        };
        let taken = self.taken;
        self.taken += count as u64;
        if count < len {
            return buffer.advance_within(taken, count);
        }
        buffer.copied.clear();
        buffer.start = 0;
        if buffer.chained > 0 {
            buffer.drop_chained();
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
                #[cfg(feature = "std")]
                {
                    assert_eq!(vectored(&queue, 16), expected[got.len()..]);
                    // As much as there is room for.
                    for room in 1..8 {
                        assert!(expected[got.len()..].starts_with(&vectored(&queue, room)));
                    }
                }
                let count = queue.chunk().len().min(step);
                got.extend_from_slice(&queue.chunk()[..count]);
                queue.advance(count);
            }
            assert_eq!(got, expected);
        }
    }

    /// What waits, as a vectored write of so many slices shows it.
    #[cfg(feature = "std")]
    fn vectored(queue: &SendQueue, room: usize) -> Vec<u8> {
        let mut slices = [IoSlice::new(&[]); 16];
        let count = queue.chunks_vectored(&mut slices[..room]);
        assert!((1..=room).contains(&count));
        assert_eq!(&*slices[0], queue.chunk());
        slices[..count]
            .iter()
            .flat_map(|slice| slice.to_vec())
            .collect()
    }

    #[test]
    fn a_queue_that_never_runs_empty_does_not_grow() {
        let mut queue = SendQueue::default();
        queue.copy(&[0; 100]);
        for _ in 0..100_000 {
            queue.copy(&[0; 100]);
            queue.advance(100);
        }
        queue.advance(queue.len());
        assert!(
            queue
                .take_buffer()
                .is_none_or(|buffer| buffer.capacity() < 2000)
        );
    }
}
