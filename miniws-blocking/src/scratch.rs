//! What reads go into, and shared writes go out of.
//!
//! `std` can read only into bytes that have been written before, and filling a buffer with zeros for
//! each read costs more than copying out what has come: most reads bring little. So each thread has
//! one buffer, which is filled with zeros once, and connections hold what they have received and
//! nothing else. It grows with what a thread reads, and shrinks when that has nothing to do.

use std::cell::Cell;
use std::io::{self, IoSlice};

use bytes::{Buf, BytesMut};
use miniws_proto::SendQueue;

/// Enough for most messages.
const SMALL: usize = 8 << 10;
/// Enough to make a system call for each of them worth it.
const LARGE: usize = 128 << 10;

thread_local! {
    static SCRATCH: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
    static IS_LARGE: Cell<bool> = const { Cell::new(false) };
}

/// Appends to `input` what `read` reads.
pub(crate) fn read(
    input: &mut BytesMut,
    read: impl FnOnce(&mut [u8]) -> io::Result<usize>,
) -> io::Result<usize> {
    with(|scratch| {
        grow(scratch, SMALL);
        let count = read(scratch)?;
        input.extend_from_slice(&scratch[..count]);
        if count == scratch.len() {
            grow(scratch, 4 * count); // There is more.
        }
        Ok(count)
    })
}

/// Copies the front of `output`, as much as is worth a system call. Returns how much that is.
pub(crate) fn copy(scratch: &mut Vec<u8>, output: &SendQueue) -> usize {
    grow(scratch, output.len());
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

/// Whether the thread has a buffer that [`shrink`] would drop.
pub(crate) fn is_large() -> bool {
    IS_LARGE.get()
}

/// Drops the thread's buffer, if it is large.
pub(crate) fn shrink() {
    if IS_LARGE.replace(false) {
        SCRATCH.set(Vec::new());
    }
}

fn grow(scratch: &mut Vec<u8>, len: usize) {
    let len = len.min(LARGE);
    if len > scratch.len() {
        *scratch = vec![0; len];
    }
}

/// Lends the thread's buffer. It is taken out meanwhile, because a stream may use a WebSocket itself,
/// as a tunnel.
pub(crate) fn with<R>(work: impl FnOnce(&mut Vec<u8>) -> R) -> R {
    let mut scratch = SCRATCH.take();
    let result = work(&mut scratch);
    IS_LARGE.set(scratch.len() > SMALL);
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
        let rooms: Vec<_> = (0..4).map(|_| room(|room| room)).collect();
        assert_eq!(rooms, [SMALL, 4 * SMALL, LARGE, LARGE]);
        assert_eq!(room(|_| 1), LARGE);
        assert!(is_large());
        shrink();
        assert!(!is_large());
        assert_eq!((room(|_| 1), room(|_| 1)), (SMALL, SMALL));
    }
}
