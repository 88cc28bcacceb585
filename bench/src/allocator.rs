//! The system's allocator, counted.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Counts what passes through it. Everything that is measured runs on one thread, so loads and
/// stores do, which cost three instructions a call; with more threads some would get lost.
pub struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

static CALLS: AtomicU64 = AtomicU64::new(0);
static HELD: AtomicU64 = AtomicU64::new(0);

/// How often memory has been allocated or made larger, ever.
pub fn calls() -> u64 {
    CALLS.load(Relaxed)
}

/// How many bytes are allocated now.
pub fn held() -> u64 {
    HELD.load(Relaxed)
}

fn called() {
    CALLS.store(CALLS.load(Relaxed).wrapping_add(1), Relaxed);
}

fn took(bytes: usize) {
    HELD.store(HELD.load(Relaxed).wrapping_add(bytes as u64), Relaxed);
}

fn gave(bytes: usize) {
    HELD.store(HELD.load(Relaxed).wrapping_sub(bytes as u64), Relaxed);
}

#[expect(unsafe_code, reason = "an allocator is unsafe; this one only counts")]
// SAFETY: every call goes to the system's allocator with its arguments unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        called();
        took(layout.size());
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        called();
        took(layout.size());
        // SAFETY: the caller's promise.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        called();
        took(size);
        gave(layout.size());
        // SAFETY: the caller's promise.
        unsafe { System.realloc(pointer, layout, size) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        gave(layout.size());
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(pointer, layout) }
    }
}
