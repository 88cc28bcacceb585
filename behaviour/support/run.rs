//! How a test runs: within bounded time, whatever it waits for.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use async_channel::Receiver;
use futures_core::Stream;
use futures_lite::FutureExt;

use super::watched::watched;
use crate::runtime::{self, Instant};

/// Runs a test.
pub(crate) fn run<T>(test: impl Future<Output = T>) -> T {
    watched(|| runtime::block_on(test))
}

/// Runs a test whose tasks may run on several threads.
pub(crate) fn run_threaded<T>(test: impl Future<Output = T>) -> T {
    watched(|| runtime::block_on_threads(test))
}

/// Runs a test of what takes time. Where the runtime has a clock for tests, it stands still while
/// there is something to do and otherwise jumps to the next timer; so it is not for sockets.
pub(crate) fn run_on_test_clock<T>(test: impl Future<Output = T>) -> T {
    watched(|| runtime::block_on_test_clock(test))
}

/// Checks that it took so long since `start`: exactly, or at least, as the runtime's clock for tests
/// can say it.
#[track_caller]
pub(crate) fn assert_took(start: Instant, expected: Duration) {
    let took = start.elapsed();
    let on_time = took >= expected && took - expected <= runtime::LATE;
    assert!(on_time, "{took:?} rather than {expected:?}");
}

/// A task of the runtime, which goes on when this is dropped.
pub(crate) struct Task<T>(Pin<Box<Receiver<T>>>);

/// Starts a task.
pub(crate) fn spawn<T: Send + 'static>(task: impl Future<Output = T> + Send + 'static) -> Task<T> {
    let (sender, receiver) = async_channel::bounded(1);
    runtime::spawn(async move {
        let _ = sender.send(task.await).await;
    });
    Task(Box::pin(receiver))
}

impl<T> Task<T> {
    pub(crate) fn is_finished(&self) -> bool {
        !self.0.is_empty()
    }
}

impl<T> Future for Task<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        self.0
            .as_mut()
            .poll_next(cx)
            .map(|output| output.expect("the task has not panicked"))
    }
}

/// `None` when it takes longer than that.
pub(crate) async fn timeout<T>(limit: Duration, future: impl Future<Output = T>) -> Option<T> {
    let too_late = async {
        runtime::sleep(limit).await;
        None
    };
    async { Some(future.await) }.or(too_late).await
}

/// Polls `future` once and drops it: what cancelling it comes to.
pub(crate) async fn once<F: Future>(future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    poll_fn(|cx| {
        Poll::Ready(match future.as_mut().poll(cx) {
            Poll::Ready(output) => Some(output),
            Poll::Pending => None,
        })
    })
    .await
}

/// Makes a future anew for each poll until one is ready, and yields to other tasks in between.
macro_rules! remade {
    ($future:expr) => {
        loop {
            if let Some(output) = $crate::behaviour::support::once($future).await {
                break output;
            }
            $crate::behaviour::support::yield_now().await;
        }
    };
}
pub(crate) use remade;
