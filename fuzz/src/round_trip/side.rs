//! One of the two sides: its connection, what it has sent, and what it has heard.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};
use miniws_proto::{
    CloseCode, CloseFrame, CloseStatus, Compression, Connection, Event, Message, MessageKind,
    Negotiated, SendError, State, Utf8Bytes,
};

use super::setup::Setup;
use super::texts::{TEXT, text};
use crate::model::heard::{self, Heard};

pub(super) struct Side {
    pub(super) connection: Connection,
    pub(super) max_queued: usize,
    chunks: bool,
    pub(super) input: BytesMut,
    /// What the other side has to hear, in this order.
    messages: Vec<Heard>,
    pub(super) pings: Vec<Vec<u8>>,
    close: Option<Option<CloseFrame>>,
    /// What this side has heard.
    heard: Vec<Heard>,
    pub(super) heard_pings: Vec<Vec<u8>>,
    pub(super) heard_pongs: Vec<Vec<u8>>,
    heard_close: Option<Option<CloseFrame>>,
}

impl Side {
    pub(super) fn new(setup: Setup, is_server: bool, negotiated: Negotiated) -> Self {
        Self {
            connection: setup.connection(is_server, negotiated),
            max_queued: setup.max_queued(),
            chunks: setup.receives_chunks(),
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
    pub(super) fn sent(&mut self, message: Message, result: std::result::Result<(), SendError>) {
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
    pub(super) fn send_chunk(
        &mut self,
        kind: MessageKind,
        len: usize,
        last: bool,
        compression: Compression,
    ) {
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
        let bytes = Bytes::copy_from_slice(data);
        let connection = &mut self.connection;
        match connection.send_chunk_with(kind, bytes, last, compression) {
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

    pub(super) fn ping(&mut self, len: u8) {
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

    pub(super) fn close(&mut self, code: u16, reason: u8) {
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

    pub(super) fn receive(&mut self) {
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

    /// Both count what the other side has sent, and so do we.
    fn check_counts(&self, other: &Self) {
        let sent = other.connection.stats().sent;
        let mut received = self.connection.stats().received;
        // A close may be followed by pongs, which nobody looks at.
        if other.close.is_some() {
            assert!(received.control_frames <= sent.control_frames && received.bytes <= sent.bytes);
            received.control_frames = sent.control_frames;
            received.bytes = sent.bytes;
        }
        assert_eq!(received, sent);

        let (mut messages, mut bytes) = (0, 0);
        for message in &other.messages {
            if let Heard::Data { data, last, .. } = message {
                messages += u64::from(*last);
                bytes += data.len() as u64;
            }
        }
        assert_eq!((sent.messages, sent.message_bytes), (messages, bytes));
        assert_eq!(other.connection.stats().queued, 0);
    }

    /// Everything that the other side has sent has arrived, once, and in order.
    pub(super) fn check(&self, other: &Self) {
        let mut messages = other.messages.clone();
        // Of a message that was never finished, only chunks show.
        let shows = |data: &[u8]| self.chunks && !data.is_empty();
        messages.retain(|message| match message {
            Heard::Data { data, last, .. } => *last || shows(data),
            _ => true,
        });
        assert_eq!(self.heard, messages);
        self.check_counts(other);

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
