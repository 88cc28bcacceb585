//! What an application sends.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod common;

use std::time::{Duration, Instant};

use common::on_time::on_time;
use common::*;
use miniws_blocking::bytes::Bytes;
use miniws_blocking::{
    CloseCode, Config, Connection, Error, Event, Message, MessageKind, Negotiated, PreparedMessage,
    ReceiveErrorKind, SendError, WebSocket,
};

fn send_error(result: Result<(), Error>) -> SendError {
    match result {
        Err(Error::Send(error)) => error,
        other => panic!("expected an error of sending, got {other:?}"),
    }
}

#[test]
fn text_and_binary() {
    let (mut server, mut peer) = server_and_peer(Config::default());
    server.send("grüße").unwrap();
    server.send(vec![1, 2]).unwrap();
    server.send("").unwrap();
    let expected = [
        server_frame(0x81, "grüße".as_bytes()),
        server_frame(0x82, &[1, 2]),
        server_frame(0x81, b""),
    ]
    .concat();
    assert_eq!(read_exactly(&mut peer, expected.len()), expected);
}

#[test]
fn large_messages_through_a_narrow_stream() {
    let (ours, mut peer) = pipe::pair_of(10_000, 777);
    let connection = Connection::server(Config::default(), Negotiated::default());
    let mut server = WebSocket::from_parts(ours, connection, Default::default());
    let payload: Vec<u8> = (0..500_000_u32).map(|at| (at % 251) as u8).collect();
    let expected = server_frame(0x82, &payload);
    let reading = spawn(move || read_exactly(&mut peer, expected.len()) == expected);
    server.send(payload).unwrap();
    assert!(reading.join());
}

#[test]
fn pings_of_at_most_125_bytes() {
    let (mut server, mut peer) = server_and_peer(Config::default());
    server.ping(&[7; 125]).unwrap();
    assert_eq!(read_exactly(&mut peer, 127), server_frame(0x89, &[7; 125]));
    let error = send_error(server.ping(&[7; 126]));
    assert_eq!(error, SendError::ControlTooLong { len: 126, max: 125 });
}

#[test]
fn closes_with_a_sendable_code_and_at_most_123_bytes() {
    let (mut server, mut peer) = server_and_peer(Config::default());
    let reason = "x".repeat(124);
    for (code, reason, expected) in [
        (
            CloseCode::NORMAL,
            reason.as_str(),
            SendError::ControlTooLong { len: 124, max: 123 },
        ),
        (
            CloseCode::NO_STATUS,
            "",
            SendError::InvalidCloseCode(CloseCode::NO_STATUS),
        ),
        (
            CloseCode::from(2999),
            "",
            SendError::InvalidCloseCode(CloseCode::from(2999)),
        ),
    ] {
        let closed = server.close_with(code, reason).map(drop);
        assert_eq!(send_error(closed), expected);
    }
    assert!(server.can_send());
    peer.end();
    let _ = server.close_with(CloseCode::from(4999), &reason[1..]);
    let payload = [&4999_u16.to_be_bytes()[..], &reason.as_bytes()[1..]].concat();
    assert_eq!(read_all(&mut peer), server_frame(0x88, &payload));
}

#[test]
fn after_a_close_every_send_fails() {
    let (mut server, mut peer) = server_and_peer(Config::default());
    std::io::Write::write_all(&mut peer, &client_frame(0x88, b"")).unwrap();
    close_frame(server.recv().unwrap());
    let prepared = PreparedMessage::new("x");
    for _ in 0..2 {
        for result in [
            server.send("x"),
            server.feed("x"),
            server.ping(b""),
            server.send_prepared(&prepared),
            server.feed_prepared(&prepared),
            server.send_chunk(MessageKind::Text, "x", true),
            server.feed_chunk(MessageKind::Text, "x", true),
        ] {
            let error = send_error(result);
            assert_eq!(error, SendError::Closed);
            assert!(error.to_string().contains("closed"));
        }
        assert!(!server.can_send());
        peer.end();
        assert_eq!(server.recv().unwrap(), None);
    }
    assert!(server.close().unwrap().clean);
}

/// Masking must not show in what the caller still holds.
#[test]
fn callers_buffer_is_unchanged() {
    let (ours, mut peer) = pipe::pair();
    let mask = |bytes: &mut [u8]| bytes.fill(0xff);
    let connection = Connection::client(Config::default(), Negotiated::default(), mask);
    let mut client = WebSocket::from_parts(ours, connection, Default::default());
    for size in [10, 100_000] {
        let payload = Bytes::from(vec![1; size]);
        client.send(payload.clone()).unwrap();
        assert!(payload.iter().all(|byte| *byte == 1));
        let header = if size < 126 { 6 } else { 14 };
        let sent = read_exactly(&mut peer, header + size);
        assert!(sent[header..].iter().all(|byte| *byte == 0xfe));
    }
}

#[test]
fn what_is_fed_goes_out_with_one_write() {
    let (mut server, peer) = server_and_peer(Config::default());
    for _ in 0..100 {
        server.feed("x").unwrap();
    }
    assert_eq!(peer.unread(), 0);
    assert_eq!(server.get_ref().writes(), 0);
    server.flush().unwrap();
    assert_eq!(server.get_ref().writes(), 1);
    assert_eq!(server.get_ref().unread(), 300);
}

#[test]
fn burst_is_answered_with_one_write() {
    let (mut server, mut peer) = server_and_peer(Config::default());
    let burst = client_frame(0x81, b"x").repeat(100);
    std::io::Write::write_all(&mut peer, &burst).unwrap();
    let ours = server.get_ref().clone();
    let echoing = spawn(move || {
        while let Some(event) = server.recv()? {
            if let Event::Message(message) = event {
                server.feed(message)?;
            }
        }
        Ok::<_, Error>(())
    });
    assert_eq!(
        read_exactly(&mut peer, 300),
        server_frame(0x81, b"x").repeat(100)
    );
    assert_eq!(ours.writes(), 1);
    peer.end();
    assert!(echoing.join().is_err());
}

#[test]
fn queue_is_bounded() {
    let (mut server, peer) = server_and_peer(Config::default().max_queued(100));
    server.feed(vec![0; 100]).unwrap();
    assert!(!server.can_send());
    match send_error(server.feed("back to you")) {
        SendError::Full(message) => assert_eq!(message, Some(Message::from("back to you"))),
        other => panic!("expected to be full, got {other:?}"),
    }
    // Sending makes room first.
    server.send("x").unwrap();
    assert_eq!(server.get_ref().unread(), 102 + 3);
    drop(peer);
}

#[test]
fn prepared_messages_and_chunks() {
    let (mut server, mut peer) = server_and_peer(Config::default());
    let prepared = PreparedMessage::new("to all");
    server.feed_prepared(&prepared).unwrap();
    server.send_prepared(&prepared).unwrap();
    server
        .feed_chunk(MessageKind::Binary, vec![1], false)
        .unwrap();
    assert_eq!(send_error(server.feed("x")), SendError::FragmentInProgress);
    server.ping(b"").unwrap();
    server
        .send_chunk(MessageKind::Binary, vec![2], true)
        .unwrap();
    server.send("x").unwrap();
    let expected = [
        server_frame(0x81, b"to all"),
        server_frame(0x81, b"to all"),
        server_frame(0x02, &[1]),
        server_frame(0x89, b""),
        server_frame(0x80, &[2]),
        server_frame(0x81, b"x"),
    ]
    .concat();
    assert_eq!(read_exactly(&mut peer, expected.len()), expected);
}

#[test]
fn large_sends_are_cut_when_told_so() {
    let (mut server, mut peer) = server_and_peer(Config::default().fragment_size(Some(4)));
    server.feed("0123456789").unwrap();
    assert!(!server.can_send());
    server.send("next").unwrap();
    let expected = [
        server_frame(0x01, b"0123"),
        server_frame(0x00, b"4567"),
        server_frame(0x80, b"89"),
        server_frame(0x81, b"next"),
    ]
    .concat();
    assert_eq!(read_exactly(&mut peer, expected.len()), expected);
}

#[test]
fn peer_that_takes_nothing_is_given_up() {
    let config = Config::default().write_timeout(Some(Duration::from_millis(100)));
    let (mut server, _peer) = narrow(config);
    let error = server.send(vec![0; 10_000]).unwrap_err();
    assert_eq!(receive_error(error), ReceiveErrorKind::WriteTimeout);
    assert_eq!(send_error(server.send("x")), SendError::Closed);
    let error = server.recv().unwrap_err();
    assert_eq!(receive_error(error), ReceiveErrorKind::WriteTimeout);
}

/// The time begins anew with each message, whatever the one before it has waited.
#[test]
fn peer_that_takes_nothing_any_more_is_given_up_in_time() {
    on_time(|| {
        let timeout = Duration::from_millis(400);
        let config = Config::default().write_timeout(Some(timeout));
        let (mut server, mut peer) = narrow(config);
        let reading = spawn(move || {
            std::thread::sleep(Duration::from_millis(100));
            read_exactly(&mut peer, 2004);
            peer
        });
        server.send(vec![0; 2000]).unwrap();
        let _peer = reading.join();
        // There is room for this, and for nothing more.
        server.send(vec![0; 996]).unwrap();
        let started = Instant::now();
        let error = server.send(vec![0; 10]).unwrap_err();
        assert_eq!(receive_error(error), ReceiveErrorKind::WriteTimeout);
        assert!((timeout..timeout * 7 / 4).contains(&started.elapsed()));
    });
}

#[test]
fn peer_that_stops_taking_is_given_up_in_time() {
    on_time(|| {
        let timeout = Duration::from_millis(400);
        let config = Config::default().write_timeout(Some(timeout));
        let (mut server, mut peer) = narrow(config);
        let reading = spawn(move || {
            std::thread::sleep(Duration::from_millis(100));
            read_exactly(&mut peer, 1000);
            (peer, Instant::now())
        });
        let error = server.send(vec![0; 10_000]).unwrap_err();
        assert_eq!(receive_error(error), ReceiveErrorKind::WriteTimeout);
        let (_peer, stopped) = reading.join();
        assert!(stopped.elapsed() < timeout * 7 / 4);
    });
}

/// A slow peer is none that takes nothing.
#[test]
fn slow_peer_is_waited_for() {
    on_time(|| {
        let (ours, mut peer) = pipe::pair_of(1000, 1000);
        let config = Config::default().write_timeout(Some(Duration::from_millis(200)));
        let connection = Connection::server(config, Negotiated::default());
        let mut server = WebSocket::from_parts(ours, connection, Default::default());
        let reading = spawn(move || {
            for _ in 0..10 {
                std::thread::sleep(Duration::from_millis(50));
                read_exactly(&mut peer, 1000);
            }
            peer
        });
        server.send(vec![0; 10_000]).unwrap();
        reading.join();
    });
}

#[test]
fn broken_stream_is_an_io_error() {
    let (mut server, peer) = server_and_peer(Config::default());
    drop(peer);
    assert!(matches!(server.send("x"), Err(Error::Io(_))));
    assert_eq!(send_error(server.send("x")), SendError::Closed);
    assert!(server.recv().is_err());
}

/// Both send more than the stream holds before they read: while it can't write, `recv` reads on.
#[test]
fn receiving_goes_on_while_output_is_stuck() {
    let (mut server, mut peer) = narrow(Config::default());
    server.feed(vec![0; 5000]).unwrap();
    let sending = spawn(move || {
        std::io::Write::write_all(&mut peer, &client_frame(0x82, &[1; 5000])).unwrap();
        read_exactly(&mut peer, 5004);
    });
    let received = server.recv().unwrap();
    assert_eq!(received, Some(Event::Message(Message::from(vec![1; 5000]))));
    server.flush().unwrap();
    sending.join();
}

/// The peer takes its time, and sends nothing that would wake the one who receives.
#[test]
fn output_that_was_stuck_goes_on() {
    let (mut server, mut peer) = narrow(Config::default().keep_alive(None));
    server.feed(vec![0; 5000]).unwrap();
    let ours = server.get_ref().clone();
    let receiving = spawn(move || server.recv().map(drop));
    ours.wait_until_unread(1000);
    assert!(!receiving.is_done_within(Duration::from_millis(50)));
    read_exactly(&mut peer, 5004);
    drop((peer, ours));
    assert!(receiving.join().is_err());
}
