//! A client and a server, connected back to back.

use std::collections::VecDeque;
use std::sync::LazyLock;
use std::time::Duration;

use arbitrary::{Arbitrary, Result, Unstructured};
use bytes::{Buf as _, Bytes, BytesMut};
use miniws_proto::negotiate::{offer_deflate, parse_extensions, select_deflate};
use miniws_proto::{
    CloseCode, CloseFrame, CloseStatus, Config, Connection, DeflateConfig, Event, Message,
    MessageKind, Negotiated, PreparedMessage, SendError, State, Time, Utf8Bytes,
};

use crate::limits::FromOne;
use crate::model::heard::{self, Heard};

/// How both sides are set up, and then calls of theirs until the input is used up. In the end
/// everything is delivered, and the connection is closed.
pub fn round_trip(data: &[u8]) {
    let mut input = Unstructured::new(data);
    let Ok(mut pair) = Pair::new(&mut input) else {
        return;
    };
    while !input.is_empty() {
        let Ok(()) = pair.step(&mut input) else {
            break;
        };
    }
    pair.finish();
}

/// The server first.
struct Pair {
    sides: [Side; 2],
    now: Time,
}

struct Side {
    connection: Connection,
    max_queued: usize,
    chunks: bool,
    input: BytesMut,
    /// What the other side has to hear, in this order.
    messages: Vec<Heard>,
    pings: Vec<Vec<u8>>,
    close: Option<Option<CloseFrame>>,
    /// What this side has heard.
    heard: Vec<Heard>,
    heard_pings: Vec<Vec<u8>>,
    heard_pongs: Vec<Vec<u8>>,
    heard_close: Option<Option<CloseFrame>>,
}

/// The longest message, and what a frame adds to it at most.
const MAX_MESSAGE: usize = 255 * 255 / 2;
const MAX_HEADER: usize = 14;
const CONTROL: usize = 2 + 4 + 125;
const PONG_MARK: usize = 16 << 10;

impl Pair {
    fn new(input: &mut Unstructured<'_>) -> Result<Self> {
        let setups = [Setup::arbitrary(input)?, Setup::arbitrary(input)?];
        let negotiated = negotiate(setups);
        let [server, client] = setups;
        Ok(Self {
            sides: [
                Side::new(server, true, negotiated.clone()),
                Side::new(client, false, negotiated),
            ],
            now: Time::default(),
        })
    }

    fn step(&mut self, input: &mut Unstructured<'_>) -> Result<()> {
        let choice = u8::arbitrary(input)?;
        let from = usize::from(choice & 1);
        let kind = match choice & 2 {
            0 => MessageKind::Text,
            _ => MessageKind::Binary,
        };
        let side = &mut self.sides[from];
        match choice >> 2 & 7 {
            0 => {
                let message = message(kind, len(input)?);
                let result = side.connection.send(message.clone());
                side.sent(message, result);
            }
            1 => {
                let message = message(kind, len(input)?);
                let prepared = PreparedMessage::new(message.clone());
                let result = side.connection.send_prepared(&prepared);
                side.sent(message, result);
            }
            2 => side.send_chunk(kind, len(input)?, choice & 0x80 != 0),
            3 => side.ping(u8::arbitrary(input)?),
            4 => side.close(u16::arbitrary(input)?, u8::arbitrary(input)?),
            5 => self.tick(u8::arbitrary(input)?),
            call => {
                let count = if call == 6 { len(input)? } else { usize::MAX };
                self.transfer(from, count);
            }
        }
        Ok(())
    }

    fn tick(&mut self, units: u8) {
        self.now = self.now + Duration::from_millis(4) * units.into();
        for side in &mut self.sides {
            side.connection.handle_timeout(self.now);
            let next = side.connection.poll_timeout(self.now);
            assert!(
                next.is_none_or(|next| next > self.now),
                "what is due is done"
            );
        }
    }

    /// Moves up to `count` bytes of what one side sends to the other. Returns whether anything
    /// happened.
    fn transfer(&mut self, from: usize, mut count: usize) -> bool {
        let [server, client] = &mut self.sides;
        let (sender, receiver) = match from {
            0 => (server, client),
            _ => (client, server),
        };
        let mut has_moved = false;
        loop {
            let queue = sender.connection.outgoing();
            let most = (sender.max_queued + MAX_MESSAGE + MAX_HEADER).max(PONG_MARK);
            assert!(queue.len() <= most + 3 * CONTROL, "too much is queued");
            let taken = queue.chunk().len().min(count);
            if taken == 0 {
                break;
            }
            receiver.input.extend_from_slice(&queue.chunk()[..taken]);
            queue.advance(taken);
            count -= taken;
            has_moved = true;
            receiver.receive();
        }
        // The close is told once its echo has gone.
        sender.receive();
        has_moved
    }

    fn transfer_all(&mut self) {
        while self.transfer(0, usize::MAX) | self.transfer(1, usize::MAX) {}
    }

    /// Delivers everything, closes, and looks at what each side has heard.
    fn finish(mut self) {
        self.transfer_all();
        let [server, client] = &mut self.sides;
        if server.connection.state() == State::Open {
            assert_eq!(client.connection.state(), State::Open);
            for (side, other) in [(&*server, &*client), (&*client, &*server)] {
                let is_last = side.pings.last() == other.heard_pings.last();
                let is_answered = side.pings.last() == side.heard_pongs.last();
                assert!(is_answered || !is_last, "the last ping is answered");
            }
            client.close(1000, 0);
            self.transfer_all();
        }

        let [server, client] = &mut self.sides;
        assert!(server.connection.wants_shutdown());
        assert!(!client.connection.wants_shutdown() && client.connection.wants_read());
        for side in [&mut *client, &mut *server] {
            side.connection.receive_eof();
            side.receive();
            assert_eq!(side.connection.state(), State::Closed);
            assert!(side.connection.wants_shutdown() && !side.connection.wants_read());
        }
        server.check(client);
        client.check(server);
    }
}

/// How a side is set up. All zero is the default configuration.
#[derive(Arbitrary, Clone, Copy, Debug)]
struct Setup {
    max_queued: FromOne,
    fragment: FromOne,
    /// From the least significant bit: whether it receives in chunks, keeps the connection alive, and
    /// can do compression; then whether it compresses and inflates with context takeover, whether it
    /// compresses even the smallest message, and whether windows are small.
    flags: u8,
}

impl Setup {
    fn is(self, bit: u8) -> bool {
        self.flags >> bit & 1 == 1
    }

    fn deflate(self) -> Option<DeflateConfig> {
        let bits = if self.is(6) { 9 } else { 15 };
        let deflate = DeflateConfig::default()
            .send_takeover(self.is(3))
            .receive_takeover(self.is(4))
            .threshold(if self.is(5) { 0 } else { 256 })
            .send_window_bits(bits)
            .receive_window_bits(bits)
            .level(1)
            .memory_level(1)
            .release_after(Some(Duration::from_millis(200)));
        self.is(2).then_some(deflate)
    }
}

fn negotiate([server, client]: [Setup; 2]) -> Negotiated {
    let (Some(server), Some(client)) = (server.deflate(), client.deflate()) else {
        return Negotiated::new();
    };
    let offers = parse_extensions([&*offer_deflate(&client)]).expect("an offer can be read");
    let params = select_deflate(&server, &offers).expect("no offer of ours is declined");
    Negotiated::new().with_deflate(params)
}

impl Side {
    fn new(setup: Setup, is_server: bool, negotiated: Negotiated) -> Self {
        let config = Config::default()
            .chunks(setup.is(0))
            .fragment_size(setup.fragment.get())
            .deflate(setup.deflate())
            .keep_alive(setup.is(1).then_some(Duration::from_millis(100)))
            .pong_timeout(Duration::MAX)
            .write_timeout(None)
            .close_timeout(Duration::MAX);
        let config = setup.max_queued.set(config, Config::max_queued);
        let connection = match is_server {
            true => Connection::server(config, negotiated),
            false => Connection::client(config, negotiated, entropy),
        };
        Self {
            connection,
            max_queued: setup.max_queued.get().unwrap_or(1 << 20),
            chunks: setup.is(0),
            input: BytesMut::new(),
            messages: Vec::new(),
            pings: Vec::new(),
            close: None,
            heard: Vec::new(),
            heard_pings: Vec::new(),
            heard_pongs: Vec::new(),
            heard_close: None,
        }
    }

    /// Takes note of what came of a message.
    fn sent(&mut self, message: Message, result: std::result::Result<(), SendError>) {
        let is_within = self.is_within_message();
        match result {
            Ok(()) => {
                assert!(!is_within);
                let sent = Heard::data(message.kind(), message.as_bytes(), true);
                self.messages.push(sent);
            }
            Err(error) => {
                assert!(!self.connection.can_send());
                match error {
                    SendError::Full(back) => assert!(back.is_none_or(|back| back == message)),
                    SendError::Closed => assert_ne!(self.connection.state(), State::Open),
                    SendError::FragmentInProgress => assert!(is_within),
                    other => panic!("{other:?}"),
                }
            }
        }
    }

    /// The next piece of a message: as much text as there is, so that it may end within a
    /// character.
    fn send_chunk(&mut self, kind: MessageKind, len: usize, last: bool) {
        let begun = match self.messages.last() {
            Some(Heard::Data {
                kind,
                data,
                last: false,
            }) => Some((*kind, data.len())),
            _ => None,
        };
        let start = begun.map_or(0, |(_, len)| len % TEXT.len());
        let data = match kind {
            MessageKind::Text => &TEXT.as_bytes()[start..TEXT.len().min(start + len)],
            MessageKind::Binary => &TEXT.as_bytes()[..len],
        };
        let is_whole = TEXT.is_char_boundary(start + data.len());
        match self
            .connection
            .send_chunk(kind, Bytes::copy_from_slice(data), last)
        {
            Ok(()) => {
                assert!(begun.is_none_or(|(begun, _)| begun == kind));
                assert!(kind == MessageKind::Binary || !last || is_whole);
                heard::push(&mut self.messages, Heard::data(kind, data, last));
            }
            Err(SendError::Full(None)) => assert!(!self.connection.can_send()),
            Err(SendError::Closed) => assert_ne!(self.connection.state(), State::Open),
            Err(SendError::FragmentInProgress) => {
                assert!(begun.is_some_and(|(begun, _)| begun != kind));
            }
            Err(SendError::InvalidUtf8) => {
                assert!(kind == MessageKind::Text && last && !is_whole);
            }
            Err(other) => panic!("{other:?}"),
        }
    }

    fn ping(&mut self, len: u8) {
        let len = usize::from(len) % 130;
        // Each its own, and none like those of the keep-alive.
        let number = self.pings.len() as u16;
        let mut payload = vec![b'p', number.to_be_bytes()[0], number.to_be_bytes()[1]];
        payload.resize(len, b'p');
        match self.connection.ping(&payload) {
            Ok(()) => self.pings.push(payload),
            Err(SendError::ControlTooLong { len, max: 125 }) => assert!(len > 125),
            Err(SendError::Full(None)) => assert!(!self.connection.can_send()),
            Err(SendError::Closed) => assert_ne!(self.connection.state(), State::Open),
            Err(other) => panic!("{other:?}"),
        }
    }

    fn close(&mut self, code: u16, reason: u8) {
        let code = CloseCode::from(code % 5100);
        let reason = text(reason.into());
        let is_good = code.is_sendable() && reason.len() <= CloseFrame::MAX_REASON;
        let frame = match CloseFrame::new(code, reason) {
            Ok(frame) => {
                assert!(is_good);
                Some(frame)
            }
            Err(_) => {
                assert!(!is_good);
                None
            }
        };
        match self.connection.close(frame.clone()) {
            Ok(()) => self.close = Some(frame),
            Err(error) => {
                assert_eq!(error, SendError::Closed);
                assert_ne!(self.connection.state(), State::Open);
            }
        }
    }

    /// Whether a message that is sent in chunks has begun and not ended.
    fn is_within_message(&self) -> bool {
        matches!(self.messages.last(), Some(Heard::Data { last: false, .. }))
    }

    fn receive(&mut self) {
        while let Some(event) = self
            .connection
            .receive(&mut self.input)
            .expect("what the other side sends is in order")
        {
            assert_eq!(self.heard_close, None, "{event:?} after the close");
            assert!(self.chunks || !matches!(event, Event::Chunk { .. }));
            match Heard::from(&event) {
                Heard::Ping(payload) => self.heard_pings.push(payload),
                Heard::Pong(payload) => self.heard_pongs.push(payload),
                Heard::Close(frame) => self.heard_close = Some(frame),
                data => heard::push(&mut self.heard, data),
            }
        }
    }

    /// Everything that the other side has sent has arrived, once, and in order.
    fn check(&self, other: &Self) {
        let mut messages = other.messages.clone();
        // Of a message that was never finished, only chunks show.
        let shows = |data: &[u8]| self.chunks && !data.is_empty();
        messages.retain(|message| match message {
            Heard::Data { data, last, .. } => *last || shows(data),
            _ => true,
        });
        assert_eq!(self.heard, messages);

        let (kept_alive, pings): (Vec<_>, Vec<_>) = self
            .heard_pings
            .iter()
            .partition(|payload| payload.len() == 8 && payload[0] == 0);
        assert!(pings.into_iter().eq(&other.pings));
        let numbers = kept_alive.iter().map(|payload| payload.to_vec());
        assert!(numbers.eq((1..=kept_alive.len() as u64).map(|n| n.to_be_bytes().to_vec())));

        // Some may be left out, and those that keep the connection alive are not shown.
        let mut pings: VecDeque<_> = self.pings.iter().collect();
        for pong in &self.heard_pongs {
            while pings
                .pop_front()
                .expect("pongs come once, in the order of the pings")
                != pong
            {}
        }

        // The one that closed first is answered with its code.
        let echo = |frame: &Option<CloseFrame>| {
            let code = frame.as_ref().map(CloseFrame::code);
            code.and_then(|code| CloseFrame::new(code, "").ok())
        };
        let close = match (&other.close, &self.close) {
            (Some(frame), _) => frame.clone(),
            (None, Some(ours)) => echo(ours),
            (None, None) => panic!("nobody has closed"),
        };
        assert_eq!(self.heard_close.as_ref(), Some(&close));
        let expected = CloseStatus {
            code: close
                .as_ref()
                .map_or(CloseCode::NO_STATUS, CloseFrame::code),
            reason: Utf8Bytes::from(close.as_ref().map_or("", CloseFrame::reason)),
            clean: true,
        };
        assert_eq!(self.connection.close_status(), Some(expected));
        assert_eq!(self.connection.error(), None);
    }
}

/// A length: all the small ones, and some large ones.
fn len(input: &mut Unstructured<'_>) -> Result<usize> {
    let number = usize::from(u8::arbitrary(input)?);
    Ok(number * number / 2)
}

fn message(kind: MessageKind, len: usize) -> Message {
    match kind {
        MessageKind::Text => Message::from(text(len)),
        MessageKind::Binary => Message::from(&TEXT.as_bytes()[..len]),
    }
}

/// So many bytes of text, or a few less.
fn text(len: usize) -> &'static str {
    &TEXT[..TEXT.floor_char_boundary(len)]
}

/// Text with characters of every length, no part of which is like another.
static TEXT: LazyLock<String> = LazyLock::new(|| {
    let mut text: String = (0..4000).map(|number| format!("{number} aé€😀 ")).collect();
    text.truncate(text.floor_char_boundary(MAX_MESSAGE + 4));
    text
});

fn entropy(destination: &mut [u8]) {
    for (byte, key) in destination.iter_mut().zip(1_u8..=255) {
        *byte = key.wrapping_mul(37);
    }
}
