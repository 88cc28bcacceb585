//! States of the compressor that no message needs just now.

use alloc::boxed::Box;
use alloc::vec::Vec;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// States to be used again, at most [`MOST`] of them.
///
/// One pool serves the whole program. States are large, a message needs one only while it is being
/// worked on, and once a state is reset it makes no difference who had it before: the pool is a
/// cache, as an allocator has one, and nothing can be told from it. They stay in their boxes, so that a
/// connection without one is small.
pub(super) struct Pool<T>(Mutex<Vec<Box<T>>>);

/// How many states are kept: as many as there are likely to be at work at the same time.
const MOST: usize = 16;

/// A state that can be used again.
pub(super) trait Reusable: Sized {
    /// What a state is made for. It is of no use for anything else.
    type Purpose: Copy + PartialEq;

    fn new(purpose: Self::Purpose) -> Self;
    fn purpose(&self) -> Self::Purpose;
    /// Makes it as good as new.
    fn reset(&mut self);
}

impl<T: Reusable> Pool<T> {
    pub(super) const fn new() -> Self {
        Self(Mutex::new(Vec::new()))
    }

    /// A state as good as new.
    pub(super) fn take(&self, purpose: T::Purpose) -> Box<T> {
        let used = {
            let mut states = self.lock();
            // What came back last is most likely to be in the processor's caches.
            let found = states.iter().rposition(|state| state.purpose() == purpose);
            found.map(|at| states.remove(at))
        };
        match used {
            Some(mut state) => {
                state.reset();
                state
            }
            None => Box::new(T::new(purpose)),
        }
    }

    /// Takes a state back.
    pub(super) fn give(&self, state: Box<T>) {
        let mut states = self.lock();
        // The oldest goes: perhaps nobody asks for its kind any more.
        let oldest = (states.len() >= MOST).then(|| states.remove(0));
        states.push(state);
        drop(states);
        drop(oldest);
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Box<T>>> {
        // The list is in order whatever a thread that panicked was doing to a state.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct State {
        purpose: u8,
        resets: u32,
    }

    impl Reusable for State {
        type Purpose = u8;

        fn new(purpose: u8) -> Self {
            Self { purpose, resets: 0 }
        }

        fn purpose(&self) -> u8 {
            self.purpose
        }

        fn reset(&mut self) {
            self.resets += 1;
        }
    }

    #[test]
    fn states_are_used_again_for_their_purpose_only() {
        let pool = Pool::<State>::new();
        let state = pool.take(1);
        pool.give(state);
        assert_eq!(pool.take(2).resets, 0);
        assert_eq!(pool.take(1).resets, 1);
        assert_eq!(pool.take(1).resets, 0);
    }

    #[test]
    fn it_stays_small_and_forgets_the_oldest() {
        let pool = Pool::<State>::new();
        for purpose in 0..100 {
            pool.give(Box::new(State::new(purpose)));
        }
        assert_eq!(pool.lock().len(), MOST);
        assert_eq!(pool.take(0).resets, 0);
        assert_eq!(pool.take(99).resets, 1);
    }
}
