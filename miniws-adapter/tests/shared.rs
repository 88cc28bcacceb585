//! A driver that several halves poll, each for its own task.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use miniws_adapter::{Error, Shared};
use miniws_proto::Config;
use support::{Count, Scripted, driver, driver_with, server};

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

/// A transport that breaks is told to everyone whose message has not gone, not only to whom it tells.
#[test]
fn all_are_told_that_the_transport_broke() {
    let shared = Shared::new(driver(Scripted {
        writes: [Poll::Pending, Poll::Pending, broken()].into(),
        ..Scripted::default()
    }));
    let mut first = pin!(shared.send("first".into()));
    let mut second = pin!(shared.send("second".into()));
    assert!(first.as_mut().poll(&mut cx()).is_pending());
    assert!(second.as_mut().poll(&mut cx()).is_pending());
    assert!(is_broken_pipe(first.as_mut().poll(&mut cx())));
    assert!(is_broken_pipe(second.as_mut().poll(&mut cx())));
    assert_eq!(shared.lock().transport().written, b"");
}

#[test]
fn a_sender_is_told_of_what_the_receiver_met() {
    let shared = Shared::new(driver(Scripted {
        writes: [Poll::Pending, broken()].into(),
        ..Scripted::default()
    }));
    let (count, waker) = Count::waker();
    let mut sending = pin!(shared.send("hi".into()));
    let waiting = sending.as_mut().poll(&mut Context::from_waker(&waker));
    assert!(waiting.is_pending());
    assert!(pin!(shared.recv()).poll(&mut cx()).is_pending());
    assert_eq!(count.get(), 1, "nobody else would wake it");
    assert!(is_broken_pipe(sending.as_mut().poll(&mut cx())));
}

/// The peer breaks the protocol while a message is being cut into fragments.
#[test]
fn a_sender_is_told_that_its_message_was_cut_off() {
    let config = Config::default().fragment_size(Some(4));
    let reserved = b"\x83\x80\0\0\0\0".to_vec();
    let shared = Shared::new(driver_with(
        config,
        Scripted {
            reads: [Ok(reserved)].into(),
            writes: [Poll::Ready(Ok(3)), Poll::Pending, Poll::Pending].into(),
            ..Scripted::default()
        },
    ));
    let mut sending = pin!(shared.send("0123456789".into()));
    assert!(sending.as_mut().poll(&mut cx()).is_pending());
    assert!(pin!(shared.recv()).poll(&mut cx()).is_pending());
    let sent = sending.as_mut().poll(&mut cx());
    assert!(
        matches!(sent, Poll::Ready(Err(Error::Receive(_)))),
        "{sent:?}"
    );
    assert_eq!(
        shared.lock().transport().written,
        b"\x01\x040123\x88\x02\x03\xea"
    );
}

/// The transport need not: some say nothing more once the reading side has ended.
#[test]
fn the_end_wakes_a_sender() {
    let shared = Shared::new(driver(Scripted {
        reads: [Ok(Vec::new())].into(),
        writes: [Poll::Pending, Poll::Pending].into(),
        ..Scripted::default()
    }));
    let (count, waker) = Count::waker();
    let mut sending = pin!(shared.send("hi".into()));
    let waiting = sending.as_mut().poll(&mut Context::from_waker(&waker));
    assert!(waiting.is_pending());
    assert!(pin!(shared.recv()).poll(&mut cx()).is_ready());
    assert_eq!(count.get(), 1);
    let sent = sending.as_mut().poll(&mut cx());
    assert!(
        matches!(sent, Poll::Ready(Err(Error::Receive(_)))),
        "{sent:?}"
    );
}

fn cx() -> Context<'static> {
    Context::from_waker(Waker::noop())
}

fn broken() -> Poll<io::Result<usize>> {
    Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()))
}

fn is_broken_pipe(sent: Poll<Result<(), Error>>) -> bool {
    matches!(sent, Poll::Ready(Err(Error::Io(error))) if error.kind() == io::ErrorKind::BrokenPipe)
}
