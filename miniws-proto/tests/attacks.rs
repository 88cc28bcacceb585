//! Attacks that the corpus cannot say, because they cost memory or time; `attacks.toml` next to the
//! corpus lists them all.

#![allow(clippy::panic, clippy::unwrap_used)]

mod heap;

use bytes::{Buf, BytesMut};
use miniws_proto::{
    ClientHandshake, ClientRequest, CloseCode, CloseFrame, Config, Connection, Event, Incoming,
    Negotiated, ReceiveErrorKind, ServerHandshake, State,
};

#[test]
fn what_a_header_announces_is_not_reserved() {
    for fin in [0x80, 0] {
        let mut server = Connection::server(Config::default(), Negotiated::new());
        let header = [fin | 2, 0xff, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0];
        let mut input = BytesMut::from(&header[..]);
        let (event, grown) = heap::peak(|| server.receive(&mut input));
        assert_eq!(event, Ok(None));
        assert!(grown < 1024, "{grown} bytes for a header");
        assert!(server.read_hint() <= 16 << 10);

        input.extend_from_slice(&[7; 1000]);
        let (event, grown) = heap::peak(|| server.receive(&mut input));
        assert_eq!(event, Ok(None));
        assert!(grown <= 2048, "{grown} bytes for 1000 of 16 MiB");
        assert!(server.read_hint() <= 16 << 10);
        assert_eq!(server.state(), State::Open);
    }
}

#[test]
fn empty_fragments_cost_no_memory() {
    const MOST: usize = 1 << 17;
    let mut server = Connection::server(Config::default(), Negotiated::new());
    let mut input = BytesMut::with_capacity(6);
    let (_, grown) = heap::peak(|| {
        for number in 0..MOST {
            let first = if number == 0 { 2 } else { 0 };
            input.extend_from_slice(&[first, 0x80, 1, 2, 3, 4]);
            assert_eq!(server.receive(&mut input), Ok(None));
        }
    });
    assert!(grown < 1024, "{grown} bytes for nothing");
    input.extend_from_slice(&[0x80, 0x80, 1, 2, 3, 4]);
    let error = server.receive(&mut input).unwrap_err();
    assert_eq!(error.kind(), ReceiveErrorKind::TooManyFragments);
    assert_eq!(error.close_code(), Some(CloseCode::MESSAGE_TOO_BIG));
}

#[test]
fn a_control_frame_has_nothing_but_its_payload() {
    let mut server = Connection::server(Config::default(), Negotiated::new());
    server.ping(&[b'x'; 125]).unwrap();
    assert_eq!(drained(&mut server).len(), 127);
    server.ping(b"").unwrap();
    assert_eq!(drained(&mut server), b"\x89\0");
    let frame = CloseFrame::new(CloseCode::NORMAL, "bye").unwrap();
    server.close(Some(frame)).unwrap();
    assert_eq!(drained(&mut server), b"\x88\x05\x03\xe8bye");

    let mut server = Connection::server(Config::default(), Negotiated::new());
    server.ping(&[b'x'; 125]).unwrap();
    drained(&mut server);
    server.close(None).unwrap();
    assert_eq!(drained(&mut server), b"\x88\0");
}

/// Looked at from its start each time, half a MiB would take hours.
#[test]
fn a_head_that_comes_byte_by_byte_is_looked_at_once() {
    const LONG: usize = 1 << 19;
    let config = Config::default().max_head_size(2 * LONG).max_headers(LONG);
    let one_long_field = format!("X: {}", "x".repeat(LONG));
    let many_fields = vec!["X: x"; LONG / 64].join("\r\n");
    for fields in [one_long_field, many_fields] {
        let mut server = ServerHandshake::new(config.clone());
        let mut input = BytesMut::new();
        let head = format!(
            "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             {fields}\r\n\r\n"
        );
        let (last, bytes) = head.as_bytes().split_last().unwrap();
        for byte in bytes {
            input.extend_from_slice(&[*byte]);
            assert!(server.receive(&mut input).unwrap().is_none());
        }
        input.extend_from_slice(&[*last]);
        let incoming = server.receive(&mut input).unwrap();
        assert!(matches!(incoming, Some(Incoming::Upgrade(_))));

        let request = ClientRequest::new("ws://h/").unwrap();
        let entropy = |destination: &mut [u8]| destination.fill(7);
        let mut client = ClientHandshake::new(request, config.clone(), entropy).unwrap();
        for byte in format!("HTTP/1.1 101 Switching Protocols\r\n{fields}\r\n").bytes() {
            input.extend_from_slice(&[byte]);
            assert!(client.receive(&mut input).unwrap().is_none());
        }
    }
}

#[test]
fn what_comes_behind_a_failed_handshake_is_dropped() {
    let mut server = ServerHandshake::new(Config::default());
    let mut input = BytesMut::from(&b"POST / HTTP/1.1\r\nHost: h\r\n\r\n\x81\x80\0\0\0\0"[..]);
    let request = ClientRequest::new("ws://h/").unwrap();
    let entropy = |destination: &mut [u8]| destination.fill(7);
    let mut client = ClientHandshake::new(request, Config::default(), entropy).unwrap();
    let mut answer = BytesMut::from(&b"HTTP/1.1 101 \r\n\r\n\x81\x02hi"[..]);
    for _ in 0..2 {
        assert!(server.receive(&mut input).is_err());
        assert!(input.is_empty());
        input.extend_from_slice(b"GET / HTTP/1.1\r\n");
        assert!(client.receive(&mut answer).is_err());
        assert!(answer.is_empty());
        answer.extend_from_slice(b"\x81\x02hi");
    }
}

/// The transport is read until it ends, and what comes meanwhile must not be collected.
#[test]
fn what_comes_behind_a_close_is_dropped() {
    let flood = b"\x81\x82\0\0\0\0hi".repeat(1000);
    let (close, failure) = (b"\x88\x80\0\0\0\0", b"\xf1\x80\0\0\0\0");
    for end in [close, failure] {
        let mut server = Connection::server(Config::default(), Negotiated::new());
        let mut input = BytesMut::from(&end[..]);
        for _ in 0..3 {
            input.extend_from_slice(&flood);
            let received = server.receive(&mut input);
            assert!(matches!(
                received,
                Ok(None | Some(Event::Close(None))) | Err(_)
            ));
            assert!(input.is_empty());
            assert!(server.wants_read());
            drained(&mut server);
        }
    }
}

fn drained(connection: &mut Connection) -> Vec<u8> {
    let mut output = Vec::new();
    while connection.outgoing().has_remaining() {
        let queue = connection.outgoing();
        output.extend_from_slice(queue.chunk());
        let count = queue.chunk().len();
        queue.advance(count);
    }
    output
}
