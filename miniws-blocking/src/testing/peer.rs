//! The other end of a connection, in the hand of a test.

use std::time::Duration;

use miniws_adapter::testing;

use super::{Pipe, wait};
use crate::handshake::Clock;
use crate::{CloseCode, Event, Message, WebSocket};

/// The other end of a connection, in the hand of a test: the client of the server that is tested, or
/// the server of the client.
///
/// It does nothing by itself: what comes is read while one of its methods waits for something, and only
/// then are pings answered and closes echoed. A peer that is left alone is one that has stalled. The
/// pipe to it holds 64 KiB unless it was made otherwise; then whoever sends has to wait. It has no
/// deadlines either, except for [`patience`](Self::patience).
///
/// # Panics
///
/// Methods panic when the conversation takes another course than they say, and when what they wait for
/// takes longer than the peer has patience. The message has the line of the test, what was expected, what came,
/// and all that was said before.
#[derive(Debug)]
pub struct Peer(testing::Peer);

/// Scripts the end of the conversation that this WebSocket has: the one that is tested is the other one.
impl From<WebSocket<Pipe>> for Peer {
    fn from(socket: WebSocket<Pipe>) -> Self {
        let (pipe, connection, input) = socket.driver.into_parts();
        Self(testing::Peer::new::<Clock>((pipe.pipe, connection, input)))
    }
}

impl Peer {
    /// How long to wait for anything before the test fails: 10 seconds unless told otherwise.
    pub fn patience(&mut self, patience: Duration) {
        self.0.patience(patience);
    }

    /// Whether pings are answered and closes echoed while something is waited for: yes unless told
    /// otherwise.
    pub fn answers(&mut self, answers: bool) {
        self.0.answers(answers);
    }

    /// What was sent by the test and what came, a line for each. Long payloads are cut short, and of many
    /// lines the last 1000 are kept. Answers that went out by themselves are not among them.
    #[must_use]
    pub fn transcript(&self) -> String {
        self.0.transcript()
    }

    /// What comes next, pings and pongs included; `None` at the end of the connection, however that
    /// came.
    #[track_caller]
    pub fn recv(&mut self) -> Option<Event> {
        wait(self.0.recv())
    }

    /// The next message. Pings and pongs are passed over.
    #[track_caller]
    pub fn recv_message(&mut self) -> Message {
        wait(self.0.recv_message())
    }

    /// Expects this message to come next. Pings and pongs are passed over.
    #[track_caller]
    pub fn expect(&mut self, message: impl Into<Message>) {
        wait(self.0.expect(message));
    }

    /// Expects a close frame with this code to come next, 1005 for one without a code, and returns its
    /// reason. Pings and pongs are passed over. The close is echoed, and the peer's side ended.
    #[track_caller]
    pub fn expect_close(&mut self, code: impl Into<CloseCode>) -> String {
        wait(self.0.expect_close(code))
    }

    /// Expects the connection to end without anything before that. Pings and pongs are passed over.
    #[track_caller]
    pub fn expect_end(&mut self) {
        wait(self.0.expect_end());
    }

    /// Expects that nothing comes for so long, pings and pongs apart.
    #[track_caller]
    pub fn expect_silence(&mut self, time: Duration) {
        wait(self.0.expect_silence(time));
    }

    /// Sends a message.
    #[track_caller]
    pub fn send(&mut self, message: impl Into<Message>) {
        wait(self.0.send(message));
    }

    /// Sends a ping. Its answer comes by [`recv`](Self::recv).
    #[track_caller]
    pub fn ping(&mut self, payload: impl AsRef<[u8]>) {
        wait(self.0.ping(payload));
    }

    /// Sends a close frame, and waits for nothing.
    #[track_caller]
    pub fn send_close(&mut self, code: impl Into<CloseCode>, reason: &str) {
        wait(self.0.send_close(code, reason));
    }

    /// Closes with code 1000, unless a close frame has been sent or received already, and waits for the
    /// other's close frame and the end of the connection. What comes before that is passed over.
    #[track_caller]
    pub fn close(&mut self) {
        wait(self.0.close());
    }

    /// Sends a frame that need not be in order: its first byte, that is, FIN, the reserved bits and the
    /// opcode (RFC 6455 section 5.2), and a payload. The length is right, and so is the mask, of zeros,
    /// if the peer is a client.
    #[track_caller]
    pub fn write_frame(&mut self, first: u8, payload: impl AsRef<[u8]>) {
        wait(self.0.write_frame(first, payload));
    }

    /// Sends bytes as they are: half a frame, one without a mask, or none at all.
    #[track_caller]
    pub fn write(&mut self, bytes: impl AsRef<[u8]>) {
        wait(self.0.write(bytes));
    }

    /// Ends the peer's side of the connection without a close frame: the other end reads the end of the
    /// stream, and what it still writes can be received. Dropping the peer ends both sides.
    pub fn shutdown(&mut self) {
        self.0.shutdown();
    }

    /// Breaks the connection: from now on the other end reads and writes errors, and what it has not read
    /// is lost.
    pub fn reset(&mut self) {
        self.0.reset();
    }
}
