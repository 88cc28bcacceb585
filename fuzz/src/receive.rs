//! The receive path of either role.

use arbitrary::{Arbitrary, Unstructured};
use bytes::{Buf as _, Bytes, BytesMut};
use miniws_proto::{
    CloseCode, CloseFrame, CloseStatus, Config, Connection, Event, Message, MessageKind,
    Negotiated, ReceiveError, ReceiveErrorKind, SendError, State, Time,
};

use crate::compression::Compression;
use crate::limits::FromOne;
use crate::model::heard::{self, Heard};
use crate::model::{self, End, Story};
use crate::{cut, memory};

/// The first bytes of the input. All zero is the default configuration, nothing sent, and the
/// stream in one piece.
#[derive(Arbitrary, Clone, Copy, Debug, Default)]
pub struct ReceiveSettings {
    /// The longest message.
    pub max_message: FromOne,
    /// The longest frame.
    pub max_frame: FromOne,
    /// The most frames of a message.
    pub max_fragments: FromOne,
    /// The least significant bit: whether to receive in chunks. The next: whether our side has
    /// begun to close.
    pub flags: u8,
    /// How many bytes wait in the queue at first, in units of 128.
    pub queued: u8,
    /// Of that, how much is a frame, in units of 128.
    pub fragment: u8,
    /// How many bytes the transport takes each time that a ping has come, in units of 8.
    pub drained: u8,
    /// How the stream is cut.
    pub cut: u16,
}

/// What a client sends, as the rest of the input, to a server.
pub fn server_receive(data: &[u8]) {
    receive(Unstructured::new(data), true, None);
}

/// What a server sends, as the rest of the input, to a client.
pub fn client_receive(data: &[u8]) {
    receive(Unstructured::new(data), false, None);
}

/// The settings, then what the peer sends.
pub(crate) fn receive(
    mut input: Unstructured<'_>,
    is_server: bool,
    compression: Option<Compression>,
) {
    let Ok(settings) = ReceiveSettings::arbitrary(&mut input) else {
        return;
    };
    let stream = input.take_rest();
    let setup = Setup {
        settings,
        is_server,
        compression,
    };
    let whole = setup.run(cut::pieces(stream, 0), stream);
    let pieces = setup.run(cut::pieces(stream, settings.cut), stream);
    assert_same(&whole, &pieces);
    setup.assert_told(&whole, &model::receive(setup.model(), stream));
    setup.assert_understood(&whole);
}

#[derive(Clone, Copy, Debug)]
struct Setup {
    settings: ReceiveSettings,
    is_server: bool,
    compression: Option<Compression>,
}

/// All that can be seen of a connection.
#[derive(Debug, PartialEq, Eq)]
struct Run {
    heard: Vec<Heard>,
    error: Option<ReceiveError>,
    output: Vec<u8>,
    status: Option<CloseStatus>,
}

/// How much is inflated at once.
const BLOCK: usize = 16 << 10;

const DEFAULT_MAX: usize = 16 << 20;

/// How much may wait before pongs have to.
const PONG_MARK: usize = 16 << 10;

/// The longest control frame.
const CONTROL: usize = 2 + 4 + 125;

impl Setup {
    fn closes_first(self) -> bool {
        self.settings.flags & 2 != 0
    }

    fn queued(self) -> usize {
        usize::from(self.settings.queued) * 128
    }

    /// The most bytes that compression may take: its states, and the message so far, which is hardly a
    /// thousand times as long as what came. While a vector grows to twice its size, the old one is
    /// there, too.
    fn inflated(self, fed: usize) -> usize {
        let model = self.model();
        match self.compression {
            None => 0,
            Some(_) if model.chunks => 4 * BLOCK,
            Some(_) => 4 * BLOCK + 3 * model.max_message.min(1040 * fed),
        }
    }

    fn model(self) -> model::Receiver {
        let settings = self.settings;
        model::Receiver {
            is_server: self.is_server,
            chunks: settings.flags & 1 != 0,
            max_message: settings.max_message.get().unwrap_or(DEFAULT_MAX),
            max_frame: settings.max_frame.get().unwrap_or(DEFAULT_MAX),
            max_fragments: settings.max_fragments.get().unwrap_or(1 << 17),
            compressed: self.compression.map(|compression| compression.model()),
        }
    }

    fn connection(self) -> Connection {
        let model = self.model();
        let config = Config::default()
            .chunks(model.chunks)
            .max_message_size(model.max_message)
            .max_frame_size(model.max_frame)
            .max_fragments(model.max_fragments as u32)
            .fragment_size(match self.settings.fragment {
                0 => None,
                units => Some(usize::from(units) * 128),
            });
        let mut connection = connect(self.is_server, config, self.compression);
        if self.queued() > 0 {
            connection
                .send(vec![7; self.queued()])
                .expect("the queue is empty");
        }
        if self.closes_first() {
            connection.close(our_close()).expect("it is open");
        }
        connection
    }

    /// Hands the pieces to a connection, then more of the same after the end, and then the end of
    /// the transport.
    fn run<'a>(self, pieces: impl Iterator<Item = &'a [u8]>, more: &[u8]) -> Run {
        let mut connection = self.connection();
        let mut input = BytesMut::new();
        let mut run = Run {
            heard: Vec::new(),
            error: None,
            output: Vec::new(),
            status: None,
        };
        // Kept to the end: nothing that happens later may change what has been handed out.
        let mut events = Vec::new();
        let mut fed = 0;
        for piece in pieces {
            input.extend_from_slice(piece);
            fed += piece.len();
            self.receive(&mut connection, &mut input, fed, &mut events, &mut run);
        }
        drain(&mut connection, usize::MAX, &mut run.output);
        // The peer's close is told once the answer to it is out.
        self.receive(&mut connection, &mut input, fed, &mut events, &mut run);
        let mut kept = Vec::new();
        for event in &events {
            heard::push(&mut kept, event.into());
        }
        assert_eq!(kept, run.heard);

        let has_closed = matches!(run.heard.last(), Some(Heard::Close(_)));
        if has_closed || run.error.is_some() {
            assert_eq!(connection.wants_shutdown(), self.is_server);
            self.assert_over(&mut connection, more, &run);
        } else {
            assert!(!connection.wants_shutdown());
            assert!(
                input.len() <= fed.min(self.model().max_frame.max(125) + 14),
                "no more than one frame stays in the input"
            );
        }
        assert!(connection.wants_read());

        connection.receive_eof();
        if !has_closed && run.error.is_none() {
            let error = connection.receive(&mut input).expect_err("it is over");
            assert_eq!(error.kind(), ReceiveErrorKind::ConnectionLost);
            assert_eq!(error.close_code(), None);
            run.error = Some(error);
        }
        assert_eq!(connection.state(), State::Closed);
        assert!(!connection.wants_read() && connection.wants_shutdown());
        assert_eq!(connection.poll_timeout(Time::default()), None);
        self.assert_over(&mut connection, more, &run);
        run.status = connection.close_status();
        run
    }

    /// Takes all events, and lets the transport take a little output after each ping.
    fn receive(
        self,
        connection: &mut Connection,
        input: &mut BytesMut,
        fed: usize,
        events: &mut Vec<Event>,
        run: &mut Run,
    ) {
        loop {
            let (result, grown) = memory::peak(|| connection.receive(input));
            // The message so far and the queue, each twice for how a vector grows.
            let most = (128 << 10) + 2 * self.queued() + 4 * fed + self.inflated(fed);
            assert!(grown <= most, "{grown} bytes for {fed} that came");
            assert!(connection.read_hint() <= PONG_MARK.max(fed));
            match result {
                Ok(Some(event)) => {
                    assert_eq!(run.error, None, "{event:?} after the error");
                    let is_ping = matches!(event, Event::Ping(_));
                    heard::push(&mut run.heard, Heard::from(&event));
                    events.push(event);
                    if is_ping {
                        let most = (self.queued() + 14 + CONTROL).max(PONG_MARK + CONTROL);
                        assert!(connection.outgoing().len() <= most, "too much is queued");
                        let count = usize::from(self.settings.drained) * 8;
                        drain(connection, count, &mut run.output);
                    }
                }
                Ok(None) => {
                    assert_eq!(run.error, None, "the error is forgotten");
                    return;
                }
                Err(error) => {
                    assert!(run.error.is_none_or(|before| before == error));
                    assert_eq!(connection.error(), Some(error));
                    assert!(input.is_empty());
                    run.error = Some(error);
                    return;
                }
            }
        }
    }

    /// Nothing comes any more, and nothing goes out.
    fn assert_over(self, connection: &mut Connection, more: &[u8], run: &Run) {
        assert_ne!(connection.state(), State::Open);
        assert!(!connection.can_send());
        assert_eq!(connection.send("late"), Err(SendError::Closed));
        assert_eq!(connection.ping(b"late"), Err(SendError::Closed));
        assert_eq!(connection.close(None), Err(SendError::Closed));
        for _ in 0..2 {
            let mut input = BytesMut::from(more);
            match (connection.receive(&mut input), run.error) {
                (Ok(None), None) => {}
                (Err(error), Some(before)) if error == before => {}
                (result, before) => panic!("{result:?} after the end, which was {before:?}"),
            }
            assert!(input.is_empty());
            assert!(connection.outgoing().is_empty());
        }
        assert!(connection.close_status().is_some());
    }

    /// The connection makes of the stream what the model makes of it.
    fn assert_told(self, run: &Run, story: &Story) {
        assert_eq!(story.heard, run.heard);
        let mut text = Vec::new();
        for heard in &run.heard {
            if let Heard::Data {
                kind: MessageKind::Text,
                data,
                last,
            } = heard
            {
                text.extend_from_slice(data);
                assert!(model::is_text(&text, !last));
                if *last {
                    text.clear();
                }
            }
        }
        let error = run.error.map(|error| (error.kind(), error.offset()));
        let offset = story.offset as u64;
        let expected = match story.end {
            End::Closed => None,
            End::Failed(kind) => Some((kind, offset)),
            End::Starved => Some((ReceiveErrorKind::ConnectionLost, offset)),
        };
        assert_eq!(error, expected);
        let is_clean = run.status.as_ref().is_some_and(|status| status.clean);
        assert_eq!(is_clean, story.end == End::Closed);
    }

    /// What the connection sends is in order for a peer, and is the answer to what it has heard.
    fn assert_understood(self, run: &Run) {
        let mut peer = connect(!self.is_server, Config::default(), self.compression);
        let mut input = BytesMut::from(&run.output[..]);
        let mut data = None;
        let mut pongs = Vec::new();
        let mut close = None;
        loop {
            let event = peer.receive(&mut input).expect("what is sent is in order");
            drain(&mut peer, usize::MAX, &mut Vec::new());
            match event {
                Some(Event::Message(Message::Binary(bytes))) => data = Some(bytes.len()),
                Some(Event::Pong(payload)) => pongs.push(payload.to_vec()),
                Some(Event::Close(frame)) => close = Some(frame),
                Some(other) => panic!("nobody has sent {other:?}"),
                None if close.is_some() || peer.state() == State::Open => break,
                None => {}
            }
        }

        let pings = run.heard.iter().filter_map(|heard| match heard {
            Heard::Ping(payload) => Some(payload),
            _ => None,
        });
        let all_fit = self.queued() + 14 + (pings.clone().count() + 1) * CONTROL < PONG_MARK;
        if all_fit && !self.closes_first() {
            assert!(pongs.iter().eq(pings), "each ping is answered");
        } else {
            let mut pings = pings;
            let mut is_next = |pong| pings.any(|ping| ping == pong);
            assert!(pongs.iter().all(&mut is_next), "pongs are in order");
        }

        let failed = run.error.and_then(|error| error.close_code());
        let expected = match (self.closes_first(), failed, run.heard.last()) {
            (true, _, _) => Some(our_close()),
            (false, Some(code), _) => Some(CloseFrame::new(code, "").ok()),
            (false, None, Some(Heard::Close(frame))) => {
                let echo = |frame: &CloseFrame| CloseFrame::new(frame.code(), "").ok();
                Some(frame.as_ref().and_then(echo))
            }
            (false, None, _) => None,
        };
        assert_eq!(close, expected);
        if let (Some(frame), false) = (&close, self.closes_first()) {
            let len = frame.as_ref().map_or(0, |frame| 2 + frame.reason().len());
            let (key, mask) = if self.is_server { (0, 0) } else { (4, 0x80) };
            let last = &run.output[run.output.len() - (2 + key + len)..];
            assert!(
                last.starts_with(&[0x88, mask | len as u8]),
                "nothing follows it"
            );
        }
        let expected = Some(self.queued()).filter(|len| *len > 0);
        let is_cut = self.settings.fragment > 0 && self.settings.fragment < self.settings.queued;
        if is_cut && failed.is_some() && !self.closes_first() {
            // A failure leaves out what has not been made into frames yet.
            let has_ping = run
                .heard
                .iter()
                .any(|heard| matches!(heard, Heard::Ping(_)));
            assert!(data.is_none() || has_ping && data == expected);
        } else {
            assert_eq!(data, expected);
        }
    }
}

/// Cutting makes no difference.
fn assert_same(whole: &Run, pieces: &Run) {
    assert_eq!(whole.error, pieces.error);
    assert_eq!(whole.output, pieces.output);
    assert_eq!(whole.status, pieces.status);
    assert_eq!(whole.heard, pieces.heard);
}

fn connect(is_server: bool, config: Config, compression: Option<Compression>) -> Connection {
    let (config, negotiated) = match compression {
        Some(compression) => compression.apply(config),
        None => (config, Negotiated::new()),
    };
    if is_server {
        return Connection::server(config, negotiated);
    }
    let mut next = 0_u8;
    let entropy = move |destination: &mut [u8]| {
        for byte in destination {
            next = next.wrapping_mul(5).wrapping_add(3);
            *byte = next;
        }
    };
    Connection::client(config, negotiated, entropy)
}

fn our_close() -> Option<CloseFrame> {
    CloseFrame::new(CloseCode::GOING_AWAY, "bye").ok()
}

/// Lets the transport take up to `count` bytes.
fn drain(connection: &mut Connection, mut count: usize, output: &mut Vec<u8>) {
    loop {
        let queue = connection.outgoing();
        let taken = queue.chunk().len().min(count);
        if taken == 0 {
            return;
        }
        let bytes: Bytes = queue.copy_to_bytes(taken);
        output.extend_from_slice(&bytes);
        count -= taken;
    }
}
