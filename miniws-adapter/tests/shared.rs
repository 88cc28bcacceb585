//! A driver that several halves poll, each for its own task.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::pin::pin;
use std::sync::Arc;
use std::task::Context;

use miniws_adapter::Shared;
use support::{Count, server};

/// Whatever one half's task has to do with the transport, the other's is woken when it moves.
#[test]
fn every_task_that_waits_is_woken() {
    let shared = Shared::new(server([]));
    let (first, first_waker) = Count::waker();
    let (second, second_waker) = Count::waker();
    let mut waiters = [shared.waiter(), shared.waiter()];
    for (waker, waiter) in [&first_waker, &second_waker].into_iter().zip(&mut waiters) {
        let cx = Context::from_waker(waker);
        assert!(
            shared
                .poll(waiter, &cx, |driver, cx| driver.poll_recv(cx))
                .is_pending()
        );
    }
    shared.change(|_| ());
    assert_eq!((first.get(), second.get()), (1, 1));
    shared.change(|_| ());
    assert_eq!(
        (first.get(), second.get()),
        (1, 1),
        "they are not waiting any more"
    );
}

/// A task may poll both halves: that the one is done must not keep the other from being woken.
#[test]
fn a_task_that_waits_for_two_things() {
    let shared = Shared::new(server([]));
    let (count, waker) = Count::waker();
    let cx = Context::from_waker(&waker);
    let (mut receiving, mut flushing) = (shared.waiter(), shared.waiter());
    assert!(
        shared
            .poll(&mut receiving, &cx, |driver, cx| driver.poll_recv(cx))
            .is_pending()
    );
    assert!(
        shared
            .poll(&mut flushing, &cx, |driver, cx| driver.poll_flush(cx))
            .is_ready()
    );
    drop(flushing);
    shared.change(|_| ());
    assert_eq!(count.get(), 1);
}

/// Tasks that have nothing to wait for leave nothing behind.
#[test]
fn tasks_that_are_done_are_forgotten() {
    let shared = Shared::new(server([]));
    let (count, waker) = Count::waker();
    let cx = Context::from_waker(&waker);
    let mut waiter = shared.waiter();
    assert!(
        shared
            .poll(&mut waiter, &cx, |driver, cx| driver.poll_flush(cx))
            .is_ready()
    );
    drop(waker);
    assert_eq!(Arc::strong_count(&count), 1);
    shared.change(|_| ());
    assert_eq!(count.get(), 0);
}

/// Nor do those that gave up waiting, however many they are.
#[test]
fn tasks_that_gave_up_are_forgotten() {
    let shared = Shared::new(server([]));
    let (count, waker) = Count::waker();
    for _ in 0..3 {
        let receiving = pin!(shared.recv());
        assert!(
            receiving
                .poll(&mut Context::from_waker(&waker))
                .is_pending()
        );
    }
    drop(waker);
    assert_eq!(Arc::strong_count(&count), 1);
}
