//! What an application gets to see of its peer.

use std::error::Error as _;
use std::io;

use bytes::Bytes;

use super::support::scripted::scripted;
use super::support::wire::{self, BINARY, CLOSE, PING, PONG, TEXT, masked};
use super::support::{
    calm, client_and_peer, close, kind, pair, run, server, server_and_peer, spawn,
};
use crate::miniws::{CloseCode, Error, Event, Message, MessageKind, ReceiveErrorKind, State};

#[test]
fn texts_and_binaries() {
    run(async {
        let (mut server, mut client) = pair();
        for message in [
            Message::from("grüße"),
            Message::from(""),
            Message::from(vec![0, 159, 146, 150]),
            Message::from(Bytes::new()),
        ] {
            client.send(message.clone()).await.unwrap();
            let event = server.recv().await.unwrap();
            assert_eq!(event, Some(Event::Message(message.clone())));
            server.send(message.clone()).await.unwrap();
            let event = client.recv().await.unwrap();
            assert_eq!(event, Some(Event::Message(message)));
        }
    });
}

/// Larger than any buffer on the way.
#[test]
fn a_message_of_megabytes() {
    run(async {
        let (mut server, mut client) = pair();
        let payload: Vec<u8> = (0..5_000_000_u32).map(|at| (at % 251) as u8).collect();
        let sent = Bytes::from(payload);
        let sending = spawn({
            let sent = sent.clone();
            async move { client.send(sent).await.map(|()| client) }
        });
        let event = server.recv().await.unwrap();
        assert_eq!(event, Some(Event::Message(Message::Binary(sent))));
        sending.await.unwrap();
    });
}

#[test]
fn a_fragmented_message_with_a_ping_in_it() {
    run(async {
        let (mut server, mut peer) = server_and_peer(calm());
        wire::write(
            &mut peer,
            b"\x01\x81\0\0\0\0a\x89\x81\0\0\0\0p\x80\x81\0\0\0\0b",
        )
        .await;
        assert_eq!(
            server.recv().await.unwrap(),
            Some(Event::Ping(Bytes::from("p")))
        );
        let event = server.recv().await.unwrap();
        assert_eq!(event, Some(Event::Message(Message::from("ab"))));
    });
}

/// A ping is answered before it is waited for more, and without any further call but `recv`.
#[test]
fn pings_are_shown_and_answered() {
    run(async {
        let (mut server, mut peer) = server_and_peer(calm());
        wire::write(&mut peer, masked(PING, "are you there?")).await;
        let event = server.recv().await.unwrap();
        assert_eq!(event, Some(Event::Ping(Bytes::from("are you there?"))));
        let receiving = spawn(async move { server.recv().await });
        let answer = wire::read_frame(&mut peer).await;
        assert_eq!(answer, (0x80 | PONG, b"are you there?".to_vec()));
        drop(peer);
        assert!(receiving.await.is_err());
    });
}

#[test]
fn pongs_are_shown() {
    run(async {
        let (mut server, mut client) = pair();
        client.ping(b"1").await.unwrap();
        assert_eq!(
            server.recv().await.unwrap(),
            Some(Event::Ping(Bytes::from("1")))
        );
        server.flush().await.unwrap();
        assert_eq!(
            client.recv().await.unwrap(),
            Some(Event::Pong(Bytes::from("1")))
        );

        // One that was not asked for as well (RFC 6455 section 5.5.3).
        let (mut server, mut peer) = server_and_peer(calm());
        wire::write(&mut peer, masked(PONG, "2")).await;
        assert_eq!(
            server.recv().await.unwrap(),
            Some(Event::Pong(Bytes::from("2")))
        );
    });
}

#[test]
fn chunks() {
    run(async {
        let (mut server, mut peer) = server_and_peer(calm().chunks(true));
        // The first half of a frame is there to be used before the second has come.
        wire::write(&mut peer, b"\x82\x84\0\0\0\0ab").await;
        let chunk = |data: &'static str, last| {
            let data = Bytes::from(data);
            Some(Event::Chunk {
                kind: MessageKind::Binary,
                data,
                last,
            })
        };
        assert_eq!(server.recv().await.unwrap(), chunk("ab", false));
        wire::write(&mut peer, b"cd").await;
        assert_eq!(server.recv().await.unwrap(), chunk("cd", true));
    });
}

#[test]
fn a_close_with_code_and_reason() {
    run(async {
        let (mut server, mut peer) = server_and_peer(calm());
        wire::write(&mut peer, masked(CLOSE, wire::close(4321, "so long"))).await;
        let event = server.recv().await.unwrap();
        assert_eq!(close(event), (4321, "so long".to_owned()));
        let status = server.close_status().unwrap();
        assert_eq!(u16::from(status.code), 4321);
        assert_eq!(&*status.reason, "so long");
        assert!(status.clean);
        drop(peer);
        assert_eq!(server.recv().await.unwrap(), None);
        assert_eq!(server.recv().await.unwrap(), None, "and it stays so");
    });
}

/// A close without a code is what an API calls 1005.
#[test]
fn a_close_without_a_code() {
    run(async {
        let (mut client, mut peer) = client_and_peer(calm());
        wire::write(&mut peer, wire::unmasked(CLOSE, "")).await;
        assert_eq!(client.recv().await.unwrap(), Some(Event::Close(None)));
        assert_eq!(
            wire::read_frame(&mut peer).await,
            (0x80 | CLOSE, Vec::new())
        );
        let status = client.close_status().unwrap();
        assert_eq!((status.code, status.clean), (CloseCode::NO_STATUS, true));
    });
}

/// The end of the stream without a close is what an API calls 1006.
#[test]
fn the_end_without_a_close() {
    run(async {
        for frames in [&b""[..], b"\x81", b"\x81\x85\0\0\0\0he"] {
            let (mut server, mut peer) = server_and_peer(calm());
            wire::write(&mut peer, frames).await;
            drop(peer);
            let error = server.recv().await.unwrap_err();
            assert!(error.is_connection_lost(), "{error}");
            assert_eq!(error.close_code(), None);
            assert_eq!(kind::<()>(Err(error)), ReceiveErrorKind::ConnectionLost);
            let status = server.close_status().unwrap();
            assert_eq!((status.code, status.clean), (CloseCode::ABNORMAL, false));
            assert_eq!(server.state(), State::Closed);
            // The error stays.
            assert_eq!(kind(server.recv().await), ReceiveErrorKind::ConnectionLost);
        }
    });
}

/// When the transport says what went wrong, so does the error.
#[test]
fn the_end_with_its_cause() {
    run(async {
        let stream = scripted([Err(io::ErrorKind::ConnectionReset)], Ok(()));
        let mut server = server(stream, calm());
        let error = server.recv().await.unwrap_err();
        assert!(error.is_connection_lost(), "{error}");
        match &error {
            Error::Io(cause) => {
                assert_eq!(cause.kind(), io::ErrorKind::ConnectionReset);
                assert!(error.to_string().contains(&cause.to_string()));
            }
            other => panic!("{other:?}"),
        }
        assert!(error.source().is_none(), "the message tells the cause");
        assert_eq!(server.close_status().unwrap().code, CloseCode::ABNORMAL);
        assert!(server.recv().await.is_err());
    });
}

/// Messages that came before the end are delivered before the error.
#[test]
fn what_came_before_the_end_is_delivered() {
    run(async {
        let (mut server, mut peer) = server_and_peer(calm());
        wire::write(&mut peer, masked(TEXT, "1")).await;
        wire::write(&mut peer, masked(BINARY, "2")).await;
        drop(peer);
        assert_eq!(
            server.recv().await.unwrap(),
            Some(Event::Message(Message::from("1")))
        );
        assert!(matches!(
            server.recv().await,
            Ok(Some(Event::Message(Message::Binary(_))))
        ));
        assert!(server.recv().await.is_err());
    });
}

/// A peer that breaks the protocol is told why, and the error says so.
#[test]
fn what_breaks_the_protocol() {
    run(async {
        for (bytes, code, expected) in [
            (&b"\x81\x01a"[..], 1002, ReceiveErrorKind::UnmaskedFrame),
            (b"\xc1\x81\0\0\0\0a", 1002, ReceiveErrorKind::ReservedBits),
            (b"\x81\x81\0\0\0\0\xff", 1007, ReceiveErrorKind::InvalidUtf8),
            (
                b"\x82\xff\0\0\0\0\x7f\xff\xff\xff\0\0\0\0",
                1009,
                ReceiveErrorKind::FrameTooLarge,
            ),
        ] {
            let (mut server, mut peer) = server_and_peer(calm());
            wire::write(&mut peer, bytes).await;
            let telling = spawn(async move {
                let frame = wire::read_frame(&mut peer).await;
                (frame, wire::read_rest(&mut peer).await)
            });
            let error = server.recv().await.unwrap_err();
            assert_eq!(error.close_code().map(u16::from), Some(code));
            assert_eq!(kind::<()>(Err(error)), expected);
            let (frame, rest) = telling.await;
            assert_eq!(frame, (0x80 | CLOSE, wire::close(code, "")));
            assert_eq!(rest, b"");
            assert!(server.send("too late").await.is_err());
        }
    });
}
