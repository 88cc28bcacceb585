//! All sequences of up to five frames out of a small alphabet, against the model: what is told, what
//! is answered, and how it ends. What has ended goes on with one more frame, which must not count.

#![allow(clippy::expect_used, clippy::panic)]

mod model;

use bytes::{Buf as _, BytesMut};
use miniws_proto::negotiate::{DeflateParams, parse_extensions};
use miniws_proto::{
    CloseFrame, Config, Connection, DeflateConfig, Negotiated, ReceiveErrorKind as Kind, State,
};

use model::heard::{self, Heard};
use model::inflate::Compressed;
use model::{End, Receiver, Story};

/// A frame without its mask: what is in the first byte, and what comes behind it.
type Letter = (u8, Length, &'static [u8]);

/// How the length is written, and whether the frame is masked as it should be.
#[derive(Clone, Copy, Debug)]
enum Length {
    /// In the shortest form.
    Good,
    /// In the shortest form, with a mask where there should be none and without where there should.
    WrongMask,
    /// In 16 or 64 bits, whatever it is. The payload may be missing.
    In16(u16),
    In64(u64),
}
use Length::{Good, In16, In64, WrongMask};

const LONG: &[u8] = &[b'x'; 126];
const TOO_LONG: &[u8] = &[b'x'; 151];
const NORMAL: &[u8] = &[0x03, 0xe8];

/// For sequences of up to three.
const LARGE: &[Letter] = &[
    // Text: nothing, whole, the first half of a character, not UTF-8, with a length in 16 bits.
    (0x81, Good, b""),
    (0x81, Good, b"a"),
    (0x81, Good, b"\xc3"),
    (0x81, Good, b"a\xff"),
    (0x81, Good, LONG),
    (0x01, Good, b""),
    (0x01, Good, b"\xc3"),
    (0x01, Good, b"\xff"),
    (0x82, Good, b"\xff"),
    (0x02, Good, b"\xff"),
    (0x02, Good, LONG),
    // Continuations.
    (0x80, Good, b""),
    (0x80, Good, b"\xa9"),
    (0x80, Good, LONG),
    (0x00, Good, b""),
    (0x00, Good, b"a"),
    // Control frames.
    (0x89, Good, b""),
    (0x89, Good, b"p"),
    (0x8a, Good, b"p"),
    (0x88, Good, b""),
    (0x88, Good, NORMAL),
    (0x88, Good, b"\x0b\xb8bye"),
    (0x88, Good, b"\x03"),
    (0x88, Good, b"\x03\xed"),
    (0x88, Good, b"\x03\xe8\xff"),
    (0x09, Good, b"p"),
    (0x08, Good, NORMAL),
    (0x89, Good, LONG),
    // Headers that are wrong.
    (0x83, Good, b"a"),
    (0x8b, Good, b"a"),
    (0xa1, Good, b"a"),
    (0x99, Good, b"p"),
    (0xc0, Good, b""),
    (0x81, WrongMask, b"a"),
    (0x89, WrongMask, b"p"),
    (0x81, In16(1), b"a"),
    (0x82, In64(126), LONG),
    (0x82, In64(1 << 63), b""),
    (0x80, In64(u64::MAX), b""),
    (0x82, In64(1 << 62), b""),
    (0x82, Good, TOO_LONG),
    (0x02, In16(126), b"not all of it"),
    // Compressed: a text, its two parts, what is no stream, and what becomes too long.
    (0xc1, Good, b"\xf2\x48\xcd\xc9\xc9\x07\x00"),
    (0x41, Good, b"\xf2\x48\xcd"),
    (0x80, Good, b"\xc9\xc9\x07\x00"),
    (0xc2, Good, b"\x07"),
    (0xc2, Good, b"\x62\x60\x18\x05\xc4\x02\x00\x00"),
    (0xc9, Good, b""),
];

/// For sequences of up to five: each opcode, ends and middles, lengths of each form, valid and not.
const SMALL: &[Letter] = &[
    (0x81, Good, b"a"),
    (0x01, Good, b"\xc3"),
    (0x00, Good, b""),
    (0x80, Good, b"\xa9"),
    (0x02, Good, b"b"),
    (0x82, Good, LONG),
    (0x89, Good, b"p"),
    (0x8a, Good, b"p"),
    (0x88, Good, NORMAL),
    (0x41, Good, b"\xf2\x48\xcd\xc9\xc9\x07\x00"),
    (0x83, Good, b"a"),
    (0x09, Good, b"p"),
    (0x80, In64(1 << 62), b""),
];

#[test]
fn of_three_frames_at_a_server() {
    World::new(true).explore(LARGE, 3);
}

#[test]
fn of_three_frames_at_a_client() {
    World::new(false).explore(LARGE, 3);
}

#[test]
fn of_five_frames_at_a_server() {
    World::new(true).explore(SMALL, 5);
}

#[test]
fn of_five_frames_at_a_client() {
    World::new(false).explore(SMALL, 5);
}

/// What the connections of a run have in common.
#[derive(Clone, Copy)]
struct World {
    receiver: Receiver,
}

impl World {
    fn new(is_server: bool) -> Self {
        let receiver = Receiver {
            is_server,
            chunks: false,
            max_message: 200,
            max_frame: 150,
            max_fragments: 3,
            compressed: Some(Compressed {
                window_bits: Some(15),
                max_ratio: None,
            }),
        };
        Self { receiver }
    }

    /// In chunks and not, with compression and without.
    fn explore(mut self, alphabet: &[Letter], depth: usize) {
        for chunks in [false, true] {
            self.receiver.chunks = chunks;
            let letters: Vec<_> = alphabet.iter().map(|one| self.frame(*one)).collect();
            self.go_on(&letters, depth, &mut Vec::new());
        }
        self.receiver.compressed = None;
        let letters: Vec<_> = alphabet.iter().map(|one| self.frame(*one)).collect();
        self.go_on(&letters, depth - 1, &mut Vec::new());
    }

    fn go_on(self, letters: &[Vec<u8>], depth: usize, stream: &mut Vec<u8>) {
        let len = stream.len();
        for letter in letters {
            stream.extend_from_slice(letter);
            let story = model::receive(self.receiver, stream);
            if story.end != End::Starved {
                stream.extend_from_slice(&letters[0]);
            }
            self.check(stream, &story);
            if story.end == End::Starved && depth > 1 {
                self.go_on(letters, depth - 1, stream);
            }
            stream.truncate(len);
        }
    }

    /// Whole, and byte by byte.
    fn check(self, stream: &[u8], story: &Story) {
        for piece in [stream.len(), 1] {
            let mut connection = self.connection();
            let mut input = BytesMut::new();
            let (mut told, mut output) = (Vec::new(), Vec::new());
            for piece in stream.chunks(piece) {
                input.extend_from_slice(piece);
                while let Ok(Some(event)) = connection.receive(&mut input) {
                    heard::push(&mut told, Heard::from(&event));
                    drain(&mut connection, &mut output);
                }
                drain(&mut connection, &mut output);
            }
            if let Ok(Some(event)) = connection.receive(&mut input) {
                heard::push(&mut told, Heard::from(&event));
            }
            let what = || format!("{stream:x?} in pieces of {piece}");
            assert_eq!(told, story.heard, "{}", what());
            let error = connection
                .error()
                .map(|error| (error.kind(), error.offset()));
            let expected = match story.end {
                End::Failed(kind) => Some((kind, story.offset as u64)),
                End::Starved | End::Closed => None,
            };
            assert_eq!(error, expected, "{}", what());
            assert_eq!(output, self.answer(story), "{}", what());
            let is_open = story.end == End::Starved;
            assert_eq!(connection.state() == State::Open, is_open, "{}", what());
            assert_eq!(connection.close_status().is_none(), is_open, "{}", what());
            assert_eq!(
                connection.wants_shutdown(),
                !is_open && self.receiver.is_server
            );
        }
    }

    fn connection(self) -> Connection {
        let receiver = self.receiver;
        let config = Config::default()
            .chunks(receiver.chunks)
            .max_message_size(receiver.max_message)
            .max_frame_size(receiver.max_frame)
            .max_fragments(receiver.max_fragments as u32)
            .deflate(Some(DeflateConfig::default()));
        let mut negotiated = Negotiated::new();
        if receiver.compressed.is_some() {
            let answer = parse_extensions(["permessage-deflate"]).expect("it is in order");
            let params = DeflateParams::from_extension(&answer[0]).expect("it is in order");
            negotiated = negotiated.with_deflate(params);
        }
        match receiver.is_server {
            true => Connection::server(config, negotiated),
            false => Connection::client(config, negotiated, |key: &mut [u8]| key.fill(0)),
        }
    }

    /// A frame as the peer sends it.
    fn frame(self, (first, length, payload): Letter) -> Vec<u8> {
        let is_masked = self.receiver.is_server != matches!(length, WrongMask);
        let mask = if is_masked { 0x80 } else { 0 };
        let mut frame = match (length, payload.len()) {
            (In16(len), _) => [&[first, mask | 126][..], &len.to_be_bytes()].concat(),
            (In64(len), _) => [&[first, mask | 127][..], &len.to_be_bytes()].concat(),
            (_, len @ ..126) => vec![first, mask | len as u8],
            (_, len) => [&[first, mask | 126][..], &(len as u16).to_be_bytes()].concat(),
        };
        if is_masked {
            let key = [1, 2, 3, 4];
            frame.extend_from_slice(&key);
            frame.extend(
                payload
                    .iter()
                    .zip(key.iter().cycle())
                    .map(|(byte, key)| byte ^ key),
            );
        } else {
            frame.extend_from_slice(payload);
        }
        frame
    }

    /// All that is sent: a pong for each ping, and the close that belongs to the end.
    fn answer(self, story: &Story) -> Vec<u8> {
        let mut answer = Vec::new();
        let mut control = |opcode: u8, payload: &[u8]| {
            match self.receiver.is_server {
                true => answer.extend_from_slice(&[opcode, payload.len() as u8]),
                false => {
                    answer.extend_from_slice(&[opcode, 0x80 | payload.len() as u8, 0, 0, 0, 0]);
                }
            }
            answer.extend_from_slice(payload);
        };
        for heard in &story.heard {
            match heard {
                Heard::Ping(payload) => control(0x8a, payload),
                Heard::Close(frame) => {
                    let code = frame.as_ref().map(CloseFrame::code);
                    let code = code.map(|code| u16::from(code).to_be_bytes());
                    control(0x88, code.as_ref().map_or(&[], |code| &code[..]));
                }
                Heard::Data { .. } | Heard::Pong(_) => {}
            }
        }
        if let End::Failed(kind) = story.end {
            control(0x88, &code(kind).to_be_bytes());
        }
        answer
    }
}

/// RFC 6455 section 7.4.1.
fn code(kind: Kind) -> u16 {
    match kind {
        Kind::InvalidUtf8 | Kind::InvalidDeflate => 1007,
        Kind::FrameTooLarge | Kind::MessageTooLarge | Kind::TooManyFragments => 1009,
        _ => 1002,
    }
}

fn drain(connection: &mut Connection, output: &mut Vec<u8>) {
    while connection.outgoing().has_remaining() {
        let queue = connection.outgoing();
        let count = queue.chunk().len();
        output.extend_from_slice(queue.chunk());
        queue.advance(count);
    }
}
