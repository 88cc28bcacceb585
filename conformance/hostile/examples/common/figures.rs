//! What a soaked server tells of itself, to who asks for `/figures`.

// An allocator that counts can't be had without it.
#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use miniws_proto::{Config, DeflateConfig, Reply};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Counts the bytes that are on the heap.
struct Counting;

static HEAP: AtomicUsize = AtomicUsize::new(0);

// SAFETY: everything is left to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        HEAP.fetch_add(layout.size(), Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        HEAP.fetch_sub(layout.size(), Relaxed);
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        HEAP.fetch_add(size, Relaxed);
        HEAP.fetch_sub(layout.size(), Relaxed);
        unsafe { System.realloc(pointer, layout, size) }
    }
}

static SERVED: AtomicUsize = AtomicUsize::new(0);

/// Counts a connection that is served, from here to its drop.
pub(crate) struct Served(());

impl Served {
    pub(crate) fn begin() -> Self {
        SERVED.fetch_add(1, Relaxed);
        Self(())
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        SERVED.fetch_sub(1, Relaxed);
    }
}

/// The bytes on the heap, and how many connections are served.
pub(crate) fn tell() -> Reply {
    let figures = format!("{} {}", HEAP.load(Relaxed), SERVED.load(Relaxed));
    Reply::new(200).body(figures)
}

/// Compression with all that it may keep between messages.
pub(crate) fn config() -> Config {
    Config::default().deflate(Some(DeflateConfig::default().send_takeover(true)))
}
