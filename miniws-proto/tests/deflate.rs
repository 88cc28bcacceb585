//! Compression between two ends, with every set of parameters.

#![allow(clippy::panic, clippy::unwrap_used)]

use bytes::{Buf, BytesMut};
use miniws_proto::negotiate::{confirm_deflate, offer_deflate, parse_extensions, select_deflate};
use miniws_proto::{
    Compression, Config, Connection, DeflateConfig, Event, Message, MessageKind, Negotiated,
    PreparedMessage, ReceiveErrorKind,
};

/// Both ends of a connection whose handshake has been done with these settings.
fn connected(server: &DeflateConfig, client: &DeflateConfig, chunks: bool) -> [Connection; 2] {
    let offer = offer_deflate(client);
    let offers = parse_extensions([&*offer]).unwrap();
    let chosen = select_deflate(server, &offers).unwrap();
    let answer = parse_extensions([&*chosen.to_string()]).unwrap();
    let confirmed = confirm_deflate(client, &answer).unwrap().unwrap();
    assert_eq!(confirmed, chosen);
    let config = |deflate: &DeflateConfig| {
        Config::default()
            .chunks(chunks)
            .deflate(Some(deflate.clone()))
    };
    let negotiated = Negotiated::new().with_deflate(chosen);
    let entropy = |destination: &mut [u8]| destination.fill(0x5a);
    [
        Connection::server(config(server), negotiated.clone()),
        Connection::client(config(client), negotiated, entropy),
    ]
}

fn output(connection: &mut Connection) -> Vec<u8> {
    let mut output = Vec::new();
    while connection.outgoing().has_remaining() {
        let len = connection.outgoing().chunk().len();
        output.extend_from_slice(connection.outgoing().chunk());
        connection.outgoing().advance(len);
    }
    output
}

/// What comes out of `bytes`, which arrive in pieces of `cut`: the data of each message.
fn received(connection: &mut Connection, bytes: &[u8], cut: usize) -> Vec<Vec<u8>> {
    let mut input = BytesMut::new();
    let mut messages = Vec::new();
    let mut current = Vec::new();
    for piece in bytes.chunks(cut) {
        input.extend_from_slice(piece);
        while let Some(event) = connection.receive(&mut input).unwrap() {
            match event {
                Event::Message(message) => messages.push(message.as_bytes().to_vec()),
                Event::Chunk { data, last, .. } => {
                    assert!(data.len() <= 16 << 10, "a chunk is bounded");
                    current.extend_from_slice(&data);
                    if last {
                        messages.push(std::mem::take(&mut current));
                    }
                }
                other => panic!("{other:?}"),
            }
        }
    }
    messages
}

/// Like a protocol of some application: much is alike, nothing is the same.
fn messages() -> Vec<Vec<u8>> {
    let mut random = 1_u32;
    let mut number = move || {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        random >> 8
    };
    let lengths = [0, 1, 40, 300, 0, 5000, 16 << 10, 40_000, 200];
    lengths
        .into_iter()
        .map(|len| {
            let mut message = Vec::new();
            while message.len() < len {
                let (id, price) = (number() % 1000, number());
                message.extend(format!("{{\"id\":{id},\"price\":{price}}},").bytes());
            }
            message.truncate(len);
            message
        })
        .collect()
}

#[test]
fn every_set_of_parameters() {
    let messages = messages();
    let binary = |message: &Vec<u8>| Message::from(&message[..]);
    for set in 0..64 {
        let is = |bit: u32| set >> bit & 1 == 1;
        let bits = |bit: u32| if is(bit) { 15 } else { 9 };
        let config = |first: u32| {
            DeflateConfig::default()
                .send_takeover(is(first))
                .receive_takeover(is(first + 1))
                .send_window_bits(bits(first + 2))
                .threshold(if is(first) { 0 } else { 256 })
        };
        let (server, client) = (config(0), config(3).receive_window_bits(bits(1)));
        let (chunks, cut) = [(false, usize::MAX), (true, 1000), (false, 77)][set % 3];
        let [mut server, mut client] = connected(&server, &client, chunks);
        for message in &messages {
            server.send(binary(message)).unwrap();
            client.send(binary(message)).unwrap();
        }
        let (down, up) = (output(&mut server), output(&mut client));
        assert!(down.len() < 40_000 && up.len() < 40_000);
        assert_eq!(received(&mut client, &down, cut), messages);
        assert_eq!(received(&mut server, &up, cut), messages);
    }
}

/// What a server makes of `bytes` that arrive in pieces of `cut`: its messages, and its error.
/// What is received, and what ends it. Chunks that follow each other within a message are one.
fn outcome(bytes: &[u8], cut: usize, chunks: bool) -> (Vec<Event>, Option<ReceiveErrorKind>) {
    let deflate = DeflateConfig::default()
        .max_ratio(Some(100))
        .send_takeover(true)
        .receive_window_bits(15);
    let plain = parse_extensions(["permessage-deflate"]).unwrap();
    let negotiated = Negotiated::new().with_deflate(select_deflate(&deflate, &plain).unwrap());
    let config = Config::default()
        .max_message_size(40_000)
        .chunks(chunks)
        .deflate(Some(deflate));
    let mut server = Connection::server(config, negotiated);
    let mut input = BytesMut::new();
    let mut events = Vec::new();
    for piece in bytes.chunks(cut) {
        input.extend_from_slice(piece);
        loop {
            match server.receive(&mut input) {
                Ok(Some(event)) => push(&mut events, event),
                Ok(None) => break,
                Err(error) => return (events, Some(error.kind())),
            }
        }
    }
    (events, None)
}

fn push(events: &mut Vec<Event>, event: Event) {
    match (events.last_mut(), event) {
        (
            Some(Event::Chunk {
                data: before,
                last: was_last @ false,
                ..
            }),
            Event::Chunk { data, last, .. },
        ) => {
            *before = [&before[..], &data].concat().into();
            *was_last = last;
        }
        (_, event) => events.push(event),
    }
}

/// Streams with a bit or two flipped in them, messages that are too large, text that is not: how they
/// are cut makes no difference to what is received, nor to which error ends it.
#[test]
fn what_is_wrong_is_found_however_it_is_cut() {
    let mut random = 7_u64;
    let mut number = move |below: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        (random >> 16) as usize % below
    };
    let mut errors = Vec::new();
    for round in 0..400 {
        let config = DeflateConfig::default()
            .send_takeover(true)
            .level(1 + (round % 9) as u8)
            .threshold(0);
        let open = DeflateConfig::default().receive_window_bits(15);
        let [_, mut client] = connected(&open, &config, false);
        for _ in 0..2 {
            let len = [20, 500, 3000, 39_990][number(4)] + number(20);
            let alphabet = [1, 2, 20][number(3)];
            let text: String = (0..len)
                .map(|_| ['a', 'ü', '世'][number(alphabet.min(3))])
                .take(len / 2)
                .collect();
            client.send(text).unwrap();
        }
        let mut bytes = output(&mut client);
        // Masked, a flipped bit is a flipped bit; in a header it may make another frame of it.
        for _ in 0..number(3) {
            let at = number(bytes.len());
            bytes[at] ^= 1 << number(8);
        }
        let small = 2 + number(50);
        for chunks in [false, true] {
            let whole = outcome(&bytes, usize::MAX, chunks);
            for cut in [1, small] {
                let cut_up = outcome(&bytes, cut, chunks);
                assert!(cut_up == whole, "round {round}, cut {cut}, chunks {chunks}");
            }
            errors.extend(whole.1);
        }
    }
    for kind in [
        ReceiveErrorKind::InvalidDeflate,
        ReceiveErrorKind::InvalidUtf8,
        ReceiveErrorKind::MessageTooLarge,
        ReceiveErrorKind::RatioTooHigh,
    ] {
        let count = errors.iter().filter(|error| **error == kind).count();
        assert!(count > 2, "{kind:?} {count} times");
    }
}

/// Sixteen MiB out of sixteen KiB, all of which have arrived: they come when they are asked for.
#[test]
fn a_small_input_comes_out_as_many_chunks() {
    let config = DeflateConfig::default();
    let [mut server, mut client] = connected(&config, &config, true);
    client.send(vec![0; 16 << 20]).unwrap();
    let mut input = BytesMut::from(&output(&mut client)[..]);
    let (mut total, mut calls_without_input) = (0, 0);
    loop {
        calls_without_input += usize::from(input.is_empty());
        match server.receive(&mut input).unwrap() {
            Some(Event::Chunk { data, last, .. }) => {
                assert!(data.len() <= 16 << 10);
                total += data.len();
                if last {
                    break;
                }
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(total, 16 << 20);
    assert!(calls_without_input > 0);
    assert_eq!(server.receive(&mut input), Ok(None));
}

#[test]
fn a_secret_is_not_compressed_in_chunks_either() {
    let config = DeflateConfig::default();
    let [mut server, _] = connected(&config, &config, false);
    let text = MessageKind::Text;
    for (piece, last) in [("a ", false), ("secret", true)] {
        server
            .send_chunk_with(text, piece, last, Compression::Never)
            .unwrap();
    }
    assert_eq!(output(&mut server), b"\x01\x02a \x80\x06secret");
}

/// The choice for the first piece holds.
#[test]
fn a_message_in_chunks_is_compressed_or_not() {
    let config = DeflateConfig::default();
    let [mut server, mut client] = connected(&config, &config, false);
    let text = MessageKind::Text;
    for (piece, last, compression) in [
        ("a ", false, Compression::Always),
        ("message", true, Compression::Never),
    ] {
        server
            .send_chunk_with(text, piece, last, compression)
            .unwrap();
    }
    let output = output(&mut server);
    assert_eq!(output[0], 0x41);
    let messages = received(&mut client, &output, 1);
    assert_eq!(messages, [b"a message"]);
}

/// The very same bytes go to all.
#[test]
fn a_prepared_message_is_compressed_once() {
    let config = DeflateConfig::default();
    // Less than half of it remains, and that is not copied.
    let text: String = (0..10_000_u32).map(|at| format!("{at} ")).collect();
    let prepared = PreparedMessage::new(text.clone());
    let sent: Vec<_> = std::thread::scope(|scope| {
        let threads = [(); 4].map(|()| {
            scope.spawn(|| {
                let [mut server, mut client] = connected(&config, &config, false);
                server.send_prepared(&prepared.clone()).unwrap();
                let place = server.outgoing().chunk().as_ptr() as usize;
                let output = output(&mut server);
                assert_eq!(output[0], 0xc1);
                assert_eq!(
                    received(&mut client, &output, usize::MAX),
                    [text.as_bytes()]
                );
                place
            })
        });
        threads.map(|thread| thread.join().unwrap()).to_vec()
    });
    assert!(sent.iter().all(|place| *place == sent[0]), "{sent:?}");

    // Another set of parameters is another recipe.
    let [mut server, _] = connected(&config.clone().send_window_bits(10), &config, false);
    server.send_prepared(&prepared).unwrap();
    assert_ne!(server.outgoing().chunk().as_ptr() as usize, sent[0]);
}

/// Only where a compressor is kept, and not for ever.
#[test]
fn who_may_release_a_compressor() {
    let default = DeflateConfig::default();
    let takeover = default.clone().send_takeover(true);
    let forever = takeover.clone().release_after(None);
    let modest = default.clone().receive_takeover(false);
    let smallest = default.clone().receive_window_bits(8);
    for (own, peer, expected) in [
        (&takeover, &default, true),
        (&default, &default, false),
        (&forever, &default, false),
        (&takeover, &modest, false),
        (&takeover, &smallest, false),
    ] {
        let [server, client] = connected(peer, own, false);
        assert!(!server.may_release());
        assert_eq!(client.may_release(), expected, "{own:?} with {peer:?}");
    }
    let negotiated = Negotiated::new();
    assert!(!Connection::server(Config::default(), negotiated).may_release());
}
