//! A test takes bounded time.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// How long a test may take. Only one that hangs takes so long.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs a test. The watchdog is a thread, so that it also ends a test that is busy for ever.
pub(crate) fn watched<T>(test: impl FnOnce() -> T) -> T {
    let name = thread::current().name().unwrap_or("a test").to_owned();
    let (_done, is_done) = mpsc::channel::<()>();
    thread::spawn(move || {
        if is_done.recv_timeout(PATIENCE) == Err(mpsc::RecvTimeoutError::Timeout) {
            eprintln!("{name} hangs");
            std::process::abort();
        }
    });
    test()
}
