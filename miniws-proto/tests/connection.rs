//! What the corpus cannot say: output that is drained in part, and keys that differ.
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use bytes::{Buf, BytesMut};
use miniws_proto::{
    ClientHandshake, ClientRequest, Config, Connection, Negotiated, ReceiveErrorKind, State, Time,
};

/// Section 5.5.3: a pong may be left out for a newer one, but then it must not follow it.
#[test]
fn a_pong_that_had_to_wait_does_not_follow_a_newer_one() {
    let mut server = Connection::server(Config::default(), Negotiated::default());
    server.send(vec![0; 16 << 10]).unwrap();
    receive(&mut server, b"\x89\x81\0\0\0\x001");
    server.outgoing().advance(110);
    receive(&mut server, b"\x89\x81\0\0\0\x002");
    assert!(drained(&mut server).ends_with(b"\0\0\x8a\x012"));
}

#[test]
fn a_full_queue_that_moves_on_is_no_silence() {
    let config = Config::default().max_queued(1000);
    let mut server = Connection::server(config, Negotiated::default());
    assert_eq!(server.poll_timeout(at(0)), Some(at(30)));
    server.send(vec![0; 2000]).unwrap();
    server.poll_timeout(at(29));
    server.handle_timeout(at(30));
    assert_eq!(
        drained(&mut server).len(),
        2004,
        "no ping behind a full queue"
    );
    assert_eq!(server.poll_timeout(at(31)), Some(at(60)), "the next ping");
    server.handle_timeout(at(60));
    assert_eq!(drained(&mut server).len(), 10, "a ping");
    assert_eq!(
        server.poll_timeout(at(60)),
        Some(at(80)),
        "the deadline of its pong"
    );
}

#[test]
fn what_the_end_cuts_off_is_counted() {
    let mut server = Connection::server(Config::default(), Negotiated::default());
    server.send("one").unwrap();
    server.send("two").unwrap();
    server.outgoing().advance(5);
    assert_eq!(server.outgoing().dropped(), 0);
    server.receive_eof();
    assert_eq!(
        (drained(&mut server).len(), server.outgoing().dropped()),
        (0, 5)
    );
}

#[test]
fn what_a_failure_cuts_off_is_counted() {
    let config = Config::default().fragment_size(Some(4));
    let mut server = Connection::server(config, Negotiated::default());
    server.send("0123456789").unwrap();
    assert_eq!(server.outgoing().chunk(), b"\x01\x040123");
    let reserved = &b"\x83\x80\0\0\0\0"[..];
    assert!(server.receive(&mut BytesMut::from(reserved)).is_err());
    assert_eq!(server.outgoing().dropped(), 6);
    assert_eq!(drained(&mut server), b"\x01\x040123\x88\x02\x03\xea");
}

#[test]
fn pings_without_a_pause_end() {
    let config = Config::default()
        .keep_alive(Some(Duration::ZERO))
        .max_queued(1);
    let mut server = Connection::server(config, Negotiated::default());
    server.send("full").unwrap();
    server.poll_timeout(at(0));
    server.handle_timeout(at(1));
    assert_eq!(drained(&mut server).len(), 6, "no ping behind a full queue");
}

#[test]
fn a_keep_alive_ping_goes_between_fragments() {
    let config = Config::default().fragment_size(Some(1000));
    let mut server = Connection::server(config, Negotiated::default());
    server.poll_timeout(at(0));
    server.send(vec![0; 3000]).unwrap();
    server.outgoing().advance(500);
    server.handle_timeout(at(30));
    let output = drained(&mut server);
    assert_eq!(
        output[504..506],
        [0x89, 8],
        "a ping behind the first fragment"
    );
    assert_eq!(output.len(), 504 + 10 + 2 * 1004);
}

/// The peer cannot answer a ping that has not reached it.
#[test]
fn a_ping_behind_slow_output_is_not_late() {
    let mut server = Connection::server(Config::default(), Negotiated::default());
    server.poll_timeout(at(0));
    server.send(vec![0; 5000]).unwrap();
    server.handle_timeout(at(30));
    for second in 31..=70 {
        server.outgoing().advance(100);
        server.handle_timeout(at(second));
        assert_eq!(server.state(), State::Open, "after {second} s");
    }
    drained(&mut server);
    assert_eq!(server.poll_timeout(at(71)), Some(at(91)));
    server.handle_timeout(at(91));
    let error = server.error().unwrap();
    assert_eq!(error.kind(), ReceiveErrorKind::PongTimeout);
}

/// Section 5.3: each frame has a key of its own, which cannot be told from those before.
#[test]
fn every_frame_of_a_client_has_a_key_of_its_own() {
    let mut client = Connection::client(Config::default(), Negotiated::default(), counting());
    let mut keys = Vec::new();
    for _ in 0..1000 {
        client.send("x").unwrap();
        keys.push(drained(&mut client)[2..6].to_vec());
    }
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), 1000);
}

/// Section 4.1 item 7: each connection has a nonce of its own.
#[test]
fn every_handshake_has_a_key_of_its_own() {
    let key = |entropy: u8| {
        let fill = move |destination: &mut [u8]| destination.fill(entropy);
        let request = ClientRequest::new("ws://localhost/").unwrap();
        let mut handshake = ClientHandshake::new(request, Config::default(), fill).unwrap();
        let head = String::from_utf8(handshake.outgoing().chunk().to_vec()).unwrap();
        let line = head
            .lines()
            .find(|line| line.starts_with("Sec-WebSocket-Key"));
        line.unwrap().to_owned()
    };
    assert_ne!(key(1), key(2));
}

/// A runtime learns from a read that falls short of its room that the socket is empty.
#[test]
fn there_is_room_behind_the_rest_of_a_frame() {
    let mut server = Connection::server(Config::default(), Negotiated::default());
    let header = [0x82, 0xfe, 0x40, 0, 0, 0, 0, 0];
    let mut input = BytesMut::from(&header[..]);
    input.resize(8 << 10, 0);
    assert_eq!(server.receive(&mut input), Ok(None));
    let missing = (16 << 10) + header.len() - (8 << 10);
    assert!(server.read_hint() > missing);
}

#[test]
fn who_has_closed_first_is_known_also_when_the_closes_cross() {
    let server = || Connection::server(Config::default(), Negotiated::default());
    let mut first = server();
    assert!(!first.has_closed_first());
    first.close(None).unwrap();
    receive(&mut first, b"\x88\x80\0\0\0\0");
    assert!(first.has_closed_first());

    let mut second = server();
    receive(&mut second, b"\x88\x80\0\0\0\0");
    assert!(second.close(None).is_err());
    assert!(!second.has_closed_first());
}

fn at(seconds: u64) -> Time {
    Time::from_duration(Duration::from_secs(seconds))
}

fn receive(connection: &mut Connection, bytes: &[u8]) {
    let mut input = BytesMut::from(bytes);
    while connection.receive(&mut input).unwrap().is_some() {}
}

fn drained(connection: &mut Connection) -> Vec<u8> {
    let mut output = Vec::new();
    while !connection.outgoing().is_empty() {
        let outgoing = connection.outgoing();
        output.extend_from_slice(outgoing.chunk());
        outgoing.advance(outgoing.chunk().len());
    }
    output
}

fn counting() -> impl FnMut(&mut [u8]) + Send + Sync {
    let mut next = 0_u32;
    move |destination| {
        for quad in destination.chunks_mut(4) {
            next += 1;
            quad.copy_from_slice(&next.to_be_bytes()[..quad.len()]);
        }
    }
}
