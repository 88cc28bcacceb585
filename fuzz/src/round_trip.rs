//! A client and a server, connected back to back.

mod setup;
mod side;
mod texts;

use std::time::Duration;

use arbitrary::{Arbitrary, Result, Unstructured};
use bytes::Buf as _;
use miniws_proto::{Compression, MessageKind, PreparedMessage, SendBuffer, State, Time};

use self::setup::{Setup, negotiate};
use self::side::Side;
use self::texts::{MAX_MESSAGE, len, message};

/// What a frame adds to a message at most, how long a control frame is at most, and up to how much
/// output pongs are queued.
const MAX_HEADER: usize = 14;
const CONTROL: usize = 2 + 4 + 125;
const PONG_MARK: usize = 16 << 10;

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
    /// What an idle side has handed on to whoever sends next.
    spare: Option<SendBuffer>,
}

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
            spare: None,
        })
    }

    fn step(&mut self, input: &mut Unstructured<'_>) -> Result<()> {
        let choice = u8::arbitrary(input)?;
        let from = usize::from(choice & 1);
        let kind = match choice & 2 {
            0 => MessageKind::Text,
            _ => MessageKind::Binary,
        };
        let compression = match choice >> 5 & 3 {
            1 => Compression::Never,
            2 => Compression::Always,
            _ => Compression::Auto,
        };
        let side = &mut self.sides[from];
        if let Some(buffer) = self.spare.take() {
            side.connection.outgoing().give_buffer(buffer);
        }
        match choice >> 2 & 7 {
            0 => {
                let message = message(kind, len(input)?);
                let result = side.connection.send_with(message.clone(), compression);
                side.sent(message, result);
            }
            1 => {
                let message = message(kind, len(input)?);
                let prepared = PreparedMessage::new(message.clone()).compression(compression);
                let result = side.connection.send_prepared(&prepared);
                side.sent(message, result);
            }
            2 => side.send_chunk(kind, len(input)?, choice & 0x80 != 0, compression),
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
        if let Some(buffer) = sender.connection.outgoing().take_buffer() {
            self.spare = Some(buffer);
        }
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
