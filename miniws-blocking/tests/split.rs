//! Halves, in threads of their own.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod common;

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use common::*;
use miniws_blocking::{
    CloseCode, Compression, Config, Error, Event, Message, MessageKind, PreparedMessage,
    ReceiveErrorKind, SendError, SharedStream, State, WebSocket,
};

#[test]
fn halves_do_what_the_whole_does() {
    let (server, mut peer) = server_and_peer(Config::default());
    let (sender, mut receiver) = server.split();
    sender.feed("a").unwrap();
    sender.feed_prepared(&PreparedMessage::new("b")).unwrap();
    sender.feed_chunk(MessageKind::Text, "c", false).unwrap();
    assert_eq!(peer.unread(), 0);
    sender.flush().unwrap();
    sender.send_chunk(MessageKind::Text, "d", true).unwrap();
    sender.send("e").unwrap();
    sender.send_prepared(&PreparedMessage::new("f")).unwrap();
    sender.ping(b"g").unwrap();
    let expected = [
        server_frame(0x81, b"a"),
        server_frame(0x81, b"b"),
        server_frame(0x01, b"c"),
        server_frame(0x80, b"d"),
        server_frame(0x81, b"e"),
        server_frame(0x81, b"f"),
        server_frame(0x89, b"g"),
    ]
    .concat();
    assert_eq!(read_exactly(&mut peer, expected.len()), expected);
    peer.write_all(&client_frame(0x81, b"hi")).unwrap();
    assert_eq!(text(receiver.recv().unwrap()), "hi");
    assert_eq!(
        (sender.state(), receiver.state()),
        (State::Open, State::Open)
    );
    assert!(sender.can_send());
    assert_eq!(receiver.latency(), None);
    assert_eq!((sender.remote_addr(), receiver.remote_addr()), (None, None));
}

/// The room that one has waited for may be used up by another.
#[test]
fn clones_wait_for_room_again() {
    let (server, mut peer) = narrow(Config::default().max_queued(1));
    let (sender, _receiver) = server.split();
    let prepared = PreparedMessage::new("p");
    let sending: Vec<_> = (0..4)
        .map(|_| {
            let (sender, prepared) = (sender.clone(), prepared.clone());
            spawn(move || {
                for _ in 0..500 {
                    sender.ping(b"p")?;
                    sender.send("p")?;
                    sender.send_with("p", Compression::Never)?;
                    sender.send_prepared(&prepared)?;
                }
                Ok::<_, Error>(())
            })
        })
        .collect();
    read_exactly(&mut peer, 4 * 500 * 4 * 3);
    for sending in sending {
        sending.join().unwrap();
    }
}

/// The receiver answers pings and the close, while nobody sends.
#[test]
fn receiver_answers_by_itself() {
    let (server, mut peer) = server_and_peer(Config::default());
    let (sender, mut receiver) = server.split();
    let receiving = spawn(move || {
        assert_eq!(receiver.recv().unwrap(), Some(Event::Ping("?".into())));
        assert_eq!(close_frame(receiver.recv().unwrap()), None);
        assert_eq!(receiver.recv().unwrap(), None);
        receiver.close_status().unwrap()
    });
    peer.write_all(&client_frame(0x89, b"?")).unwrap();
    assert_eq!(read_exactly(&mut peer, 3), server_frame(0x8a, b"?"));
    peer.write_all(&client_frame(0x88, b"")).unwrap();
    assert_eq!(read_all(&mut peer), server_frame(0x88, b""));
    assert!(matches!(
        sender.send("x"),
        Err(Error::Send(SendError::Closed))
    ));
    peer.end();
    assert!(receiving.join().clean);
    assert_eq!(sender.state(), State::Closed);
}

/// Many threads, one connection, and an echo from the other side: every frame arrives whole, those of
/// one thread in order.
#[test]
fn frames_never_interleave() {
    const THREADS: u8 = 4;
    const MESSAGES: u16 = 200;
    let (server, client, _listener) = tcp_pair(&Config::default());
    spawn(move || echo(server));
    let (sender, mut receiver) = client.split();
    let sending: Vec<_> = (0..THREADS)
        .map(|thread| {
            let sender = sender.clone();
            spawn(move || {
                for number in 0..MESSAGES {
                    // Some are copied, some are held and written without a copy.
                    let mut message = vec![thread; usize::from(number) * 50 + 3];
                    message[1..3].copy_from_slice(&number.to_be_bytes());
                    match number % 3 {
                        0 => sender.feed(message).unwrap_or_else(|error| match error {
                            Error::Send(SendError::Full(Some(back))) => sender.send(back).unwrap(),
                            error => panic!("{error}"),
                        }),
                        _ => sender.send(message).unwrap(),
                    }
                }
                sender.flush().unwrap();
            })
        })
        .collect();
    let mut next = [0; THREADS as usize];
    for _ in 0..u32::from(THREADS) * u32::from(MESSAGES) {
        let Some(Event::Message(Message::Binary(message))) = receiver.recv().unwrap() else {
            panic!("expected a message");
        };
        let thread = message[0];
        let number = u16::from_be_bytes([message[1], message[2]]);
        assert_eq!(number, next[usize::from(thread)]);
        assert_eq!(message.len(), usize::from(number) * 50 + 3);
        assert!(message[3..].iter().all(|byte| *byte == thread));
        next[usize::from(thread)] += 1;
    }
    sending.into_iter().for_each(Running::join);
    sender.close().unwrap();
    while receiver.recv().unwrap().is_some() {}
    assert!(receiver.close_status().unwrap().clean);
}

/// Sends and receives thirty large messages at the same time.
fn exchange<S: SharedStream + 'static>(socket: WebSocket<S>) -> Running<()> {
    let (sender, mut receiver) = socket.split();
    let sending = spawn(move || {
        for _ in 0..30 {
            sender.send(vec![1; 1 << 20]).unwrap();
        }
        sender
    });
    spawn(move || {
        for _ in 0..30 {
            assert!(matches!(receiver.recv().unwrap(), Some(Event::Message(_))));
        }
        drop(sending.join());
    })
}

/// Both sides send far more than the streams between them hold, at the same time.
#[test]
fn full_duplex() {
    let (server, client, _listener) = tcp_pair(&Config::default());
    let (one, other) = (exchange(server), exchange(client));
    one.join();
    other.join();
}

/// A sender that waits for a slow peer doesn't keep the receiver from receiving.
#[test]
fn receiver_goes_on_while_a_sender_is_stuck() {
    let (server, mut peer) = narrow(Config::default());
    let ours = server.get_ref().clone();
    let (sender, mut receiver) = server.split();
    let sending = spawn(move || sender.send(vec![0; 5000]));
    ours.wait_until_unread(1000);
    for _ in 0..50 {
        peer.write_all(&client_frame(0x89, b"")).unwrap();
        assert_eq!(receiver.recv().unwrap(), Some(Event::Ping("".into())));
    }
    assert!(!sending.is_done_within(Duration::from_millis(50)));
    let sent = read_exactly(&mut peer, 5004 + 100);
    sending.join().unwrap();
    assert!(sent[..5004] == server_frame(0x82, &[0; 5000]));
    assert_eq!(sent[5004..], server_frame(0x8a, b"").repeat(50));
}

/// The one who receives would wait for the next keep-alive, but the close has a deadline.
#[test]
fn close_keeps_its_deadline_under_a_waiting_receiver() {
    let timeout = Duration::from_millis(100);
    let config = Config::default().keep_alive(None).close_timeout(timeout);
    let (server, mut peer) = server_and_peer(config);
    let (sender, mut receiver) = server.split();
    let receiving = spawn(move || (receiver.recv().unwrap_err(), Instant::now()));
    assert!(!receiving.is_done_within(Duration::from_millis(50)));
    let started = Instant::now();
    sender.close_with(CloseCode::GOING_AWAY, "").unwrap();
    assert!(matches!(
        sender.close(),
        Err(Error::Send(SendError::Closed))
    ));
    let (error, ended) = receiving.join();
    assert_eq!(receive_error(error), ReceiveErrorKind::CloseTimeout);
    assert!((timeout..PATIENCE / 4).contains(&(ended - started)));
    assert_eq!(read_all(&mut peer), server_frame(0x88, b"\x03\xe9"));
}

#[test]
fn close_keeps_its_deadline_over_tcp() {
    let timeout = Duration::from_millis(100);
    let config = Config::default().keep_alive(None).close_timeout(timeout);
    let (server, _silent, _listener) = tcp_pair(&config);
    let (sender, mut receiver) = server.split();
    let receiving = spawn(move || receiver.recv().unwrap_err());
    assert!(!receiving.is_done_within(Duration::from_millis(50)));
    sender.close().unwrap();
    assert_eq!(
        receive_error(receiving.join()),
        ReceiveErrorKind::CloseTimeout
    );
}

#[test]
fn close_that_is_answered_ends_a_waiting_receiver() {
    let (server, client, _listener) = tcp_pair(&Config::default().keep_alive(None));
    let (sender, mut receiver) = server.split();
    let receiving = spawn(move || {
        while receiver.recv().unwrap().is_some() {}
        receiver.close_status().unwrap()
    });
    let answering = spawn(move || echo(client));
    sender.close().unwrap();
    assert!(receiving.join().clean);
    answering.join().unwrap();
}

/// One thread waits to write, another to receive: the write timeout ends both.
#[test]
fn write_timeout_wakes_the_receiver() {
    let config = Config::default()
        .keep_alive(None)
        .write_timeout(Some(Duration::from_millis(100)));
    let (server, _peer) = narrow(config);
    let (sender, mut receiver) = server.split();
    let receiving = spawn(move || receiver.recv().unwrap_err());
    assert!(sender.send(vec![0; 5000]).is_err());
    assert_eq!(
        receive_error(receiving.join()),
        ReceiveErrorKind::WriteTimeout
    );
}

#[test]
fn write_timeout_wakes_other_senders() {
    let timeout = Duration::from_millis(100);
    let config = Config::default()
        .keep_alive(None)
        .write_timeout(Some(timeout));
    let (server, _peer) = narrow(config);
    let (sender, mut receiver) = server.split();
    let receiving = spawn(move || receiver.recv().unwrap_err());
    let other = sender.clone();
    let sending = [
        spawn(move || sender.send(vec![0; 5000])),
        spawn(move || other.send(vec![0; 5000])),
    ];
    for sending in sending {
        assert!(sending.join().is_err());
    }
    assert_eq!(
        receive_error(receiving.join()),
        ReceiveErrorKind::WriteTimeout
    );
}

/// A close that is stuck behind another thread's message doesn't go unnoticed.
#[test]
fn close_behind_a_stuck_message_fails() {
    let timeout = Duration::from_millis(100);
    let config = Config::default().close_timeout(timeout).write_timeout(None);
    let (server, _peer) = narrow(config);
    let ours = server.get_ref().clone();
    let (sender, _receiver) = server.split();
    let stuck = sender.clone();
    let sending = spawn(move || stuck.send(vec![0; 5000]));
    ours.wait_until_unread(1000);
    let closing = spawn(move || sender.close());
    assert_eq!(
        receive_error(closing.join().unwrap_err()),
        ReceiveErrorKind::CloseTimeout
    );
    assert!(sending.join().is_err());
}

/// What is being sent when the peer closes, and takes nothing more, is lost, and its sender is told so.
#[test]
fn a_close_cuts_a_sender_off() {
    let timeout = Duration::from_millis(100);
    let config = Config::default()
        .keep_alive(None)
        .close_timeout(timeout)
        .write_timeout(None);
    let (server, mut peer) = narrow(config);
    let ours = server.get_ref().clone();
    let (sender, mut receiver) = server.split();
    let sending = spawn(move || sender.send(vec![0; 5000]));
    ours.wait_until_unread(1000);
    peer.write_all(&client_frame(0x88, b"")).unwrap();
    assert_eq!(receiver.recv().unwrap(), Some(Event::Close(None)));
    assert_eq!(receiver.recv().unwrap(), None);
    let sent = sending.join();
    assert!(
        matches!(sent, Err(Error::Send(SendError::Closed))),
        "{sent:?}"
    );
}

/// A stream that breaks is told to everyone whose message has not gone, not only to the one who met it.
#[test]
fn all_are_told_that_the_stream_broke() {
    let (server, peer) = narrow(Config::default());
    let ours = server.get_ref().clone();
    let (sender, _receiver) = server.split();
    let stuck = sender.clone();
    let sending = spawn(move || stuck.send(vec![0; 5000]));
    ours.wait_until_unread(1000);
    sender.feed("behind it").unwrap();
    drop(peer);
    for sent in [sending.join(), sender.flush()] {
        assert!(matches!(sent, Err(Error::Io(_))), "{sent:?}");
    }
}

#[test]
fn dropping_all_halves_ends_the_connection() {
    let (server, mut client, _listener) = tcp_pair(&Config::default());
    let (sender, receiver) = server.split();
    let other = sender.clone();
    drop((sender, receiver));
    other.send("still there").unwrap();
    assert_eq!(text(client.recv().unwrap()), "still there");
    drop(other);
    assert!(client.recv().unwrap_err().is_connection_lost());
}

#[test]
fn dropping_all_halves_calls_off_the_close() {
    let (server, client, _listener) = tcp_pair(&Config::default().close_timeout(LONG));
    let (sender, receiver) = server.split();
    sender.close().unwrap();
    drop((sender, receiver));
    let mut rest = client.get_ref().tcp().unwrap().try_clone().unwrap();
    assert_eq!(rest.read(&mut [0; 16]).unwrap(), 4);
    assert_eq!(rest.read(&mut [0; 16]).unwrap(), 0);
}

#[test]
fn reset_reaches_both_halves() {
    let (server, client, _listener) = tcp_pair(&Config::default().keep_alive(None));
    let (sender, mut receiver) = server.split();
    let receiving = spawn(move || receiver.recv().unwrap_err());
    socket2::SockRef::from(client.get_ref().tcp().unwrap())
        .set_linger(Some(Duration::ZERO))
        .unwrap();
    drop(client);
    assert!(receiving.join().is_connection_lost());
    assert!(sender.send("x").is_err());
}
