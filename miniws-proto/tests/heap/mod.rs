//! An allocator that counts, for tests that look at memory.

// It can't be had without.
#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// How many bytes of the heap this thread holds.
pub(crate) fn held() -> isize {
    HELD.get()
}

/// Runs `call`, and returns by how many bytes the heap of this thread had grown at most meanwhile.
pub(crate) fn peak<T>(call: impl FnOnce() -> T) -> (T, isize) {
    let before = held();
    PEAK.set(before);
    let result = call();
    (result, PEAK.get() - before)
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Counts for each thread what it holds, and the most that it held.
struct Counting;

thread_local! {
    static HELD: Cell<isize> = const { Cell::new(0) };
    static PEAK: Cell<isize> = const { Cell::new(0) };
}

fn count(bytes: isize) {
    HELD.set(HELD.get() + bytes);
    PEAK.set(PEAK.get().max(HELD.get()));
}

// SAFETY: everything is left to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(-(layout.size() as isize));
        unsafe { System.dealloc(pointer, layout) }
    }
}
