//! What `Connection::stats` counts.

#![allow(clippy::unwrap_used)]

use std::time::Duration;

use bytes::{Buf, BytesMut};
use miniws_proto::{
    Accept, Config, Connection, Event, Incoming, MessageKind, Negotiated, PreparedMessage,
    ServerHandshake, Stats, Time,
};

fn server(config: Config) -> Connection {
    Connection::server(config, Negotiated::default())
}

fn client(config: Config) -> Connection {
    Connection::client(config, Negotiated::default(), |bytes: &mut [u8]| {
        bytes.fill(7)
    })
}

/// Takes all output, for the peer to receive.
fn drain(connection: &mut Connection) -> BytesMut {
    let mut taken = BytesMut::new();
    while !connection.outgoing().is_empty() {
        let len = connection.outgoing().len();
        taken.extend(connection.outgoing().copy_to_bytes(len));
    }
    taken
}

/// Receives all of `input`, so many bytes at a time.
fn receive(connection: &mut Connection, input: &BytesMut, step: usize) {
    let mut buffer = BytesMut::new();
    for piece in input.chunks(step) {
        buffer.extend_from_slice(piece);
        while connection.receive(&mut buffer).unwrap().is_some() {}
    }
    assert!(buffer.is_empty());
}

/// Whatever one end has sent, the other has received, however it is cut.
fn assert_agree(sender: &mut Connection, receiver: impl Fn() -> Connection) -> Stats {
    let output = drain(sender);
    let sent = sender.stats();
    assert_eq!(sent.queued, 0);
    assert_eq!(sent.sent.bytes, output.len() as u64);
    for step in [1, 7, usize::MAX] {
        let mut receiver = receiver();
        receive(&mut receiver, &output, step);
        assert_eq!(receiver.stats().received, sent.sent, "in steps of {step}");
    }
    sent
}

/// One of each way to send, small and large.
fn send_all(connection: &mut Connection) -> u64 {
    let sizes = [0, 1, 125, 126, 65_535, 65_536];
    for size in sizes {
        connection.send("x".repeat(size)).unwrap();
        assert!(connection.stats().queued > 0);
        let prepared = PreparedMessage::new("x".repeat(size));
        connection.send_prepared(&prepared).unwrap();
    }
    for (data, last) in [("a", false), ("", false), ("bc", true)] {
        connection
            .send_chunk(MessageKind::Text, data, last)
            .unwrap();
    }
    connection.ping(b"ping").unwrap();
    connection.close(None).unwrap();
    2 * sizes.iter().sum::<usize>() as u64 + 3
}

#[test]
fn both_ends_count_the_same() {
    let config = || Config::default().max_queued(1 << 30);
    type Make = fn(Config) -> Connection;
    let roles: [(Make, Make); 2] = [(server, client), (client, server)];
    for (sender, receiver) in roles {
        let mut sender = sender(config());
        let bytes = send_all(&mut sender);
        let stats = assert_agree(&mut sender, || receiver(config()));
        assert_eq!(stats.sent.messages, 13);
        assert_eq!(stats.sent.data_frames, 15);
        assert_eq!(stats.sent.control_frames, 2);
        assert_eq!(stats.sent.message_bytes, bytes);
        assert_eq!(stats.sent.payload_bytes, bytes);
    }
}

/// Fragments that are still to come wait as well.
#[test]
fn what_is_left_of_a_message_waits() {
    let mut server = server(Config::default().fragment_size(Some(10)));
    server.send("x".repeat(95)).unwrap();
    assert_eq!(server.stats().queued, 2 + 95);
    assert_eq!(server.stats().sent.messages, 0);
    let first = server.outgoing().len();
    server.outgoing().advance(first);
    assert_eq!(server.stats().queued, 85);
    drain(&mut server);
    let stats = server.stats();
    assert_eq!((stats.sent.messages, stats.sent.data_frames), (1, 10));
    assert_eq!((stats.sent.message_bytes, stats.queued), (95, 0));
}

/// The response of the handshake goes out of the same queue.
#[test]
fn the_handshake_does_not_count() {
    let mut handshake = ServerHandshake::new(Config::default());
    let mut input = BytesMut::from(
        "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
    );
    let Some(Incoming::Upgrade(upgrade)) = handshake.receive(&mut input).unwrap() else {
        unreachable!()
    };
    let mut server = upgrade.accept(Accept::new()).unwrap();
    server.send("hi").unwrap();
    assert!(server.stats().queued > 100);
    drain(&mut server);
    assert_eq!(server.stats().sent.bytes, 4);
}

/// A pong that answers the ping which is under way is measured, any other is not.
#[test]
fn the_round_trip_is_that_of_a_keep_alive_ping() {
    let at = |milliseconds| Time::from_duration(Duration::from_millis(milliseconds));
    let mut server = server(Config::default().keep_alive(Some(Duration::from_secs(1))));
    assert_eq!(server.poll_timeout(at(0)), Some(at(1000)));
    server.handle_timeout(at(1000));
    // It is sent some time later.
    assert_eq!(drain(&mut server)[..2], [0x89, 8]);
    server.poll_timeout(at(1100));
    for foreign in [0_u64, 2, u64::MAX] {
        pong(&mut server, foreign);
        server.poll_timeout(at(1150));
        assert_eq!(server.stats().latency, None);
    }
    pong(&mut server, 1);
    server.poll_timeout(at(1350));
    assert_eq!(server.stats().latency, Some(Duration::from_millis(250)));
    // Nothing is under way now.
    pong(&mut server, 1);
    server.poll_timeout(at(1400));
    assert_eq!(server.stats().latency, Some(Duration::from_millis(250)));
}

fn pong(server: &mut Connection, payload: u64) {
    let mut input = BytesMut::from(&b"\x8a\x88\0\0\0\0"[..]);
    input.extend_from_slice(&payload.to_be_bytes());
    while server.receive(&mut input).unwrap().is_some() {}
}

#[test]
fn chunks_count_as_messages_at_their_end() {
    let mut server = server(Config::default().chunks(true));
    let mut input = BytesMut::from(&b"\x01\x82\0\0\0\0he"[..]);
    assert!(matches!(
        server.receive(&mut input).unwrap(),
        Some(Event::Chunk { last: false, .. })
    ));
    let stats = server.stats().received;
    assert_eq!((stats.messages, stats.message_bytes), (0, 2));
    input.extend_from_slice(b"\x80\x81\0\0\0\0y");
    server.receive(&mut input).unwrap();
    let stats = server.stats().received;
    assert_eq!((stats.messages, stats.message_bytes), (1, 3));
}

/// Before and after compression, for each way to send.
#[cfg(feature = "deflate")]
mod deflated {
    use super::*;
    use miniws_proto::{Compression, DeflateConfig, negotiate::DeflateParams};

    fn negotiated() -> Negotiated {
        Negotiated::new().with_deflate(DeflateParams::default())
    }

    fn config() -> Config {
        let deflate = DeflateConfig::default().max_ratio(None);
        Config::default().deflate(Some(deflate))
    }

    fn client() -> Connection {
        Connection::client(config(), negotiated(), |bytes: &mut [u8]| bytes.fill(7))
    }

    #[test]
    fn both_ends_count_the_same() {
        for (compression, is_smaller) in [
            (Compression::Auto, true),
            (Compression::Always, true),
            (Compression::Never, false),
        ] {
            let mut server = Connection::server(config(), negotiated());
            let text = "x".repeat(100_000);
            server.send_with(text.clone(), compression).unwrap();
            let prepared = PreparedMessage::new(text.clone()).compression(compression);
            server.send_prepared(&prepared).unwrap();
            for last in [false, true] {
                let kind = MessageKind::Text;
                let data = text.clone();
                server
                    .send_chunk_with(kind, data, last, compression)
                    .unwrap();
            }
            let stats = assert_agree(&mut server, client);
            assert_eq!((stats.sent.messages, stats.sent.data_frames), (3, 4));
            assert_eq!(stats.sent.message_bytes, 400_000);
            assert_eq!(stats.sent.payload_bytes < 10_000, is_smaller);
        }
    }

    /// What compression makes larger, and cuts into fragments afterwards.
    #[test]
    fn larger_ones_and_fragments() {
        let mut server = Connection::server(config().fragment_size(Some(3)), negotiated());
        let bytes = &b"\x01\x02\x03\x04"[..];
        server.send_with(bytes, Compression::Always).unwrap();
        let stats = assert_agree(&mut server, client);
        assert_eq!((stats.sent.messages, stats.sent.message_bytes), (1, 4));
        assert!(stats.sent.payload_bytes > 4 && stats.sent.data_frames > 1);
    }
}
