//! What is received: compressed payload to bytes, a block at a time.

use alloc::boxed::Box;
use alloc::vec::Vec;

use zlib_rs::{Inflate, InflateFlush, Status};

use super::pool::{Pool, Reusable};
use crate::error::ReceiveErrorKind;

/// The receiving direction of a connection.
pub(super) struct Inflation {
    /// `None` without context takeover.
    window: Option<Window>,
    max_ratio: Option<u32>,
    /// The message that is being received.
    message: Option<Message>,
}

/// What came out of some payload.
pub(crate) struct Inflated<'a> {
    /// How much of the payload has been used.
    pub(crate) used: usize,
    pub(crate) bytes: &'a [u8],
    pub(crate) then: Then,
}

/// How it goes on.
pub(crate) enum Then {
    /// There may be more, without any more payload.
    More,
    /// More payload is needed.
    Starved,
    /// The message ends here.
    Ended,
    Failed(ReceiveErrorKind),
}

/// How much is inflated at once. The nearest cache still has it when it is copied on.
const BLOCK: usize = 16 << 10;

/// What stands behind the payload of a message. The sender has left out the first four bytes, the
/// rest of an empty block (RFC 7692 section 7.2.2). The others are ours, an empty block that is the
/// last: only if it is found to be just that, the message ended where a message may end.
const TAIL: [u8; 9] = [0x00, 0x00, 0xff, 0xff, 0x01, 0x00, 0x00, 0xff, 0xff];

struct Message {
    inflater: Box<Inflater>,
    /// How much of `TAIL` has been used.
    tail: usize,
    /// Nothing of the current stream has come yet. A message is one stream, unless there are final
    /// blocks in it.
    is_at_start: bool,
    compressed: u64,
    inflated: u64,
    /// A block has been filled, and the ratio is to be judged before there is another.
    is_judged_next: bool,
}

impl Inflation {
    pub(super) fn new(window_bits: Option<u8>, max_ratio: Option<u32>) -> Self {
        Self {
            window: window_bits.map(Window::new),
            max_ratio,
            message: None,
        }
    }

    /// Inflates some of `payload`, which goes on where the last call stopped. `is_whole` says that
    /// the message ends with it. At most one byte more than `limit` comes out.
    pub(super) fn step(&mut self, payload: &[u8], is_whole: bool, limit: usize) -> Inflated<'_> {
        if payload.is_empty() && !is_whole && self.message.is_none() {
            // The header of a frame is no reason to take a state.
            return Inflated {
                used: 0,
                bytes: &[],
                then: Then::Starved,
            };
        }
        let window = &mut self.window;
        let message = self.message.get_or_insert_with(|| Message::new(window));
        let mut out = Out {
            room: message.room(limit),
            len: 0,
        };
        let mut used = 0;
        let then = loop {
            let rest = &payload[used..];
            if rest.is_empty() && is_whole && message.is_at_start {
                break Then::Ended;
            }
            let is_tail = rest.is_empty() && is_whole;
            let source = if is_tail { &TAIL[message.tail..] } else { rest };
            let before = out.len;
            let (count, status) = message.inflater.inflate(source, &mut out);
            if let Some(window) = window {
                window.push(&message.inflater.block[before..out.len]);
            }
            message.is_at_start &= count == 0;
            match is_tail {
                true => message.tail += count,
                false => used += count,
            }
            match status {
                None => break Then::Failed(ReceiveErrorKind::InvalidDeflate),
                Some(Status::StreamEnd) if is_tail => {
                    break match message.tail == TAIL.len() {
                        true => Then::Ended,
                        false => Then::Failed(ReceiveErrorKind::InvalidDeflate),
                    };
                }
                // A final block within a message; another stream follows (RFC 7692
                // section 7.2.3.4).
                Some(Status::StreamEnd) => message.restart(window),
                // All that needs no room has been read, and would have been however the payload is
                // cut.
                Some(_) if message.is_judged_next && count < source.len() => {
                    if self.max_ratio.is_some_and(|max| message.exceeds(max, used)) {
                        break Then::Failed(ReceiveErrorKind::RatioTooHigh);
                    }
                    message.is_judged_next = false;
                    out.room = message.room(limit);
                }
                Some(_) if out.len > 0 && out.len == out.room => break Then::More,
                // All of the source has been used.
                Some(_) => match (is_whole, is_tail) {
                    (false, _) => break Then::Starved,
                    (true, false) => {}
                    (true, true) => break Then::Failed(ReceiveErrorKind::InvalidDeflate),
                },
            }
        };
        message.compressed += used as u64;
        message.inflated += out.len as u64;
        let is_block_full = out.len > 0 && message.inflated.is_multiple_of(BLOCK as u64);
        message.is_judged_next |= is_block_full && self.max_ratio.is_some();
        Inflated {
            used,
            bytes: &message.inflater.block[..out.len],
            then,
        }
    }

    /// The message has ended.
    pub(super) fn end(&mut self) {
        if let Some(message) = self.message.take() {
            POOL.give(message.inflater);
        }
    }
}

impl Message {
    fn new(window: &Option<Window>) -> Self {
        let mut message = Self {
            inflater: POOL.take(()),
            tail: 0,
            is_at_start: true,
            compressed: 0,
            inflated: 0,
            is_judged_next: false,
        };
        message.inflater.remember(window);
        message
    }

    /// A new stream begins. What has been inflated stays in view as long as there is a window.
    fn restart(&mut self, window: &Option<Window>) {
        self.inflater.reset();
        self.inflater.remember(window);
        self.is_at_start = true;
    }

    /// How much to inflate at once. Blocks end at the same places of a message however its payload is
    /// cut.
    fn room(&self, limit: usize) -> usize {
        match self.is_judged_next {
            true => 0,
            false => (BLOCK - (self.inflated % BLOCK as u64) as usize).min(limit.saturating_add(1)),
        }
    }

    /// Whether more has come out than `max_ratio` times what went in, `used` bytes just now.
    fn exceeds(&self, max_ratio: u32, used: usize) -> bool {
        let compressed = self.compressed + used as u64;
        self.inflated > compressed.saturating_mul(max_ratio.into())
    }
}

/// The state of the decompressor, with room for what comes out of it.
struct Inflater {
    state: Inflate,
    block: Box<[u8]>,
}

static POOL: Pool<Inflater> = Pool::new();

/// How much of a block has been filled, and may be.
struct Out {
    len: usize,
    room: usize,
}

impl Inflater {
    /// Returns how much of `source` has been used, and no status when it is not what it should be.
    fn inflate(&mut self, source: &[u8], out: &mut Out) -> (usize, Option<Status>) {
        let (used, len) = (self.state.total_in(), self.state.total_out());
        let block = &mut self.block[out.len..out.room];
        let result = self.state.decompress(source, block, InflateFlush::NoFlush);
        // What came out before an error counts as well: it may be wrong for another reason, and
        // which comes first must not depend on how the payload was cut.
        out.len += (self.state.total_out() - len) as usize;
        ((self.state.total_in() - used) as usize, result.ok())
    }

    fn remember(&mut self, window: &Option<Window>) {
        if let Some(window) = window
            && !window.bytes.is_empty()
        {
            // It fails for streams with a header only.
            let _ = self.state.set_dictionary(&window.bytes);
        }
    }
}

impl Reusable for Inflater {
    type Purpose = ();

    fn new((): ()) -> Self {
        Self {
            // A full window, whatever was negotiated: the state has room for it anyway, and what
            // the peer may refer to then does not depend on how its payload is cut.
            state: Inflate::new(false, 15),
            block: alloc::vec![0; BLOCK].into(),
        }
    }

    fn purpose(&self) {}

    fn reset(&mut self) {
        self.state.reset(false);
    }
}

/// What came last: all that is kept of a connection's messages between them.
struct Window {
    bytes: Vec<u8>,
    size: usize,
}

impl Window {
    fn new(bits: u8) -> Self {
        Self {
            bytes: Vec::new(),
            size: 1 << bits,
        }
    }

    fn push(&mut self, bytes: &[u8]) {
        let bytes = &bytes[bytes.len().saturating_sub(self.size)..];
        let len = self.bytes.len() + bytes.len();
        self.bytes.drain(..len.saturating_sub(self.size));
        if len > self.bytes.capacity() {
            // Twice as much as there was, but never more than the whole window.
            let capacity = len.max(2 * self.bytes.capacity()).min(self.size);
            self.bytes.reserve_exact(capacity - self.bytes.len());
        }
        self.bytes.extend_from_slice(bytes);
    }
}

#[cfg(test)]
#[allow(clippy::panic)]
mod tests {
    use super::*;
    use crate::deflate::compress::{Deflation, Purpose};

    fn compressed(message: &[u8]) -> Vec<u8> {
        let purpose = Purpose {
            level: 9,
            memory_level: 9,
            window_bits: 15,
        };
        Deflation::new(purpose, false).compress(message, true)
    }

    /// Whatever a payload could become, and however it is cut, one byte more than the limit is all
    /// that comes out, and a block is all that does at once.
    #[test]
    fn nothing_comes_out_beyond_the_limit_and_one() {
        let bomb = compressed(&alloc::vec![0; 1 << 20]);
        for limit in [0, 1, 1000, BLOCK - 1, BLOCK, BLOCK + 1, 100_000] {
            for cut in [1, 7, bomb.len()] {
                let mut inflation = Inflation::new(None, None);
                let mut total = 0;
                'pieces: for piece in bomb.chunks(cut) {
                    let mut piece = piece;
                    loop {
                        let inflated = inflation.step(piece, false, limit - total);
                        assert!(inflated.bytes.len() <= BLOCK);
                        total += inflated.bytes.len();
                        piece = &piece[inflated.used..];
                        if total > limit {
                            break 'pieces;
                        }
                        if !matches!(inflated.then, Then::More) {
                            break;
                        }
                    }
                }
                assert_eq!(total, limit + 1);
            }
        }
    }

    /// How much comes out of a whole message that comes in pieces of `cut`, and what is wrong with it.
    fn outcome(payload: &[u8], cut: usize, max_ratio: u32) -> (usize, Option<ReceiveErrorKind>) {
        let mut inflation = Inflation::new(None, Some(max_ratio));
        let mut total = 0;
        for end in (0..payload.len()).step_by(cut).map(|start| start + cut) {
            let mut piece = &payload[end - cut..end.min(payload.len())];
            loop {
                let inflated = inflation.step(piece, end >= payload.len(), usize::MAX);
                total += inflated.bytes.len();
                piece = &piece[inflated.used..];
                match inflated.then {
                    Then::More => {}
                    Then::Starved => break,
                    Then::Ended => return (total, None),
                    Then::Failed(kind) => return (total, Some(kind)),
                }
            }
        }
        panic!("a message that does not end");
    }

    /// What can be read of the payload when a block is full, without any room for more, may come
    /// later as well: here the sender has flushed there.
    #[test]
    fn the_ratio_does_not_depend_on_the_cut() {
        let purpose = Purpose {
            level: 9,
            memory_level: 9,
            window_bits: 15,
        };
        let mut deflation = Deflation::new(purpose, false);
        let block = deflation.compress(&[0; BLOCK], false);
        let rest = deflation.compress(&[0; BLOCK], true);
        let good = [&block[..], &rest].concat();
        let corrupt = [&block[..], &[0x07, 0x00]].concat();
        for (payload, too_much) in [
            (&good, ReceiveErrorKind::RatioTooHigh),
            (&corrupt, ReceiveErrorKind::InvalidDeflate),
        ] {
            for max_ratio in 300..800 {
                let whole = outcome(payload, payload.len(), max_ratio);
                for cut in [1, 2, 3, block.len(), block.len() - 5] {
                    assert_eq!(outcome(payload, cut, max_ratio), whole, "{max_ratio}");
                }
            }
            assert_eq!(outcome(payload, 1, 300), (BLOCK, Some(too_much)));
        }
        // All of the first block counts, and a little of what makes up the second.
        let judged = (BLOCK / block.len()) as u32;
        assert_eq!(outcome(&good, 1, judged + 1), (2 * BLOCK, None));
        assert_eq!(outcome(&good, 1, judged / 2).0, BLOCK);
        // Nothing is beyond it.
        assert_eq!(outcome(&block[..block.len() - 4], 1, 1), (BLOCK, None));
    }

    /// The header of a frame alone takes no state.
    #[test]
    fn nothing_is_taken_for_nothing() {
        let mut inflation = Inflation::new(None, None);
        assert!(matches!(inflation.step(&[], false, 1).then, Then::Starved));
        assert!(inflation.message.is_none());
        assert!(matches!(inflation.step(&[], true, 1).then, Then::Ended));
    }

    #[test]
    fn the_window_is_what_came_last() {
        let mut window = Window::new(8);
        let mut all = Vec::new();
        for len in [0, 1, 100, 155, 1, 256, 3, 1000, 255, 2] {
            let bytes: Vec<u8> = (0..len).map(|at| (at * 7 + len) as u8).collect();
            window.push(&bytes);
            all.extend_from_slice(&bytes);
            assert_eq!(window.bytes, all[all.len().saturating_sub(256)..]);
            assert!(window.bytes.capacity() <= 256);
        }
    }
}
