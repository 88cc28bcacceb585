//! Buffers that connections share, so that one that waits holds none.

use std::cell::RefCell;

use bytes::BytesMut;
use miniws_proto::{SendBuffer, SendQueue};

/// Puts back the buffers of a connection that is about to wait: the input if it is empty, and that
/// of the queue if it is.
pub fn give_back(input: &mut BytesMut, queue: &mut SendQueue) {
    POOL.with_borrow_mut(|pool| {
        pool.give_back_input(input);
        if let Some(buffer) = queue.take_buffer()
            && buffer.capacity() <= LARGEST
        {
            pool.outputs.put(buffer);
        }
    });
}

/// Fetches the buffers that a connection needs before it reads, and writes its answers.
pub fn fetch(input: &mut BytesMut, queue: &mut SendQueue) {
    POOL.with_borrow_mut(|pool| {
        pool.fetch_input(input);
        if queue.is_empty()
            && let Some(buffer) = queue.take_buffer().or_else(|| pool.outputs.0.pop())
        {
            queue.give_buffer(buffer);
        }
    });
}

/// As [`give_back`], for a handshake, which has no queue.
pub(crate) fn give_back_input(input: &mut BytesMut) {
    POOL.with_borrow_mut(|pool| pool.give_back_input(input));
}

/// As [`fetch`], for a handshake.
pub(crate) fn fetch_input(input: &mut BytesMut) {
    POOL.with_borrow_mut(|pool| pool.fetch_input(input));
}

/// How much room to make in `input` for the next read, where `hint` bytes would be best.
///
/// A message that the application keeps also keeps the block that it is in. So what is left of such
/// a block is used up first, as long as it is worth a read: small messages that are kept, one of each
/// read, take about their own size then and not a block each.
pub fn room(input: &mut BytesMut, hint: usize) -> usize {
    let spare = input.capacity() - input.len();
    if spare < hint && spare >= WORTH_READING && !input.try_reclaim(hint) {
        return spare;
    }
    hint
}

/// Less than a typical packet would make more reads.
const WORTH_READING: usize = 2 << 10;
/// A task reads, handles and answers before the next one runs on its thread, so a few are enough.
const MOST: usize = 8;
/// Larger ones than this are rare, and not worth to be held.
const LARGEST: usize = 256 << 10;

thread_local! {
    static POOL: RefCell<Pool> = const {
        RefCell::new(Pool {
            inputs: Shelf(Vec::new()),
            outputs: Shelf(Vec::new()),
        })
    };
}

struct Pool {
    inputs: Shelf<BytesMut>,
    outputs: Shelf<SendBuffer>,
}

impl Pool {
    fn give_back_input(&mut self, input: &mut BytesMut) {
        if input.is_empty() && input.capacity() > 0 {
            let mut input = std::mem::take(input);
            // What is left of a block counts as the whole block, if nobody else uses it.
            if !input.try_reclaim(LARGEST + 1) {
                self.inputs.put(input);
            }
        }
    }

    fn fetch_input(&mut self, input: &mut BytesMut) {
        if input.capacity() == 0
            && let Some(buffer) = self.inputs.0.pop()
        {
            *input = buffer;
        }
    }
}

struct Shelf<T>(Vec<T>);

impl<T> Shelf<T> {
    fn put(&mut self, item: T) {
        if self.0.len() < MOST {
            self.0.push(item);
        }
    }
}
