//! Halves of a connection in tasks of their own.

use bytes::Bytes;

use super::support::wire::{self, CLOSE, PING, PONG, masked};
use super::support::{
    TICK, assert_took, calm, client, close, join, kind, once, pair, pipe, run, run_on_test_clock,
    run_threaded, server, server_and_peer, slow_pipe, spawn, tcp_pair, text, yield_now,
};
use crate::miniws::{
    CloseCode, Error, Event, Message, MessageKind, PreparedMessage, ReceiveErrorKind, SendError,
    State,
};
use crate::runtime::{AsyncReadExt, Instant};

#[test]
fn both_halves_in_tasks() {
    run_threaded(async {
        let (server, client) = tcp_pair().await;
        let (server_sender, mut server_receiver) = server.split();
        assert_eq!(server_sender.remote_addr(), server_receiver.remote_addr());
        assert!(server_sender.remote_addr().is_some());
        let echo = spawn(async move {
            while let Some(event) = server_receiver.recv().await.unwrap() {
                if let Event::Message(message) = event {
                    server_sender.send(message).await.unwrap();
                }
            }
            server_receiver.close_status()
        });
        let (sender, mut receiver) = client.split();
        let sending = spawn(async move {
            for count in 0..1000 {
                sender.send(count.to_string()).await.unwrap();
            }
            sender
        });
        for count in 0..1000 {
            assert_eq!(text(receiver.recv().await.unwrap()), count.to_string());
        }
        sending.await.close().await.unwrap();
        assert_eq!(close(receiver.recv().await.unwrap()).0, 1000);
        assert_eq!(receiver.recv().await.unwrap(), None);
        assert_eq!(receiver.state(), State::Closed);
        assert!(echo.await.unwrap().clean);
    });
}

#[test]
fn everything_that_can_be_sent() {
    run(async {
        let (server, mut peer) = server_and_peer(calm());
        let (sender, receiver) = server.split();
        sender.feed("a").unwrap();
        sender.feed_prepared(&PreparedMessage::new("b")).unwrap();
        sender.feed_chunk(MessageKind::Text, "c", true).unwrap();
        assert!(once(wire::byte(&mut peer)).await.is_none());
        sender.flush().await.unwrap();
        sender.send("d").await.unwrap();
        sender
            .send_prepared(&PreparedMessage::new("e"))
            .await
            .unwrap();
        sender
            .send_chunk(MessageKind::Binary, "f", true)
            .await
            .unwrap();
        sender.ping(b"g").await.unwrap();
        sender.close_with(CloseCode::from(4000), "h").await.unwrap();
        let expected =
            b"\x81\x01a\x81\x01b\x81\x01c\x81\x01d\x81\x01e\x82\x01f\x89\x01g\x88\x03\x0f\xa0h";
        let mut got = vec![0; expected.len()];
        peer.read_exact(&mut got).await.unwrap();
        assert_eq!(got, expected);

        assert_eq!(
            (sender.state(), receiver.state()),
            (State::Closing, State::Closing)
        );
        assert!(!sender.can_send());
        for failed in [
            sender.feed("late"),
            sender.send("late").await,
            sender.ping(b"late").await,
            sender.close().await,
        ] {
            assert!(
                matches!(failed, Err(Error::Send(SendError::Closed))),
                "{failed:?}"
            );
        }
    });
}

/// While nothing but the receiving half is waited for.
#[test]
fn the_receiver_answers_pings_and_closes() {
    run(async {
        let (server, mut peer) = server_and_peer(calm());
        let (sender, mut receiver) = server.split();
        let receiving = spawn(async move {
            let ping = receiver.recv().await.unwrap();
            let close = receiver.recv().await.unwrap();
            (ping, close, receiver.recv().await.unwrap())
        });
        wire::write(&mut peer, masked(PING, "1")).await;
        assert_eq!(
            wire::read_frame(&mut peer).await,
            (0x80 | PONG, b"1".to_vec())
        );
        wire::write(&mut peer, masked(CLOSE, wire::close(1000, ""))).await;
        assert_eq!(
            wire::read_frame(&mut peer).await,
            (0x80 | CLOSE, wire::close(1000, ""))
        );
        assert_eq!(wire::read_rest(&mut peer).await, b"", "the server ends TCP");
        drop(peer);
        let (ping, closed, end) = receiving.await;
        assert_eq!(ping, Some(Event::Ping(Bytes::from("1"))));
        assert_eq!((close(closed).0, end), (1000, None));
        assert_eq!(sender.state(), State::Closed);
    });
}

/// Over a stream that takes a byte at a time, from senders that are all under way at once.
#[test]
fn no_frame_is_torn_by_another() {
    run_threaded(async {
        const SENDERS: u8 = 8;
        const MESSAGES: usize = 40;
        let (ours, theirs) = slow_pipe(64);
        let (sender, receiver) = server(ours, calm().max_queued(300)).split();
        let mut client = client(theirs, calm());
        let receiving = spawn(async move {
            let mut receiver = receiver;
            while let Ok(Some(_)) = receiver.recv().await {}
        });
        let mut sending = Vec::new();
        for number in 0..SENDERS {
            let sender = sender.clone();
            sending.push(spawn(async move {
                for count in 0..MESSAGES {
                    let payload = vec![number; 1 + count * 7];
                    match count % 3 {
                        0 => sender.send(payload).await.unwrap(),
                        1 => sender
                            .ping(&[number; 5])
                            .await
                            .or_else(unless_full)
                            .unwrap(),
                        _ => {
                            while sender.feed(payload.clone()).is_err() {
                                sender.flush().await.unwrap();
                            }
                        }
                    }
                }
                sender.flush().await.unwrap();
            }));
        }
        let expected = usize::from(SENDERS) * (0..MESSAGES).filter(|count| count % 3 != 1).count();
        let mut counts = vec![0; usize::from(SENDERS)];
        let mut messages = 0;
        while messages < expected {
            match client.recv().await.unwrap().unwrap() {
                Event::Message(Message::Binary(data)) => {
                    assert!(data.iter().all(|byte| *byte == data[0]));
                    // Each sender's messages come in its order, none lost and none doubled.
                    let count = &mut counts[usize::from(data[0])];
                    assert_eq!(data.len(), 1 + *count * 7);
                    *count += if *count % 3 == 0 { 2 } else { 1 };
                    messages += 1;
                }
                Event::Ping(data) => assert_eq!(data.len(), 5),
                other => panic!("{other:?}"),
            }
        }
        for task in sending {
            task.await;
        }
        drop(client);
        receiving.await;
    });
}

/// A ping may find that another sender has used up the room it had waited for.
fn unless_full(error: Error) -> Result<(), Error> {
    match error {
        Error::Send(SendError::Full(_)) => Ok(()),
        error => Err(error),
    }
}

/// The other half's future in the same task must not miss what it waits for.
#[test]
fn both_halves_in_one_task() {
    run(async {
        let (server, mut client) = pair();
        let (sender, mut receiver) = server.split();
        let both = join(receiver.recv(), sender.send("hello"));
        let ((event, sent), answered) = join(both, async {
            let event = client.recv().await;
            client.send("and hello").await.unwrap();
            event
        })
        .await;
        sent.unwrap();
        assert_eq!(text(answered.unwrap()), "hello");
        assert_eq!(text(event.unwrap()), "and hello");
    });
}

/// The same with the peer in another task: then nobody but the transport wakes this one.
#[test]
fn both_halves_in_one_task_and_the_peer_in_another() {
    run(async {
        let (server, mut client) = pair();
        let (sender, mut receiver) = server.split();
        let peer = spawn(async move {
            let event = client.recv().await;
            client.send("and hello").await.unwrap();
            (event, client)
        });
        let (event, sent) = join(receiver.recv(), sender.send("hello")).await;
        sent.unwrap();
        assert_eq!(text(event.unwrap()), "and hello");
        assert_eq!(text(peer.await.0.unwrap()), "hello");
    });
}

/// A sender that waits for room is let go on by the half that reads and writes.
#[test]
fn a_sender_waits_for_room() {
    run(async {
        let (ours, mut peer) = pipe(10);
        let (sender, mut receiver) = server(ours, calm().max_queued(20)).split();
        let receiving = spawn(async move { while let Ok(Some(_)) = receiver.recv().await {} });
        let sending = spawn(async move {
            for count in 0..50 {
                sender.send(count.to_string()).await.unwrap();
            }
        });
        for count in 0..50 {
            let (_, payload) = wire::read_frame(&mut peer).await;
            assert_eq!(payload, count.to_string().into_bytes());
        }
        sending.await;
        drop(peer);
        receiving.await;
    });
}

/// The receiver, which was waiting already, keeps the deadline of a close that a sender begins.
#[test]
fn a_senders_close_has_its_deadline() {
    run_on_test_clock(async {
        let (server, _peer) = server_and_peer(calm().close_timeout(TICK));
        let (sender, mut receiver) = server.split();
        let start = Instant::now();
        let (received, closed) = join(receiver.recv(), async {
            yield_now().await;
            sender.close().await
        })
        .await;
        closed.unwrap();
        assert_eq!(kind(received), ReceiveErrorKind::CloseTimeout);
        assert_took(start, TICK);
    });
}

/// What is being sent when the peer closes, and takes nothing more, is lost, and its sender is told so.
#[test]
fn a_close_cuts_a_sender_off() {
    run_on_test_clock(async {
        let (ours, mut peer) = pipe(10);
        let (sender, mut receiver) = server(ours, calm().close_timeout(TICK)).split();
        let (sent, received) = join(sender.send(vec![0; 100]), async {
            wire::write(&mut peer, masked(CLOSE, b"")).await;
            let event = receiver.recv().await.unwrap();
            assert_eq!(event, Some(Event::Close(None)));
            receiver.recv().await
        })
        .await;
        assert_eq!(received.unwrap(), None);
        assert!(
            matches!(sent, Err(Error::Send(SendError::Closed))),
            "{sent:?}"
        );
    });
}

/// Each half alone keeps the connection; it ends with the last of them.
#[test]
fn dropping_halves() {
    run(async {
        let (server, mut client) = pair();
        let (sender, mut receiver) = server.split();
        drop(sender);
        client.send("to the receiver").await.unwrap();
        assert_eq!(text(receiver.recv().await.unwrap()), "to the receiver");
        drop(receiver);
        assert!(client.recv().await.unwrap_err().is_connection_lost());

        let (server, mut client) = pair();
        let (sender, receiver) = server.split();
        let clone = sender.clone();
        drop((sender, receiver));
        clone.send("from a clone").await.unwrap();
        assert_eq!(text(client.recv().await.unwrap()), "from a clone");
        drop(clone);
        assert!(client.recv().await.unwrap_err().is_connection_lost());
    });
}

/// Senders see that it is over, and why they can't send.
#[test]
fn senders_after_the_end() {
    run(async {
        let (server, peer) = server_and_peer(calm());
        let (sender, mut receiver) = server.split();
        drop(peer);
        assert!(receiver.recv().await.is_err());
        assert_eq!(sender.state(), State::Closed);
        let failed = sender.send("late").await;
        assert!(
            matches!(failed, Err(Error::Send(SendError::Closed))),
            "{failed:?}"
        );
    });
}

/// A sender whose peer doesn't read is ended by the write timeout, with nobody receiving.
#[test]
fn a_sender_alone_keeps_the_write_timeout() {
    run_on_test_clock(async {
        let (ours, _peer) = pipe(10);
        let (sender, _receiver) = server(ours, calm().write_timeout(Some(TICK))).split();
        let start = Instant::now();
        let failed = sender.send("x".repeat(100)).await;
        assert_eq!(kind(failed), ReceiveErrorKind::WriteTimeout);
        assert_took(start, TICK);
    });
}

/// What is fed is written by the receiver that waits, when it has something else to do.
#[test]
fn the_receiver_writes_what_was_fed() {
    run(async {
        let (server, mut peer) = server_and_peer(calm());
        let (sender, mut receiver) = server.split();
        sender.feed("fed").unwrap();
        assert!(once(receiver.recv()).await.is_none());
        assert_eq!(wire::read_frame(&mut peer).await.1, b"fed");
    });
}
