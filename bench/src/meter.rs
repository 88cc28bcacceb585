//! Where a measurement begins and ends.

use std::cell::Cell;
use std::time::{Duration, Instant};

use crate::allocator;

thread_local! {
    static BEGUN: Cell<Option<Mark>> = const { Cell::new(None) };
    static MEASURED: Cell<Option<Measured>> = const { Cell::new(None) };
}

#[derive(Clone, Copy)]
struct Mark {
    time: Instant,
    allocations: u64,
}

/// What passed between [`begin_measuring`] and [`end_measuring`].
#[derive(Clone, Copy, Debug)]
pub struct Measured {
    pub time: Duration,
    pub allocations: u64,
}

/// The measurement begins. A function of its own, so that callgrind can be told to count from here.
#[inline(never)]
pub fn begin_measuring() {
    BEGUN.set(Some(Mark {
        allocations: allocator::calls(),
        time: Instant::now(),
    }));
}

/// The measurement ends; only the first end counts.
#[inline(never)]
pub fn end_measuring() {
    let time = Instant::now();
    if let Some(mark) = BEGUN.take() {
        MEASURED.set(Some(Measured {
            time: time - mark.time,
            allocations: allocator::calls() - mark.allocations,
        }));
    }
}

/// What was measured, if a measurement has begun and ended.
pub fn take() -> Option<Measured> {
    MEASURED.take()
}
