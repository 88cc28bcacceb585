//! How the driver gets along with transports of every kind.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::io::{self, ErrorKind};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use miniws_adapter::{Driver, Error, Stop};
use miniws_proto::{CloseFrame, Config, Event, Message, ReceiveErrorKind, SendError, State};
use support::{Clock, Count, Scripted, driver, driver_with, pass, server};

const TEXT: &[u8] = b"\x81\x82\0\0\0\0hi";
const PING: &[u8] = b"\x89\x81\0\0\0\0p";
const CLOSE: &[u8] = b"\x88\x82\0\0\0\0\x03\xe8";

fn read(bytes: &[u8]) -> io::Result<Vec<u8>> {
    Ok(bytes.to_vec())
}

fn cx() -> Context<'static> {
    Context::from_waker(Waker::noop())
}

fn is_text(received: &Poll<Result<Option<Event>, Error>>) -> bool {
    matches!(received, Poll::Ready(Ok(Some(Event::Message(Message::Text(text))))) if &**text == "hi")
}

fn is_close(received: &Poll<Result<Option<Event>, Error>>) -> bool {
    matches!(received, Poll::Ready(Ok(Some(Event::Close(Some(_))))))
}

fn written(driver: &Driver<Scripted, Clock>) -> &[u8] {
    &driver.transport().written
}

#[test]
fn interrupted_reads_and_writes_are_tried_again() {
    let interrupted = || io::Error::from(ErrorKind::Interrupted);
    let mut driver = driver(Scripted {
        reads: [
            Err(interrupted()),
            read(PING),
            Err(interrupted()),
            read(TEXT),
        ]
        .into(),
        writes: [Poll::Ready(Err(interrupted()))].into(),
        flushes: [Poll::Ready(Err(interrupted()))].into(),
        ..Scripted::default()
    });
    assert!(matches!(
        driver.poll_recv(&mut cx()),
        Poll::Ready(Ok(Some(Event::Ping(_))))
    ));
    assert!(is_text(&driver.poll_recv(&mut cx())));
    assert_eq!(written(&driver), b"\x8a\x01p");
    assert_eq!(driver.transport().flushed, 3);
}

#[test]
fn a_transport_that_takes_nothing_at_all_is_broken() {
    let mut driver = driver(Scripted {
        writes: [Poll::Ready(Ok(0))].into(),
        ..Scripted::default()
    });
    driver.feed(|connection| connection.send("hi")).unwrap();
    match driver.poll_flush(&mut cx()) {
        Poll::Ready(Err(Error::Io(error))) => assert_eq!(error.kind(), ErrorKind::WriteZero),
        other => panic!("{other:?}"),
    }
    let failed = driver.feed(|connection| connection.send("hi"));
    assert!(matches!(failed, Err(Error::Send(SendError::Closed))));
}

/// Receiving meets the error, and goes on: what the peer sent before may still come. Flushing tells it.
#[test]
fn a_broken_transport_is_told_by_flush_as_well() {
    let broken = || io::Error::from(ErrorKind::BrokenPipe);
    for transport in [
        Scripted {
            writes: [Poll::Ready(Err(broken()))].into(),
            ..Scripted::default()
        },
        // It has taken all, but not handed it on.
        Scripted {
            flushes: [Poll::Ready(Err(broken()))].into(),
            ..Scripted::default()
        },
    ] {
        let mut driver = driver(transport);
        driver.feed(|connection| connection.send("hi")).unwrap();
        assert!(driver.poll_recv(&mut cx()).is_pending());
        for _ in 0..2 {
            match driver.poll_flush(&mut cx()) {
                Poll::Ready(Err(Error::Io(error))) => {
                    assert_eq!(error.kind(), ErrorKind::BrokenPipe)
                }
                other => panic!("{other:?}"),
            }
        }
    }
}

/// A transport that buffers is flushed, and that is waited for.
#[test]
fn what_was_written_is_flushed() {
    let mut driver = driver(Scripted {
        flushes: [Poll::Pending, Poll::Pending].into(),
        ..Scripted::default()
    });
    driver.feed(|connection| connection.send("hi")).unwrap();
    assert!(driver.poll_flush(&mut cx()).is_pending());
    assert_eq!(written(&driver), b"\x81\x02hi");
    assert!(driver.poll_flush(&mut cx()).is_pending());
    assert!(matches!(driver.poll_flush(&mut cx()), Poll::Ready(Ok(()))));
    assert_eq!(driver.transport().flushed, 4);
}

/// The close is told when the answer to it is on its way, and that means flushed.
#[test]
fn a_close_is_told_after_its_answer_was_flushed() {
    let mut driver = driver(Scripted {
        reads: [read(CLOSE)].into(),
        writes: [Poll::Ready(Ok(3)), Poll::Pending].into(),
        flushes: [Poll::Pending].into(),
        ..Scripted::default()
    });
    assert!(
        driver.poll_recv(&mut cx()).is_pending(),
        "half of it is written"
    );
    assert_eq!(written(&driver).len(), 3);
    assert!(
        driver.poll_recv(&mut cx()).is_pending(),
        "it is not flushed"
    );
    assert!(is_close(&driver.poll_recv(&mut cx())));
    assert_eq!(written(&driver), b"\x88\x02\x03\xe8");
    assert_eq!(driver.transport().flushed, 4);
    assert!(
        driver.poll_recv(&mut cx()).is_pending(),
        "the end of TCP is still to come"
    );
    assert!(driver.transport().shut);
}

/// A peer may end its side right behind its close, and still read.
#[test]
fn the_end_behind_a_close_does_not_cut_the_answer_short() {
    let mut driver = driver(Scripted {
        reads: [read(CLOSE), read(b"")].into(),
        writes: [Poll::Ready(Ok(1)), Poll::Pending, Poll::Pending].into(),
        ..Scripted::default()
    });
    assert!(driver.poll_recv(&mut cx()).is_pending());
    assert!(driver.poll_recv(&mut cx()).is_pending());
    assert!(is_close(&driver.poll_recv(&mut cx())));
    assert_eq!(written(&driver), b"\x88\x02\x03\xe8");
    assert!(matches!(driver.poll_recv(&mut cx()), Poll::Ready(Ok(None))));
    assert_eq!(driver.connection().state(), State::Closed);
}

/// But a peer that takes nothing is not waited for past the deadline.
#[test]
fn nor_is_it_waited_for_too_long() {
    let mut driver = driver(Scripted {
        reads: [read(CLOSE), read(b"")].into(),
        writes: [Poll::Ready(Ok(1)), Poll::Pending, Poll::Pending].into(),
        ..Scripted::default()
    });
    assert!(driver.poll_recv(&mut cx()).is_pending());
    pass(Duration::from_secs(5));
    assert!(is_close(&driver.poll_recv(&mut cx())));
    assert!(matches!(driver.poll_recv(&mut cx()), Poll::Ready(Ok(None))));
}

/// A peer whose bytes never run dry does not put the deadline off.
#[test]
fn nor_is_a_flood_read_for_too_long() {
    let flood = (0..100).map(|_| read(&[0; 100]));
    let mut driver = driver(Scripted {
        reads: [read(CLOSE)].into_iter().chain(flood).collect(),
        read_takes: Duration::from_millis(100),
        ..Scripted::default()
    });
    assert!(is_close(&driver.poll_recv(&mut cx())));
    let mut turns = 0;
    while driver.poll_recv(&mut cx()).is_pending() {
        turns += 1;
        assert!(turns < 10);
    }
    assert_eq!(driver.connection().state(), State::Closed);
    let left = driver.transport().reads.len();
    assert!((45..=55).contains(&left), "{left}");
}

/// Nor does a peer whose bytes never run dry put off any other deadline, as a runtime whose reads are
/// always ready would let it.
#[test]
fn an_idle_peer_may_not_go_on_pinging() {
    let config = Config::default().idle_timeout(Some(Duration::from_secs(5)));
    let mut driver = driver_with(
        config,
        Scripted {
            reads: (0..1000).map(|_| read(PING)).collect(),
            read_takes: Duration::from_millis(100),
            ..Scripted::default()
        },
    );
    let mut pings = 0;
    let ended = loop {
        match driver.poll_recv(&mut cx()) {
            Poll::Ready(Ok(Some(Event::Ping(_)))) => pings += 1,
            // It lets others have their turn.
            Poll::Pending if pings < 1000 => {}
            other => break other,
        }
    };
    match ended {
        Poll::Ready(Err(Error::Receive(error))) => {
            assert_eq!(error.kind(), ReceiveErrorKind::IdleTimeout);
        }
        other => panic!("{other:?}"),
    }
    assert!((50..200).contains(&pings), "{pings}");
}

/// Nor does it keep other tasks from having their turn, as on a runtime whose reads are always ready:
/// after some reads it is polled anew.
#[test]
fn a_flood_is_read_by_and_by() {
    let (count, waker) = Count::waker();
    let mut driver = server((0..1000).map(|_| read(PING)));
    let (mut pings, mut longest, mut turns) = (0, 0, 0);
    while pings < 1000 {
        let mut turn = 0;
        while driver
            .poll_recv(&mut Context::from_waker(&waker))
            .is_ready()
        {
            turn += 1;
        }
        (pings, longest, turns) = (pings + turn, longest.max(turn), turns + 1);
        assert!(
            pings == 1000 || count.get() == turns,
            "nobody polls it anew"
        );
    }
    assert_eq!(pings, 1000);
    assert!(longest <= 16, "{longest}");
}

/// What is taken as it comes counts as much, although nothing is told of it before the message is whole.
#[test]
fn fragments_are_read_by_and_by() {
    // Each read ends within a header.
    let fragments = (0..1000).map(|_| read(b"\x81\0\0\0\0x\x00"));
    let mut driver = server(
        [read(b"\x01\x81\0\0\0\0x\x00")]
            .into_iter()
            .chain(fragments),
    );
    assert!(driver.poll_recv(&mut cx()).is_pending());
    let left = driver.transport().reads.len();
    assert_eq!(1001 - left, 16);
}

/// Only a peer that answers is worth waiting for, also when it cannot be asked.
#[test]
fn a_silent_peer_is_given_up_although_no_ping_can_be_written() {
    let broken = io::Error::from(ErrorKind::BrokenPipe);
    let mut driver = driver_with(
        Config::default(),
        Scripted {
            writes: [Poll::Ready(Err(broken))].into(),
            ..Scripted::default()
        },
    );
    driver.feed(|connection| connection.send("hi")).unwrap();
    for seconds in [0, 30, 19] {
        pass(Duration::from_secs(seconds));
        assert!(driver.poll_recv(&mut cx()).is_pending());
    }
    pass(Duration::from_secs(1));
    match driver.poll_recv(&mut cx()) {
        Poll::Ready(Err(Error::Receive(error))) => {
            assert_eq!(error.kind(), ReceiveErrorKind::PongTimeout)
        }
        other => panic!("{other:?}"),
    }
}

/// The answer to the peer's close is nothing that anyone would miss.
#[test]
fn a_close_that_cannot_be_answered_is_no_loss() {
    let broken = io::Error::from(ErrorKind::BrokenPipe);
    let mut driver = driver(Scripted {
        reads: [read(CLOSE)].into(),
        writes: [Poll::Ready(Ok(4)), Poll::Ready(Err(broken))].into(),
        ..Scripted::default()
    });
    driver.feed(|connection| connection.send("hi")).unwrap();
    assert!(matches!(driver.poll_flush(&mut cx()), Poll::Ready(Ok(()))));
    assert!(is_close(&driver.poll_recv(&mut cx())));
    assert!(matches!(driver.poll_flush(&mut cx()), Poll::Ready(Ok(()))));
}

/// The transport, as a TLS stream, has taken all and handed on nothing when the time for closing is over.
#[test]
fn what_was_not_handed_on_is_lost() {
    let mut driver = driver(Scripted {
        reads: [read(CLOSE)].into(),
        flushes: (0..99).map(|_| Poll::Pending).collect(),
        ..Scripted::default()
    });
    driver.feed(|connection| connection.send("hi")).unwrap();
    assert!(driver.poll_flush(&mut cx()).is_pending());
    assert!(driver.poll_recv(&mut cx()).is_pending());
    assert_eq!(driver.connection().state(), State::Closing);
    pass(Duration::from_secs(5));
    let flushed = driver.poll_flush(&mut cx());
    assert!(
        matches!(flushed, Poll::Ready(Err(Error::Send(SendError::Closed)))),
        "{flushed:?}"
    );
}

/// Nor does it keep the server from stopping.
#[test]
fn a_stop_is_heard_in_a_flood() {
    let stop = Stop::default();
    let mut driver = server((0..1000).map(|_| read(PING)));
    driver.set_stop(stop.ticket());
    stop.close();
    let mut pings = 0;
    while pings < 1000 && driver.connection().state() == State::Open {
        // It lets others have their turn in between.
        if driver.poll_recv(&mut cx()).is_ready() {
            pings += 1;
        }
    }
    assert!(pings < 100, "{pings}");
    assert_eq!(driver.connection().state(), State::Closing);
}

/// A transport that has taken everything, but does not get rid of it, is stuck as well.
#[test]
fn a_flush_has_a_deadline() {
    let pending = || Scripted {
        flushes: (0..10).map(|_| Poll::Pending).collect(),
        ..Scripted::default()
    };
    let is_timeout = |error| match error {
        Error::Receive(error) => error.kind() == ReceiveErrorKind::WriteTimeout,
        _ => false,
    };
    let mut flushing = driver(pending());
    flushing.feed(|connection| connection.send("hi")).unwrap();
    assert!(flushing.poll_flush(&mut cx()).is_pending());
    let mut receiving = driver(pending());
    receiving.feed(|connection| connection.send("hi")).unwrap();
    assert!(receiving.poll_recv(&mut cx()).is_pending());

    pass(Duration::from_secs(31));
    match flushing.poll_flush(&mut cx()) {
        Poll::Ready(Err(error)) => assert!(is_timeout(error)),
        other => panic!("{other:?}"),
    }
    match receiving.poll_recv(&mut cx()) {
        Poll::Ready(Err(error)) => assert!(is_timeout(error)),
        other => panic!("{other:?}"),
    }
}

/// Messages that are kept lie side by side, even if each came with a read of its own.
#[test]
fn messages_that_are_kept_share_a_block() {
    let mut driver = server((0..100).map(|_| read(TEXT)));
    let mut kept = Vec::new();
    for _ in 0..200 {
        // Between some of them others have their turn.
        if let Poll::Ready(Ok(Some(Event::Message(message)))) = driver.poll_recv(&mut cx()) {
            kept.push(message);
        }
    }
    assert_eq!(kept.len(), 100);
    for pair in kept.windows(2) {
        let [first, second] = [0, 1].map(|at| pair[at].as_bytes().as_ptr().addr());
        assert_eq!(second - first, TEXT.len());
    }
}

/// The peer of a failure gets to know its code, even if it has ended its side.
#[test]
fn the_end_behind_a_failure_does_not_cut_its_close_short() {
    let mut driver = driver(Scripted {
        reads: [read(b"\xff\xff"), read(b"")].into(),
        writes: [Poll::Ready(Ok(1)), Poll::Pending].into(),
        ..Scripted::default()
    });
    assert!(driver.poll_recv(&mut cx()).is_pending());
    assert!(matches!(
        driver.poll_recv(&mut cx()),
        Poll::Ready(Err(Error::Receive(_)))
    ));
    assert_eq!(written(&driver), b"\x88\x02\x03\xea");
}

/// Without a close, the end is the end.
#[test]
fn the_end_without_a_close_is_not_put_off() {
    let mut driver = driver(Scripted {
        reads: [read(b"")].into(),
        writes: [Poll::Pending].into(),
        ..Scripted::default()
    });
    driver.feed(|connection| connection.send("hi")).unwrap();
    match driver.poll_recv(&mut cx()) {
        Poll::Ready(Err(Error::Receive(error))) => {
            assert_eq!(error.kind(), ReceiveErrorKind::ConnectionLost);
        }
        other => panic!("{other:?}"),
    }
}

/// The answers to a burst leave with one write, before the driver waits.
#[test]
fn a_burst_is_answered_with_one_write() {
    let burst = [PING, TEXT, PING].concat();
    let mut driver = server([read(&burst)]);
    for _ in 0..3 {
        assert!(driver.poll_recv(&mut cx()).is_ready());
        assert_eq!(written(&driver), b"");
    }
    assert!(driver.poll_recv(&mut cx()).is_pending());
    assert_eq!(written(&driver), b"\x8a\x01p\x8a\x01p");
}

/// While a message is being sent in pieces, the next piece waits for room, not for the end.
#[test]
fn a_piece_is_queued_at_once_when_there_is_room() {
    let mut driver = driver(Scripted {
        writes: [Poll::Pending, Poll::Pending, Poll::Pending].into(),
        ..Scripted::default()
    });
    for (data, last) in [("a", false), ("b", false), ("c", true)] {
        let mut is_queued = false;
        let kind = miniws_proto::MessageKind::Text;
        let sent = driver.poll_queue(&mut cx(), &mut is_queued, |connection| {
            connection.send_chunk(kind, data, last)
        });
        assert!(sent.is_pending() && is_queued);
    }
    assert!(matches!(driver.poll_flush(&mut cx()), Poll::Ready(Ok(()))));
    assert_eq!(written(&driver), b"\x01\x01a\0\x01b\x80\x01c");
}

/// Who waits to write hears the server's word as well.
#[test]
fn a_stop_ends_who_is_stuck_in_a_write() {
    let stop = Stop::default();
    let mut driver = driver(Scripted {
        writes: [Poll::Pending, Poll::Pending].into(),
        ..Scripted::default()
    });
    driver.set_stop(stop.ticket());
    let mut message = Some(Message::from("hi"));
    assert!(driver.poll_send(&mut cx(), &mut message).is_pending());
    stop.end();
    let sent = driver.poll_send(&mut cx(), &mut message);
    assert!(matches!(sent, Poll::Ready(Err(Error::Receive(_)))));
}

/// A server's word reaches the connections that wait, and they count until they are dropped.
#[test]
fn a_stop_closes_and_ends() {
    let stop = Stop::default();
    let mut driver = server([]);
    driver.set_stop(stop.ticket());
    let (count, waker) = Count::waker();
    let mut cx = Context::from_waker(&waker);
    assert!(driver.poll_recv(&mut cx).is_pending());
    assert_eq!(stop.connections(), 1);
    stop.stop();
    assert!(stop.is_stopped());
    assert!(driver.poll_recv(&mut cx).is_pending());
    assert_eq!(
        (count.get(), written(&driver)),
        (0, &b""[..]),
        "connections are left alone"
    );

    stop.close();
    assert_eq!(count.get(), 1);
    assert!(driver.poll_recv(&mut cx).is_pending());
    assert_eq!(written(&driver), b"\x88\x02\x03\xe9");

    stop.end();
    assert_eq!(count.get(), 2);
    assert!(matches!(driver.poll_recv(&mut cx), Poll::Ready(Err(_))));
    assert_eq!(stop.connections(), 1);
    drop(driver);
    assert_eq!(stop.connections(), 0);
}

/// The word may have been said before the connection was there.
#[test]
fn a_stop_that_was_said_before() {
    let stop = Stop::default();
    stop.close();
    let mut driver = server([read(TEXT)]);
    driver.set_stop(stop.ticket());
    assert!(is_text(&driver.poll_recv(&mut cx())));
    assert!(driver.poll_recv(&mut cx()).is_pending());
    assert_eq!(written(&driver), b"\x88\x02\x03\xe9");
}

/// Closing goes through all that still comes, and tells how it ended.
#[test]
fn closing_drops_what_still_comes() {
    let mut driver = server([read(TEXT), read(PING), read(CLOSE), read(b"")]);
    let frame = CloseFrame::new(1000.into(), "").unwrap();
    match driver.poll_close(&mut cx(), Some(&frame)) {
        Poll::Ready(Ok(status)) => assert!(status.clean),
        other => panic!("{other:?}"),
    }
    assert!(written(&driver).starts_with(b"\x88\x02\x03\xe8"));
}

/// A close frame can go without a code.
#[test]
fn closing_without_a_code() {
    let mut driver = server([read(CLOSE), read(b"")]);
    let closed = driver.poll_close(&mut cx(), None);
    assert!(matches!(closed, Poll::Ready(Ok(status)) if status.clean));
    assert_eq!(written(&driver), b"\x88\x00");
}

/// As a stream, it ends after an error.
#[test]
fn a_stream_ends_after_an_error() {
    let mut driver = server([read(b"\xff\xff"), read(b"")]);
    assert!(matches!(
        driver.poll_next(&mut cx()),
        Poll::Ready(Some(Err(_)))
    ));
    assert!(matches!(driver.poll_next(&mut cx()), Poll::Ready(None)));
    assert!(
        matches!(driver.poll_recv(&mut cx()), Poll::Ready(Err(_))),
        "`recv` repeats it"
    );
}

/// What a reset hides is told: the cause once, and after that that it is over.
#[test]
fn the_cause_of_a_lost_connection() {
    let mut driver = server([Err(ErrorKind::ConnectionReset.into())]);
    match driver.poll_recv(&mut cx()) {
        Poll::Ready(Err(Error::Io(error))) => assert_eq!(error.kind(), ErrorKind::ConnectionReset),
        other => panic!("{other:?}"),
    }
    assert!(matches!(
        driver.poll_recv(&mut cx()),
        Poll::Ready(Err(Error::Receive(_)))
    ));
}
