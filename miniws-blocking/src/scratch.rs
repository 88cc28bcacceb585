//! What reads go into, and shared writes go out of.
//!
//! `std` can read only into bytes that have been written before, and filling a large buffer with zeros
//! for each read costs more than copying out what has come: most reads bring little. So a little goes
//! over the stack. A thread that moves more has one buffer, which is filled with zeros once, for all
//! its connections, which hold what they have received and nothing else. It grows with what a thread
//! reads, and is dropped when that has nothing to do.

use std::cell::Cell;
use std::io::{self, IoSlice};

use bytes::{Buf, BytesMut};
use miniws_proto::SendQueue;

/// On the stack. Enough for most messages, and filled with zeros in no time.
const LITTLE: usize = 2 << 10;
/// How much more to make room for when a read has filled what there was.
const GROWTH: usize = 16;
/// Enough to make a system call for each of them worth it.
const LARGE: usize = 128 << 10;

thread_local! {
    /// Nothing, as long as the stack is enough.
    static SCRATCH: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
    static IS_HELD: Cell<bool> = const { Cell::new(false) };
}

/// Appends to `input` what `read` reads.
pub(crate) fn read(
    input: &mut BytesMut,
    read: impl FnOnce(&mut [u8]) -> io::Result<usize>,
) -> io::Result<usize> {
    let (count, room) = lend(0, |scratch| {
        let count = read(scratch)?;
        input.extend_from_slice(&scratch[..count]);
        io::Result::Ok((count, scratch.len()))
    })?;
    if count == room {
        lend(GROWTH * room, |_| ()); // There is more.
    }
    Ok(count)
}

/// Copies the front of `output`, as much as is worth a system call. Returns how much that is.
pub(crate) fn copy(scratch: &mut [u8], output: &SendQueue) -> usize {
    let mut slices = [IoSlice::new(&[]); 16];
    let count = output.chunks_vectored(&mut slices);
    let mut filled = 0;
    for slice in &slices[..count] {
        let fits = slice.len().min(scratch.len() - filled);
        scratch[filled..filled + fits].copy_from_slice(&slice[..fits]);
        filled += fits;
    }
    filled
}

/// Whether the thread has a buffer.
pub(crate) fn is_held() -> bool {
    IS_HELD.get()
}

/// Drops the thread's buffer.
pub(crate) fn release() {
    if IS_HELD.replace(false) {
        SCRATCH.set(Vec::new());
    }
}

/// Lends a buffer of so many bytes, or as many as there are. The thread's buffer is taken out
/// meanwhile, because a stream may use a WebSocket itself, as a tunnel.
pub(crate) fn lend<R>(len: usize, work: impl FnOnce(&mut [u8]) -> R) -> R {
    let mut scratch = SCRATCH.take();
    let len = len.min(LARGE);
    if len > scratch.len().max(LITTLE) {
        scratch = vec![0; len];
    }
    let result = match scratch.is_empty() {
        true => work(&mut [0; LITTLE]),
        false => work(&mut scratch),
    };
    IS_HELD.set(!scratch.is_empty());
    SCRATCH.set(scratch);
    result
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// How much room there is for a read that brings so many bytes.
    fn room(brings: impl Fn(usize) -> usize) -> usize {
        let mut room = 0;
        let mut input = BytesMut::new();
        let count = read(&mut input, |scratch| {
            room = scratch.len();
            Ok(brings(room))
        });
        assert_eq!(count.unwrap(), input.len());
        room
    }

    #[test]
    fn grows_while_reads_fill_it() {
        assert_eq!((room(|_| 1), is_held()), (LITTLE, false));
        let rooms: Vec<_> = (0..4).map(|_| room(|room| room)).collect();
        assert_eq!(rooms, [LITTLE, GROWTH * LITTLE, LARGE, LARGE]);
        assert_eq!(room(|_| 1), LARGE);
        assert!(is_held());
        release();
        assert!(!is_held());
        assert_eq!((room(|_| 1), room(|_| 1)), (LITTLE, LITTLE));
    }
}
