//! What compression costs in memory, by a count of every byte on the heap. All of it is one test:
//! the pools belong to the whole program.

#![allow(clippy::panic)]

mod heap;

use bytes::{Buf, BytesMut};
use miniws_proto::negotiate::{DeflateParams, parse_extensions};
use miniws_proto::{
    Compression, Config, Connection, DeflateConfig, Event, MessageKind, Negotiated,
    PreparedMessage, ReceiveErrorKind,
};

fn params(answer: &str) -> DeflateParams {
    let extensions = parse_extensions([answer]).unwrap_or_else(|error| panic!("{error}"));
    DeflateParams::from_extension(&extensions[0]).unwrap_or_else(|| panic!("{answer}"))
}

fn server(config: &DeflateConfig, answer: &str) -> Connection {
    Connection::server(
        Config::default()
            .max_message_size(1 << 20)
            .deflate(Some(config.clone())),
        Negotiated::new().with_deflate(params(answer)),
    )
}

/// Sends a message, and leaves no output behind.
fn send(connection: &mut Connection, message: &[u8]) -> Vec<u8> {
    connection
        .send_with(message, Compression::Always)
        .unwrap_or_else(|error| panic!("{error}"));
    drain(connection)
}

fn drain(connection: &mut Connection) -> Vec<u8> {
    let mut output = Vec::new();
    while connection.outgoing().has_remaining() {
        let piece = connection.outgoing().chunk().to_vec();
        connection.outgoing().advance(piece.len());
        output.extend(piece);
    }
    connection.outgoing().take_buffer();
    output
}

/// A compressed frame from a client, with a mask of zeros.
fn from_client(frame: &[u8]) -> BytesMut {
    let mut input = BytesMut::from(frame);
    input[1] |= 0x80;
    let header = match frame[1] {
        126 => 4,
        127 => 10,
        _ => 2,
    };
    let payload = input.split_off(header);
    input.extend_from_slice(&[0; 4]);
    input.unsplit(payload);
    input
}

const PLAIN: &str = "permessage-deflate";
const NO_TAKEOVER: &str =
    "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

/// The table of `DeflateConfig`: what a compressor takes, in KiB, for each number of window bits at
/// the memory levels 1, 5, 8 and 9.
const COMPRESSOR: [(u8, [isize; 4]); 7] = [
    (9, [134, 147, 245, 357]),
    (10, [136, 149, 247, 359]),
    (11, [140, 153, 251, 363]),
    (12, [148, 161, 259, 371]),
    (13, [164, 177, 275, 387]),
    (14, [196, 209, 307, 419]),
    (15, [260, 273, 371, 483]),
];

/// What receiving takes within a message, in KiB.
const DECOMPRESSOR: isize = 63;

/// Of many connections, so that what the pools keep does not count.
const MANY: isize = 20;

fn each(make: impl Fn() -> Connection, mut with: impl FnMut(&mut Connection)) -> isize {
    // The pools have a state then.
    with(&mut make());
    let mut connections: Vec<_> = (0..MANY).map(|_| make()).collect();
    let before = heap::held();
    connections.iter_mut().for_each(&mut with);
    let held = (heap::held() - before) / MANY;
    drop(connections);
    held
}

fn receive(connection: &mut Connection, input: &[u8], expected: &[u8]) {
    let mut input = BytesMut::from(input);
    match connection.receive(&mut input) {
        Ok(Some(Event::Message(message))) => assert_eq!(message.as_bytes(), expected),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_connections_hold() {
    let defaults = DeflateConfig::default();
    let text: Vec<u8> = (0..10_000_u32)
        .flat_map(|number| number.wrapping_mul(2_654_435_761).to_be_bytes())
        .map(|byte| byte % 23 + b'a')
        .collect();
    let frame = from_client(&send(&mut server(&defaults, NO_TAKEOVER), &text));

    // Negotiating allocates next to nothing, and what is made of it the same.
    let bare = {
        let before = heap::held();
        let connection = Connection::server(Config::default(), Negotiated::new());
        let bare = heap::held() - before;
        drop(connection);
        bare
    };
    let before = heap::held();
    let connection = server(&defaults.clone().send_takeover(true), PLAIN);
    assert!(
        heap::held() - before - bare < 512,
        "{}",
        heap::held() - before
    );
    drop(connection);

    // Without takeover nothing stays, in either direction, whatever was sent.
    let held = each(
        || server(&defaults, NO_TAKEOVER),
        |connection| {
            send(connection, &text);
            receive(connection, &frame, &text);
            let streamed = connection
                .send_chunk(MessageKind::Binary, text.clone(), false)
                .and_then(|()| connection.send_chunk(MessageKind::Binary, "", true));
            assert_eq!(streamed, Ok(()));
            drain(connection);
        },
    );
    assert_eq!(held, 0, "without takeover");

    // With takeover a receiver keeps the window, no more.
    for bits in 8..=15 {
        let answer = format!("{PLAIN}; client_max_window_bits={bits}");
        let held = each(
            || server(&defaults, &answer),
            |connection| receive(connection, &frame, &text),
        );
        assert_eq!(held, 1 << bits, "{bits} bits");
    }

    // Within a message, a receiver holds a decompressor and its block; the header of a frame takes
    // none.
    let [header, begun] = [6, 7].map(|len| {
        let mut small = from_client(&send(&mut server(&defaults, NO_TAKEOVER), &text[..99]));
        small.truncate(len);
        each(
            || server(&defaults, NO_TAKEOVER),
            |connection| assert_eq!(connection.receive(&mut small.clone()), Ok(None)),
        )
    });
    assert!(header < 100, "{header}");
    assert_eq!((begun + 1023) / 1024, DECOMPRESSOR);

    // With takeover a sender keeps the compressor.
    for (bits, expected) in COMPRESSOR {
        let held = [1, 5, 8, 9].map(|level| {
            let config = defaults
                .clone()
                .send_takeover(true)
                .send_window_bits(bits)
                .memory_level(level);
            let held = each(
                || server(&config, PLAIN),
                |connection| drop(send(connection, &text[..1000])),
            );
            (held + 512) / 1024
        });
        assert_eq!(held, expected, "{bits} bits");
    }

    // A message that is prepared is compressed once for all.
    let prepared = PreparedMessage::new(&text[..]);
    let held = each(
        || server(&defaults, NO_TAKEOVER),
        |connection| {
            assert_eq!(connection.send_prepared(&prepared), Ok(()));
        },
    );
    assert!(held < 500, "{held} for the queue of each");

    // To a peer that does not read, no more waits than is allowed.
    let max_queued = 64 << 10;
    let mut unread = Connection::server(
        Config::default()
            .max_queued(max_queued)
            .deflate(Some(defaults.clone())),
        Negotiated::new().with_deflate(params(NO_TAKEOVER)),
    );
    let zeros = bytes::Bytes::from(vec![0; 4 << 20]);
    let before = heap::held();
    let mut messages = 0;
    while unread.send(zeros.clone()).is_ok() {
        messages += 1;
    }
    let held = heap::held() - before;
    assert!(
        messages > 10 && held < 2 * max_queued as isize,
        "{held} for {messages} messages"
    );

    // A bomb takes no more than the message that it may become, and room to grow.
    let mut inflating = server(&defaults, PLAIN);
    let bomb = send(
        &mut Connection::server(
            Config::default().deflate(Some(defaults.clone().level(9))),
            Negotiated::new().with_deflate(params(NO_TAKEOVER)),
        ),
        &vec![0; 16 << 20],
    );
    assert!(bomb.len() < 20_000, "1000 to 1, about");
    let mut input = from_client(&bomb);
    let (result, peak) = heap::peak(|| inflating.receive(&mut input));
    assert_eq!(
        result.err().map(|error| error.kind()),
        Some(ReceiveErrorKind::MessageTooLarge)
    );
    assert!(peak < 3 << 20, "{peak} bytes for a limit of a MiB");
}
