//! Tests in which the process itself has to be on time.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Runs such a test, and again if it has failed while the machine kept the process waiting: then that
/// says nothing.
pub fn on_time(test: impl Fn()) {
    const ATTEMPTS: usize = 20;
    const LATE: Duration = Duration::from_millis(50);
    for _ in 0..ATTEMPTS {
        let (result, delay) = delay_during(|| catch_unwind(AssertUnwindSafe(&test)));
        match result {
            Ok(()) => return,
            Err(panic) if delay < LATE => resume_unwind(panic),
            Err(_) => {}
        }
    }
    panic!("the machine was never on time");
}

/// How late, at worst, a thread was that wanted to run every millisecond meanwhile.
fn delay_during<T>(run: impl FnOnce() -> T) -> (T, Duration) {
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let pulse = scope.spawn(|| {
            let mut longest = Duration::ZERO;
            while !done.load(Ordering::Relaxed) {
                let before = Instant::now();
                thread::sleep(Duration::from_millis(1));
                longest = longest.max(before.elapsed());
            }
            longest
        });
        let result = run();
        done.store(true, Ordering::Relaxed);
        (result, pulse.join().unwrap())
    })
}
