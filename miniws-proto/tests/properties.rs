//! Whatever the application calls, the peer sends, the transport takes and the clock says: nothing is
//! lost, doubled or reordered, what is held stays bounded, and both sides end.

#![allow(clippy::expect_used, clippy::panic)]

mod model;

use std::time::Duration;

use bytes::{Buf as _, BytesMut};
use miniws_proto::{
    CloseFrame, Config, Connection, Message, MessageKind, Negotiated, PreparedMessage, SendError,
    State, Time,
};
use proptest::prelude::*;

use model::heard::{self, Heard};
use model::{End, Receiver};

/// What happens to a connection.
#[derive(Clone, Debug)]
enum Op {
    Send(Message),
    Prepared(Message),
    Chunk(MessageKind, Vec<u8>, bool),
    Ping(Vec<u8>),
    Close(u16),
    /// The transport takes so many bytes.
    Write(usize),
    /// So many milliseconds pass.
    Time(u64),
}

/// The longest message that is sent, and the most that frames and pongs add to a queue.
const LONGEST: usize = 3000;
const MAX_QUEUED: usize = 2000;
const OVERHEAD: usize = 16 << 10;

fn op() -> impl Strategy<Value = Op> {
    let bytes = prop_oneof![
        3 => prop::collection::vec(any::<u8>(), 0..20),
        1 => (0..LONGEST).prop_map(|len| vec![b'x'; len]),
    ];
    let message = prop_oneof![
        ".{0,20}".prop_map(Message::from),
        bytes.clone().prop_map(Message::from),
    ];
    let kind = prop_oneof![Just(MessageKind::Text), Just(MessageKind::Binary)];
    prop_oneof![
        4 => message.clone().prop_map(Op::Send),
        1 => message.prop_map(Op::Prepared),
        2 => (kind, bytes.clone(), any::<bool>()).prop_map(|(kind, data, last)| {
            Op::Chunk(kind, data, last)
        }),
        2 => prop::collection::vec(any::<u8>(), 0..=125).prop_map(Op::Ping),
        1 => prop_oneof![Just(1000), Just(1011), 3000..5000_u16].prop_map(Op::Close),
        8 => prop_oneof![0..10_usize, 0..5000_usize, Just(usize::MAX)].prop_map(Op::Write),
        2 => (0..8000_u64).prop_map(Op::Time),
    ]
}

/// A frame that a peer may send, in order or not.
fn frame(is_masked: bool) -> impl Strategy<Value = Vec<u8>> {
    let first = prop_oneof![
        8 => prop::sample::select(&[0x81_u8, 0x82, 0x01, 0x02, 0x80, 0x00, 0x89, 0x8a][..]),
        1 => any::<u8>(),
        1 => Just(0x88),
    ];
    let payload = prop_oneof![
        4 => ".{0,10}".prop_map(String::into_bytes),
        1 => prop::collection::vec(any::<u8>(), 0..10),
        1 => Just(vec![b'x'; 200]),
        1 => Just(vec![0x03, 0xe8]),
    ];
    (first, payload, any::<[u8; 4]>()).prop_map(move |(first, payload, key)| {
        let mask = if is_masked { 0x80 } else { 0 };
        let mut frame = match payload.len() {
            len @ ..126 => vec![first, mask | len as u8],
            len => vec![first, mask | 126, 0, len as u8],
        };
        if is_masked {
            frame.extend_from_slice(&key);
            let masked = payload.iter().zip(key.iter().cycle());
            frame.extend(masked.map(|(byte, key)| byte ^ key));
        } else {
            frame.extend_from_slice(&payload);
        }
        frame
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// A client and a server, back to back.
    #[test]
    fn what_one_side_sends_the_other_hears(
        fragments in prop::option::of(1..2000_usize),
        chunks in any::<bool>(),
        ops in prop::collection::vec((any::<bool>(), op()), 0..60),
    ) {
        let config = config(fragments, chunks);
        let mut sides = [Side::new(&config, true), Side::new(&config, false)];
        let mut now = Time::default();
        for (is_server, op) in ops {
            let at = usize::from(!is_server);
            match op {
                Op::Time(milliseconds) => {
                    now = now + Duration::from_millis(milliseconds);
                    sides.iter_mut().for_each(|side| side.tick(now));
                }
                Op::Write(count) => deliver(&mut sides, at, count),
                op => sides[at].call(op),
            }
        }
        // The end: all that waits is written, and a client that is still open closes.
        while sides.iter_mut().any(|side| side.connection.outgoing().has_remaining()) {
            deliver(&mut sides, 0, usize::MAX);
            deliver(&mut sides, 1, usize::MAX);
        }
        sides[1].call(Op::Close(1000));
        for _ in 0..3 {
            deliver(&mut sides, 1, usize::MAX);
            deliver(&mut sides, 0, usize::MAX);
        }
        for side in &mut sides {
            side.connection.receive_eof();
            side.receive();
            prop_assert_eq!(side.connection.state(), State::Closed);
            prop_assert_eq!(side.connection.poll_timeout(now), None);
        }
        let [server, client] = &sides;
        for (from, to) in [(server, client), (client, server)] {
            let sent = from.whole_messages(chunks);
            let is_cut_off = [from, to].iter().any(|side| side.connection.error().is_some());
            match is_cut_off {
                // A deadline has passed. What came before that came in order.
                true => prop_assert!(is_beginning(&to.heard, &sent)),
                false => {
                    prop_assert_eq!(&to.heard, &sent);
                    prop_assert!(to.connection.close_status().is_some_and(|status| status.clean));
                }
            }
            prop_assert!(is_among(&from.pongs, &from.pings), "pongs answer pings, in order");
        }
    }

    /// One side, and a peer that may send anything.
    #[test]
    fn whatever_the_peer_sends(
        is_server in any::<bool>(),
        fragments in prop::option::of(1..2000_usize),
        chunks in any::<bool>(),
        ops in prop::collection::vec(op(), 0..40),
        frames in prop::collection::vec(frame(true), 0..40),
        cut in 1..40_usize,
    ) {
        let frames: Vec<Vec<u8>> = match is_server {
            true => frames,
            false => frames.iter().map(|frame| unmasked(frame)).collect(),
        };
        let stream = frames.concat();
        let mut side = Side::new(&config(fragments, chunks), is_server);
        let mut output = Vec::new();
        let mut now = Time::default();
        let mut pieces = stream.chunks(cut);
        let mut ops = ops.into_iter();
        // Each in turn.
        loop {
            let (piece, op) = (pieces.next(), ops.next());
            if piece.is_none() && op.is_none() {
                break;
            }
            side.input.extend_from_slice(piece.unwrap_or_default());
            side.receive();
            match op {
                Some(Op::Time(milliseconds)) => {
                    now = now + Duration::from_millis(milliseconds);
                    side.tick(now);
                }
                Some(Op::Write(count)) => side.write(count, &mut output),
                Some(op) => side.call(op),
                None => {}
            }
        }
        side.write(usize::MAX, &mut output);
        side.receive();

        let story = model::receive(receiver(is_server, chunks), &stream);
        let (data, pings): (Vec<_>, Vec<_>) = split(&story.heard);
        match (side.connection.error(), &story.end) {
            (None, End::Failed(kind)) => prop_assert!(false, "{kind:?} was not found"),
            (Some(error), End::Failed(kind)) if error.kind() == *kind => {
                prop_assert_eq!(&side.heard, &data);
                prop_assert_eq!(error.offset(), story.offset as u64);
            }
            // A deadline has passed.
            (Some(_), _) => prop_assert!(is_beginning(&side.heard, &data)),
            (None, _) => prop_assert_eq!(&side.heard, &data),
        }

        // What came out is in order for a peer: messages as they were sent, pongs to pings, and
        // nothing but pongs behind a close (RFC 6455 section 5.5.1).
        let answer = model::receive(receiver(!is_server, false), &output);
        prop_assert!(!matches!(answer.end, End::Failed(_)), "{:?}", answer.end);
        let behind = model::receive(receiver(!is_server, false), &output[answer.offset..]);
        prop_assert_eq!(&behind.end, &End::Starved);
        // A deadline may have ended it within a frame.
        let is_over = side.connection.state() == State::Closed;
        prop_assert!(is_over || answer.offset + behind.offset == output.len());
        prop_assert!(behind.heard.iter().all(|heard| matches!(heard, Heard::Pong(_))));
        let (messages, _) = split(&answer.heard);
        prop_assert!(is_beginning(&messages, &side.whole_messages(false)));
        let pongs: Vec<_> = answer.heard.iter().chain(&behind.heard).filter_map(|heard| {
            match heard {
                Heard::Pong(payload) => Some(payload.clone()),
                _ => None,
            }
        }).collect();
        prop_assert!(is_among(&pongs, &pings), "pongs answer pings, in order");

        side.connection.receive_eof();
        prop_assert_eq!(side.connection.state(), State::Closed);
        prop_assert!(side.connection.close_status().is_some());
    }
}

fn config(fragments: Option<usize>, chunks: bool) -> Config {
    Config::default()
        .max_queued(MAX_QUEUED)
        .fragment_size(fragments)
        .chunks(chunks)
        .idle_timeout(Some(Duration::from_secs(60)))
}

fn receiver(is_server: bool, chunks: bool) -> Receiver {
    Receiver {
        is_server,
        chunks,
        max_message: 16 << 20,
        max_frame: 16 << 20,
        max_fragments: 1 << 17,
        compressed: None,
    }
}

struct Side {
    connection: Connection,
    input: BytesMut,
    /// What was sent, and taken.
    sent: Vec<Heard>,
    pings: Vec<Vec<u8>>,
    /// What came, but for control frames.
    heard: Vec<Heard>,
    pongs: Vec<Vec<u8>>,
}

impl Side {
    fn new(config: &Config, is_server: bool) -> Self {
        let (config, negotiated) = (config.clone(), Negotiated::new());
        Self {
            connection: match is_server {
                true => Connection::server(config, negotiated),
                false => Connection::client(config, negotiated, |key: &mut [u8]| key.fill(0x5a)),
            },
            input: BytesMut::new(),
            sent: Vec::new(),
            pings: Vec::new(),
            heard: Vec::new(),
            pongs: Vec::new(),
        }
    }

    /// A call of the application. What is refused leaves no trace.
    fn call(&mut self, op: Op) {
        let connection = &mut self.connection;
        let is_open = connection.state() == State::Open;
        let result = match op {
            Op::Send(message) => connection.send(message.clone()).map(|()| {
                let sent = Heard::data(message.kind(), message.as_bytes(), true);
                self.sent.push(sent);
            }),
            Op::Prepared(message) => {
                let prepared = PreparedMessage::new(message.clone());
                connection.send_prepared(&prepared).map(|()| {
                    let sent = Heard::data(message.kind(), message.as_bytes(), true);
                    self.sent.push(sent);
                })
            }
            Op::Chunk(kind, data, last) => {
                connection.send_chunk(kind, data.clone(), last).map(|()| {
                    heard::push(&mut self.sent, Heard::data(kind, &data, last));
                })
            }
            Op::Ping(payload) => connection.ping(&payload).map(|()| self.pings.push(payload)),
            Op::Close(code) => {
                let frame = CloseFrame::new(code.into(), "").expect("it may be sent");
                connection.close(Some(frame))
            }
            Op::Write(_) | Op::Time(_) => return,
        };
        match result {
            Err(SendError::Closed) => assert!(!is_open),
            _ => assert!(is_open),
        }
    }

    fn receive(&mut self) {
        while let Ok(Some(event)) = self.connection.receive(&mut self.input) {
            match Heard::from(&event) {
                Heard::Pong(payload) => self.pongs.push(payload),
                Heard::Ping(_) | Heard::Close(_) => {}
                data => heard::push(&mut self.heard, data),
            }
        }
        let queued = self.connection.outgoing().len();
        assert!(
            queued <= MAX_QUEUED + LONGEST + OVERHEAD,
            "{queued} bytes are queued"
        );
    }

    fn tick(&mut self, now: Time) {
        self.connection.handle_timeout(now);
        let next = self.connection.poll_timeout(now);
        assert!(next.is_none_or(|next| next > now), "what is due is done");
    }

    fn write(&mut self, mut count: usize, output: &mut Vec<u8>) {
        loop {
            let queue = self.connection.outgoing();
            let taken = queue.chunk().len().min(count);
            if taken == 0 {
                return;
            }
            output.extend_from_slice(&queue.chunk()[..taken]);
            queue.advance(taken);
            count -= taken;
        }
    }

    /// What the other side has to hear: in whole messages, not what was left unfinished.
    fn whole_messages(&self, chunks: bool) -> Vec<Heard> {
        let mut sent = self.sent.clone();
        if let Some(Heard::Data {
            data, last: false, ..
        }) = sent.last()
            && (!chunks || data.is_empty())
        {
            sent.pop();
        }
        sent
    }
}

/// Moves bytes from one side to the other.
fn deliver(sides: &mut [Side; 2], from: usize, count: usize) {
    let mut bytes = Vec::new();
    sides[from].write(count, &mut bytes);
    sides[1 - from].input.extend_from_slice(&bytes);
    sides[1 - from].receive();
    sides[from].receive();
}

/// Messages, and the payloads of pings.
fn split(heard: &[Heard]) -> (Vec<Heard>, Vec<Vec<u8>>) {
    let (mut data, mut pings) = (Vec::new(), Vec::new());
    for heard in heard {
        match heard {
            // Control frames may come between the chunks of a message.
            Heard::Data { .. } => heard::push(&mut data, heard.clone()),
            Heard::Ping(payload) => pings.push(payload.clone()),
            Heard::Pong(_) | Heard::Close(_) => {}
        }
    }
    (data, pings)
}

/// Whether `heard` is what `all` begins with. In chunks, the last message may not be all there.
fn is_beginning(heard: &[Heard], all: &[Heard]) -> bool {
    match heard.split_last() {
        None => true,
        Some((last, before)) => {
            let is_part = match (last, all.get(before.len())) {
                (
                    Heard::Data {
                        kind,
                        data,
                        last: false,
                    },
                    Some(Heard::Data {
                        kind: all_kind,
                        data: all,
                        ..
                    }),
                ) => kind == all_kind && all.starts_with(data),
                (last, one) => one == Some(last),
            };
            is_part && all.starts_with(before)
        }
    }
}

/// Whether `some` are among `all`, in their order.
fn is_among(some: &[Vec<u8>], all: &[Vec<u8>]) -> bool {
    let mut all = all.iter();
    some.iter().all(|one| all.any(|other| other == one))
}

/// A frame with its mask taken off.
fn unmasked(frame: &[u8]) -> Vec<u8> {
    let (header, rest) = match frame[1] & 0x7f {
        126 => frame.split_at(4),
        _ => frame.split_at(2),
    };
    let (key, payload) = rest.split_at(4);
    let mut unmasked = header.to_vec();
    unmasked[1] &= 0x7f;
    unmasked.extend(
        payload
            .iter()
            .zip(key.iter().cycle())
            .map(|(byte, key)| byte ^ key),
    );
    unmasked
}
