//! What an application receives.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod common;

use std::io::Write;

use common::*;
use miniws_blocking::{
    CloseCode, Config, Error, Event, Message, MessageKind, ReceiveErrorKind, State,
};

#[test]
fn messages_and_control_frames() {
    let (mut server, mut peer) = server_and_peer(Config::default());
    for (frame, expected) in [
        (
            client_frame(0x81, b"hi"),
            Event::Message(Message::from("hi")),
        ),
        (
            client_frame(0x82, b"\x00\xff"),
            Event::Message(Message::from(vec![0, 255])),
        ),
        (client_frame(0x81, b""), Event::Message(Message::from(""))),
        (client_frame(0x89, b"ping"), Event::Ping("ping".into())),
        (client_frame(0x8a, b"pong"), Event::Pong("pong".into())),
    ] {
        peer.write_all(&frame).unwrap();
        assert_eq!(server.recv().unwrap(), Some(expected));
    }
    assert_eq!(server.state(), State::Open);
    // The pong goes out before it waits, by itself.
    let mut more = peer.clone();
    let waiting = spawn(move || server.recv().map(drop));
    assert_eq!(read_exactly(&mut more, 6), server_frame(0x8a, b"ping"));
    drop((peer, more));
    assert!(waiting.join().is_err());
}

#[test]
fn large_messages_however_they_come() {
    let payload: Vec<u8> = (0..3_000_000_u32).map(|at| (at % 251) as u8).collect();
    for most in [1000, 70_000, usize::MAX] {
        let (ours, mut peer) = pipe::pair_of(100_000, most);
        let connection = miniws_blocking::Connection::server(
            Config::default(),
            miniws_blocking::Negotiated::default(),
        );
        let mut server =
            miniws_blocking::WebSocket::from_parts(ours, connection, Default::default());
        let sent = payload.clone();
        let peer = spawn(move || {
            let (first, rest) = sent.split_at(1_000_000);
            peer.write_all(&client_frame(0x02, first)).unwrap();
            peer.write_all(&client_frame(0x89, b"between")).unwrap();
            peer.write_all(&client_frame(0x80, rest)).unwrap();
            peer.write_all(&client_frame(0x81, b"next")).unwrap();
            peer
        });
        assert_eq!(server.recv().unwrap(), Some(Event::Ping("between".into())));
        let received = server.recv().unwrap();
        assert!(received == Some(Event::Message(Message::from(payload.clone()))));
        assert_eq!(text(server.recv().unwrap()), "next");
        peer.join();
    }
}

#[test]
fn chunks() {
    let (mut server, mut peer) = server_and_peer(Config::default().chunks(true));
    peer.write_all(&client_frame(0x01, b"good ")).unwrap();
    peer.write_all(&client_frame(0x80, b"day")).unwrap();
    for (data, last) in [("good ", false), ("day", true)] {
        let expected = Event::Chunk {
            kind: MessageKind::Text,
            data: data.into(),
            last,
        };
        assert_eq!(server.recv().unwrap(), Some(expected));
    }
}

#[test]
fn close_with_code_and_reason() {
    let (mut server, mut peer) = server_and_peer(Config::default());
    peer.write_all(&client_frame(0x88, b"\x0f\xa0enough"))
        .unwrap();
    let frame = close_frame(server.recv().unwrap()).unwrap();
    assert_eq!(
        (frame.code(), frame.reason()),
        (CloseCode::from(4000), "enough")
    );
    let status = server.close_status().unwrap();
    assert_eq!((status.code, status.clean), (CloseCode::from(4000), true));
    assert_eq!(&*status.reason, "enough");
    assert_eq!(server.state(), State::Closing);
    drop(peer);
    assert_eq!(server.recv().unwrap(), None);
    assert_eq!(server.recv().unwrap(), None);
    assert_eq!(server.state(), State::Closed);
}

#[test]
fn close_without_a_code_is_1005() {
    let (mut server, mut peer) = server_and_peer(Config::default());
    peer.write_all(&client_frame(0x88, b"")).unwrap();
    assert_eq!(close_frame(server.recv().unwrap()), None);
    let status = server.close_status().unwrap();
    assert_eq!((status.code, status.clean), (CloseCode::NO_STATUS, true));
    assert_eq!(read_all(&mut peer), server_frame(0x88, b""));
}

#[test]
fn end_without_a_close_is_1006() {
    let (mut server, mut peer) = server_and_peer(Config::default());
    peer.write_all(&client_frame(0x81, b"last words")).unwrap();
    drop(peer);
    assert_eq!(text(server.recv().unwrap()), "last words");
    for _ in 0..2 {
        let error = server.recv().unwrap_err();
        assert!(error.is_connection_lost());
        assert_eq!(receive_error(error), ReceiveErrorKind::ConnectionLost);
    }
    let status = server.close_status().unwrap();
    assert_eq!((status.code, status.clean), (CloseCode::ABNORMAL, false));
    assert_eq!(server.state(), State::Closed);
}

/// The cause comes once; the loss stays.
#[test]
fn reset_is_1006_with_its_cause() {
    let (mut server, client, _listener) = tcp_pair(&Config::default());
    // What is unread when a socket is closed makes TCP reset the connection.
    server.send("unread").unwrap();
    client.get_ref().tcp().unwrap().peek(&mut [0]).unwrap();
    client.terminate();
    let error = server.recv().unwrap_err();
    assert!(
        matches!(&error, Error::Io(error) if error.kind() == std::io::ErrorKind::ConnectionReset),
        "{error:?}"
    );
    let error = server.recv().unwrap_err();
    assert_eq!(receive_error(error), ReceiveErrorKind::ConnectionLost);
    assert_eq!(server.close_status().unwrap().code, CloseCode::ABNORMAL);
}

/// The peer is told, and then the application.
#[test]
fn failure_is_told_to_both() {
    for (bytes, kind, code) in [
        (
            client_frame(0x83, b""),
            ReceiveErrorKind::ReservedOpcode(3),
            CloseCode::PROTOCOL_ERROR,
        ),
        (
            server_frame(0x81, b"x"),
            ReceiveErrorKind::UnmaskedFrame,
            CloseCode::PROTOCOL_ERROR,
        ),
        (
            client_frame(0x81, b"\xff"),
            ReceiveErrorKind::InvalidUtf8,
            CloseCode::INVALID_PAYLOAD,
        ),
        (
            client_frame(0x82, &[0; 11]),
            ReceiveErrorKind::MessageTooLarge,
            CloseCode::MESSAGE_TOO_BIG,
        ),
    ] {
        let (mut server, mut peer) = server_and_peer(Config::default().max_message_size(10));
        peer.write_all(&client_frame(0x81, b"before")).unwrap();
        peer.write_all(&bytes).unwrap();
        peer.write_all(&client_frame(0x81, b"after")).unwrap();
        let receiving = spawn(move || {
            assert_eq!(text(server.recv().unwrap()), "before");
            let error = server.recv().unwrap_err();
            (error, server.recv().unwrap_err())
        });
        let sent = read_all(&mut peer);
        assert_eq!(sent, server_frame(0x88, &u16::from(code).to_be_bytes()));
        // It lingers until the peer has ended, too, so that the peer gets to see the close.
        assert!(!receiving.is_done_within(std::time::Duration::from_millis(20)));
        drop(peer);
        let (first, again) = receiving.join();
        assert_eq!((receive_error(first), receive_error(again)), (kind, kind));
    }
}

#[test]
fn failure_is_sticky() {
    let (mut server, mut peer) = server_and_peer(Config::default());
    peer.write_all(&client_frame(0x83, b"")).unwrap();
    peer.end();
    for _ in 0..3 {
        let error = server.recv().unwrap_err();
        assert_eq!(error.close_code(), Some(CloseCode::PROTOCOL_ERROR));
        assert_eq!(receive_error(error), ReceiveErrorKind::ReservedOpcode(3));
    }
    assert_eq!(server.close_status().unwrap().code, CloseCode::ABNORMAL);
}

#[test]
fn client_receives_too() {
    let (mut client, mut peer) = client_and_peer(Config::default());
    peer.write_all(&server_frame(0x81, b"hi")).unwrap();
    peer.write_all(&server_frame(0x89, b"!")).unwrap();
    assert_eq!(text(client.recv().unwrap()), "hi");
    assert_eq!(client.recv().unwrap(), Some(Event::Ping("!".into())));
    client.flush().unwrap();
    assert_eq!(read_exactly(&mut peer, 7), client_frame(0x8a, b"!"));
}
