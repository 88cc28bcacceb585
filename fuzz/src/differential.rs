//! The receive path beside that of `tungstenite`, without compression.
//!
//! Both read the same stream, under the same limits. What they tell of it has to be the same, and the
//! same kind of error has to end it, up to these differences, which RFC 6455 leaves open or in which
//! it sides with this implementation:
//!
//! - A length in a longer form than it needs, even of a control frame, where only the shortest form
//!   is possible (section 5.5): `tungstenite` takes it. Section 5.2: "the minimal number of bytes MUST
//!   be used to encode the length". Nothing is compared behind one.
//! - What is wrong before a frame is complete, in its header or in the text so far: `tungstenite`
//!   waits for the whole frame. Section 7.1.7 has a connection fail as soon as there is a reason, and
//!   section 8.1 names no later moment for text either.
//! - A header that is wrong and announces too much: `tungstenite` looks at the length first, and
//!   knows no other fault of a length of 2^63 or more (section 5.2: "the most significant bit MUST be
//!   0").
//! - A close frame with a code that must not be sent (section 7.4): `tungstenite` tells it as a close
//!   with 1002, to which it answers the same; here it is an error.
//! - 1014 is registered (section 7.4.2 has IANA keep the list) and may be sent; `tungstenite` has not
//!   heard of it.

use std::io;

use arbitrary::{Arbitrary, Unstructured};
use bytes::{Buf as _, BytesMut};
use miniws_proto::{
    CloseCode, CloseFrame, Config, Connection, MessageKind, Negotiated, ReceiveError,
    ReceiveErrorKind, State,
};
use tungstenite::protocol::{Role, WebSocketConfig};

use crate::limits::FromOne;
use crate::model::heard::Heard;

/// The first bytes of the input. All zero is a client with the default limits.
#[derive(Arbitrary, Clone, Copy, Debug, Default)]
pub struct DifferentialSettings {
    /// The least significant bit: whether the server receives.
    pub flags: u8,
    /// The longest message.
    pub max_message: FromOne,
    /// The longest frame.
    pub max_frame: FromOne,
}

/// What a peer sends, as the rest of the input, to either implementation.
pub fn differential(data: &[u8]) {
    let mut input = Unstructured::new(data);
    let Ok(settings) = DifferentialSettings::arbitrary(&mut input) else {
        return;
    };
    let stream = input.take_rest();
    let ours = Reading::ours(settings, stream);
    let theirs = Reading::theirs(settings, stream);
    compare(settings, stream, &ours, &theirs);
}

fn compare(
    settings: DifferentialSettings,
    stream: &[u8],
    ours: &Reading<ReceiveError>,
    theirs: &Reading<tungstenite::Error>,
) {
    let Some(error) = ours.error else {
        let heard: Vec<_> = ours.heard.iter().map(as_they_know_it).collect();
        assert_eq!((heard, None), (theirs.heard.clone(), theirs.code()));
        return;
    };
    let (heard, rest) = theirs.heard.split_at(ours.heard.len());
    assert_eq!(ours.heard, heard);
    let frame = Announced::read(&stream[error.offset() as usize..]);
    if !frame.is_minimal {
        return;
    }
    match (error.kind(), theirs.code()) {
        (ReceiveErrorKind::InvalidCloseCode(_), None) => {
            assert_eq!(rest, [close(1002, "Protocol violation")]);
            return;
        }
        (_, None) => assert!(!frame.is_complete, "they have the whole frame"),
        (_, Some(1009)) if frame.len > settings.max_frame() as u64 => {}
        (_, code) => assert_eq!(error.close_code().map(u16::from), code),
    }
    assert!(rest.is_empty(), "they go on with {rest:?}");
}

/// A close frame as `tungstenite` tells it.
fn as_they_know_it(heard: &Heard) -> Heard {
    match heard {
        Heard::Close(Some(frame)) if u16::from(frame.code()) == 1014 => {
            close(1002, "Protocol violation")
        }
        heard => heard.clone(),
    }
}

fn close(code: u16, reason: &str) -> Heard {
    let frame = CloseFrame::new(CloseCode::from(code), reason);
    Heard::Close(Some(frame.expect("it may be sent")))
}

/// What the header of a frame announces (RFC 6455 section 5.2).
struct Announced {
    len: u64,
    is_minimal: bool,
    is_complete: bool,
}

impl Announced {
    fn read(stream: &[u8]) -> Self {
        let second = stream[1];
        let (from, to) = match second & 0x7f {
            126 => (2, 4),
            127 => (2, 10),
            _ => (1, 2),
        };
        let Some(bytes) = stream.get(from..to) else {
            return Self {
                len: 0,
                is_minimal: true,
                is_complete: false,
            };
        };
        let len = bytes
            .iter()
            .fold(0, |len, byte| len << 8 | u64::from(*byte));
        let len = if to == 2 { len & 0x7f } else { len };
        let key = if second & 0x80 == 0 { 0 } else { 4 };
        let header = to + key;
        Self {
            len,
            is_minimal: match to {
                4 => len > 125,
                10 => len > 0xffff,
                _ => true,
            },
            is_complete: stream.len() as u64 >= len.saturating_add(header as u64),
        }
    }
}

/// What was told, and how it ended.
#[derive(Debug)]
struct Reading<E> {
    heard: Vec<Heard>,
    /// `None`: with a close, or in the open.
    error: Option<E>,
}

/// `tungstenite` reserves what a header announces, so this is not the usual default.
const DEFAULT_MAX: usize = 1 << 16;

impl DifferentialSettings {
    fn is_server(self) -> bool {
        self.flags & 1 != 0
    }

    fn max_message(self) -> usize {
        self.max_message.get().unwrap_or(DEFAULT_MAX)
    }

    fn max_frame(self) -> usize {
        // Theirs counts control frames as well.
        self.max_frame.get().unwrap_or(DEFAULT_MAX).max(125)
    }
}

impl Reading<ReceiveError> {
    fn ours(settings: DifferentialSettings, stream: &[u8]) -> Self {
        let config = Config::default()
            .max_message_size(settings.max_message())
            .max_frame_size(settings.max_frame())
            .max_fragments(u32::MAX);
        let entropy = |destination: &mut [u8]| destination.fill(7);
        let mut connection = match settings.is_server() {
            true => Connection::server(config, Negotiated::new()),
            false => Connection::client(config, Negotiated::new(), entropy),
        };
        let mut input = BytesMut::from(stream);
        let mut heard = Vec::new();
        loop {
            match connection.receive(&mut input) {
                Ok(Some(event)) => heard.push(Heard::from(&event)),
                Ok(None) if connection.outgoing().has_remaining() => {
                    let count = connection.outgoing().chunk().len();
                    connection.outgoing().advance(count);
                }
                Ok(None) => return Self { heard, error: None },
                Err(error) => {
                    assert_ne!(connection.state(), State::Open);
                    let error = Some(error);
                    return Self { heard, error };
                }
            }
        }
    }
}

impl Reading<tungstenite::Error> {
    fn theirs(settings: DifferentialSettings, stream: &[u8]) -> Self {
        let role = match settings.is_server() {
            true => Role::Server,
            false => Role::Client,
        };
        let config = WebSocketConfig::default()
            .read_buffer_size(4096)
            .max_message_size(Some(settings.max_message()))
            .max_frame_size(Some(settings.max_frame()));
        let transport = Transport(stream);
        let mut socket = tungstenite::WebSocket::from_raw_socket(transport, role, Some(config));
        let mut heard = Vec::new();
        loop {
            match socket.read() {
                Ok(tungstenite::Message::Close(frame)) => {
                    heard.push(match frame {
                        Some(frame) => close(frame.code.into(), &frame.reason),
                        None => Heard::Close(None),
                    });
                    return Self { heard, error: None };
                }
                Ok(message) => heard.push(match message {
                    tungstenite::Message::Text(text) => {
                        Heard::data(MessageKind::Text, text.as_bytes(), true)
                    }
                    tungstenite::Message::Binary(bytes) => {
                        Heard::data(MessageKind::Binary, &bytes, true)
                    }
                    tungstenite::Message::Ping(payload) => Heard::Ping(payload.to_vec()),
                    tungstenite::Message::Pong(payload) => Heard::Pong(payload.to_vec()),
                    other => panic!("nobody reads {other:?}"),
                }),
                Err(error) => {
                    use tungstenite::error::ProtocolError::ResetWithoutClosingHandshake as Starved;
                    let error = match error {
                        tungstenite::Error::Protocol(Starved) => None,
                        error => Some(error),
                    };
                    return Self { heard, error };
                }
            }
        }
    }
}

impl Reading<tungstenite::Error> {
    /// The close code that belongs to the error.
    fn code(&self) -> Option<u16> {
        use tungstenite::Error;
        self.error.as_ref().map(|error| match error {
            Error::Protocol(_) => 1002,
            Error::Utf8(_) => 1007,
            Error::Capacity(_) => 1009,
            other => panic!("{other:?}"),
        })
    }
}

/// Gives what has come, then the end, and takes everything.
struct Transport<'a>(&'a [u8]);

impl io::Read for Transport<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl io::Write for Transport<'_> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        Ok(buffer.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
