//! What an application can send, and what it can't.

use bytes::Bytes;

use super::support::wire::{self, BINARY, CLOSE, PING, TEXT, masked, unmasked};
use super::support::{
    self, calm, client_and_peer, close, join, kind, once, pair, pipe, run, server_and_peer, spawn,
    text,
};
use crate::miniws::{
    CloseCode, Connection, Error, Event, Message, MessageKind, Negotiated, PreparedMessage,
    ReceiveErrorKind, SendError, State, WebSocket,
};
use crate::runtime::AsyncReadExt;

fn send_error(result: Result<(), Error>) -> SendError {
    match result {
        Err(Error::Send(error)) => error,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_frames_of_a_server() {
    run(async {
        let (mut server, mut peer) = server_and_peer(calm());
        server.send("hi").await.unwrap();
        server.send(&[1, 2][..]).await.unwrap();
        server.ping(b"p").await.unwrap();
        server
            .send_prepared(&PreparedMessage::new("hi"))
            .await
            .unwrap();
        server
            .send_chunk(MessageKind::Text, "h", false)
            .await
            .unwrap();
        server
            .send_chunk(MessageKind::Text, "i", true)
            .await
            .unwrap();
        let expected = b"\x81\x02hi\x82\x02\x01\x02\x89\x01p\x81\x02hi\x01\x01h\x80\x01i";
        let mut got = vec![0; expected.len()];
        peer.read_exact(&mut got).await.unwrap();
        assert_eq!(got, expected);
    });
}

#[test]
fn the_frames_of_a_client() {
    run(async {
        let (mut client, mut peer) = client_and_peer(calm());
        client.send("hi").await.unwrap();
        client
            .send_prepared(&PreparedMessage::new("hi"))
            .await
            .unwrap();
        client.ping(b"p").await.unwrap();
        let expected = b"\x81\x82\0\0\0\0hi\x81\x82\0\0\0\0hi\x89\x81\0\0\0\0p";
        let mut got = vec![0; expected.len()];
        peer.read_exact(&mut got).await.unwrap();
        assert_eq!(got, expected);
    });
}

/// `feed` only queues; `flush`, `send` and `recv` write.
#[test]
fn feeding_waits_for_a_flush() {
    run(async {
        let (mut server, mut peer) = server_and_peer(calm());
        server.feed("1").unwrap();
        server.feed_prepared(&PreparedMessage::new("2")).unwrap();
        server.feed_chunk(MessageKind::Text, "3", true).unwrap();
        assert!(once(wire::byte(&mut peer)).await.is_none());
        server.flush().await.unwrap();
        for expected in [b"1", b"2", b"3"] {
            assert_eq!(wire::read_frame(&mut peer).await.1, expected);
        }
        server.feed("4").unwrap();
        server.send("5").await.unwrap();
        server.feed("6").unwrap();
        assert!(once(server.recv()).await.is_none());
        for expected in [b"4", b"5", b"6"] {
            assert_eq!(wire::read_frame(&mut peer).await.1, expected);
        }
    });
}

#[test]
fn pings_have_125_bytes_at_most() {
    run(async {
        let (mut server, mut peer) = server_and_peer(calm());
        server.ping(&[7; 125]).await.unwrap();
        assert_eq!(
            wire::read_frame(&mut peer).await,
            (0x80 | PING, vec![7; 125])
        );
        let error = send_error(server.ping(&[7; 126]).await);
        assert_eq!(error, SendError::ControlTooLong { len: 126, max: 125 });
        // Nothing was queued, and the connection goes on.
        server.send("on").await.unwrap();
        assert_eq!(wire::read_frame(&mut peer).await.1, b"on");
    });
}

#[test]
fn close_reasons_have_123_bytes_at_most() {
    run(async {
        let (mut server, mut peer) = server_and_peer(calm());
        let long = "r".repeat(124);
        let failed = server.close_with(CloseCode::NORMAL, &long).await;
        assert_eq!(
            send_error(failed.map(drop)),
            SendError::ControlTooLong { len: 124, max: 123 }
        );
        // Bytes count, not characters.
        let failed = server.close_with(CloseCode::NORMAL, &"ü".repeat(62)).await;
        assert!(failed.is_err());
        assert_eq!(server.state(), State::Open);

        let closing = spawn(async move { server.close_with(CloseCode::NORMAL, &long[1..]).await });
        let frame = wire::read_frame(&mut peer).await;
        assert_eq!(frame, (0x80 | CLOSE, wire::close(1000, &"r".repeat(123))));
        drop(peer);
        assert!(closing.await.is_err());
    });
}

/// RFC 6455 section 7.4: codes that never stand in a frame.
#[test]
fn close_codes_that_cannot_be_sent() {
    run(async {
        let (mut server, _peer) = server_and_peer(calm());
        for code in [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, u16::MAX] {
            let code = CloseCode::from(code);
            let failed = server.close_with(code, "").await.map(drop);
            assert_eq!(send_error(failed), SendError::InvalidCloseCode(code));
        }
        assert_eq!(server.state(), State::Open);
    });
}

/// After our close.
#[test]
fn nothing_after_a_close() {
    run(async {
        let (mut server, mut peer) = server_and_peer(calm());
        assert!(once(server.close()).await.is_none());
        assert_eq!(server.state(), State::Closing);
        assert!(!server.can_send());
        let prepared = PreparedMessage::new("late");
        for failed in [
            server.feed("late"),
            server.feed_prepared(&prepared),
            server.feed_chunk(MessageKind::Text, "late", true),
            server.send("late").await,
            server.send_prepared(&prepared).await,
            server.send_chunk(MessageKind::Text, "late", true).await,
            server.ping(b"late").await,
        ] {
            let error = send_error(failed);
            assert_eq!(error, SendError::Closed);
            assert!(error.to_string().contains("clos"), "{error}");
        }
        // What the peer still sends is shown.
        wire::write(&mut peer, masked(TEXT, "on my way")).await;
        assert_eq!(text(server.recv().await.unwrap()), "on my way");
        assert_eq!(wire::read_frame(&mut peer).await.0, 0x80 | CLOSE);
        assert!(
            once(wire::byte(&mut peer)).await.is_none(),
            "nothing followed the close"
        );
    });
}

/// After the peer's close, even before the application has been told of it.
#[test]
fn nothing_after_the_peers_close() {
    run(async {
        let (mut client, mut peer) = client_and_peer(calm());
        wire::write(&mut peer, unmasked(CLOSE, wire::close(1000, ""))).await;
        assert!(client.recv().await.unwrap().is_some());
        assert_eq!(send_error(client.send("late").await), SendError::Closed);
        assert_eq!(send_error(client.feed("late")), SendError::Closed);
        assert_eq!(send_error(client.ping(b"").await), SendError::Closed);
    });
}

/// After the connection was lost.
#[test]
fn nothing_after_the_end() {
    run(async {
        let (mut server, peer) = server_and_peer(calm());
        drop(peer);
        assert!(server.recv().await.is_err());
        assert_eq!(send_error(server.send("late").await), SendError::Closed);
        assert_eq!(send_error(server.feed("late")), SendError::Closed);
    });
}

/// A client masks, but never in the caller's memory.
#[test]
fn the_callers_buffer_never_changes() {
    run(async {
        let (ours, mut peer) = pipe(1 << 20);
        let connection = Connection::client(calm(), Negotiated::default(), |key: &mut [u8]| {
            key.fill(0xaa)
        });
        let mut client = WebSocket::from_parts(ours, connection, Default::default());
        for len in [1, 100, 100_000] {
            let payload = Bytes::from(vec![7; len]);
            client.send(payload.clone()).await.unwrap();
            client
                .send_chunk(MessageKind::Binary, payload.clone(), true)
                .await
                .unwrap();
            let prepared = PreparedMessage::new(payload.clone());
            client.send_prepared(&prepared).await.unwrap();
            assert!(payload.iter().all(|byte| *byte == 7));
            for _ in 0..3 {
                assert_eq!(
                    wire::read_frame(&mut peer).await,
                    (0x80 | BINARY, payload.to_vec())
                );
            }
        }
    });
}

/// A full queue hands the message back, and `send` waits for room instead.
#[test]
fn a_full_queue() {
    run(async {
        let (ours, mut peer) = pipe(10);
        let mut server = support::server(ours, calm().max_queued(100));
        let mut fed = 0;
        let refused = loop {
            match server.feed(format!("{fed:09}")) {
                Ok(()) => fed += 1,
                Err(error) => break error,
            }
        };
        assert_eq!(
            fed, 10,
            "frames of 11 bytes up to the first that reaches 100"
        );
        match refused {
            Error::Send(SendError::Full(Some(message))) => {
                assert_eq!(message, Message::from("000000010"));
            }
            other => panic!("{other:?}"),
        }
        assert!(!server.can_send());
        assert!(once(server.send("more")).await.is_none());

        let sending = spawn(async move { server.send("more").await.map(|()| server) });
        for expected in 0..fed {
            let (_, payload) = wire::read_frame(&mut peer).await;
            assert_eq!(payload, format!("{expected:09}").into_bytes());
        }
        assert_eq!(wire::read_frame(&mut peer).await.1, b"more");
        sending.await.unwrap();
    });
}

#[test]
fn large_messages_are_cut_when_configured() {
    run(async {
        let (mut server, mut peer) = server_and_peer(calm().fragment_size(Some(4)));
        server.send("0123456789").await.unwrap();
        let mut frames = Vec::new();
        for _ in 0..3 {
            frames.push(wire::read_frame(&mut peer).await);
        }
        let expected = [(1, "0123"), (0, "4567"), (0x80, "89")];
        assert_eq!(
            frames,
            expected.map(|(first, payload)| (first, Vec::from(payload)))
        );
    });
}

#[test]
fn a_message_in_pieces_is_not_interrupted() {
    run(async {
        let (mut server, mut client) = pair();
        server
            .send_chunk(MessageKind::Text, "a", false)
            .await
            .unwrap();
        assert_eq!(send_error(server.feed("b")), SendError::FragmentInProgress);
        let wrong_kind = server.send_chunk(MessageKind::Binary, "b", true).await;
        assert_eq!(send_error(wrong_kind), SendError::FragmentInProgress);
        server.ping(b"in between").await.unwrap();
        server
            .send_chunk(MessageKind::Text, "b", true)
            .await
            .unwrap();
        server.send("c").await.unwrap();
        assert!(matches!(client.recv().await, Ok(Some(Event::Ping(_)))));
        assert_eq!(text(client.recv().await.unwrap()), "ab");
        assert_eq!(text(client.recv().await.unwrap()), "c");
    });
}

/// Waiting for room in the middle of a message in pieces must not wait for its end.
#[test]
fn whole_messages_within_one_in_pieces_fail_at_once() {
    run(async {
        let (mut server, _peer) = server_and_peer(calm());
        server
            .send_chunk(MessageKind::Text, "a", false)
            .await
            .unwrap();
        let failed = once(server.send("b")).await.expect("it does not wait");
        assert_eq!(send_error(failed), SendError::FragmentInProgress);
        let failed = once(server.send_prepared(&PreparedMessage::new("b"))).await;
        assert_eq!(send_error(failed.unwrap()), SendError::FragmentInProgress);
    });
}

/// A limit that the peer has is told by the peer: the sender learns the code.
#[test]
fn a_message_that_is_too_large_for_the_peer() {
    run(async {
        let (ours, theirs) = pipe(1000);
        let mut server = support::server(ours, calm().max_message_size(10));
        let mut client = support::client(theirs, calm());
        client.send("0123456789").await.unwrap();
        assert_eq!(text(server.recv().await.unwrap()), "0123456789");
        client.send("0123456789a").await.unwrap();
        let (failed, event) = join(server.recv(), async {
            let event = client.recv().await;
            drop(client);
            event
        })
        .await;
        let expected = [
            ReceiveErrorKind::MessageTooLarge,
            ReceiveErrorKind::FrameTooLarge,
        ];
        assert!(expected.contains(&kind(failed)));
        assert_eq!(close(event.unwrap()).0, 1009);
    });
}
