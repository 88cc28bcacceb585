//! What the runner asks of an implementation.

use std::time::Duration;

use serde::Deserialize;

use crate::action::Action;
use crate::event::Event;

/// One connection under test, from its peer's point of view and from its application's.
///
/// Every query is a look at what there is now and returns at once. A subject that runs in memory
/// does all its work in the calls that bring something, [`peer`](Subject::peer) and the like, and
/// needs no [`wait`](Subject::wait). One that runs over a pipe or a socket works in `wait`: the
/// runner calls it between its looks until it sees what it expects or loses patience.
///
/// Entropy is fixed: each time the subject asks for random bytes it gets `37 fa 21 3d` over and
/// over, from the start.
pub trait Subject {
    /// Bytes from the peer arrive.
    fn peer(&mut self, bytes: &[u8]);

    /// The peer ends its side of the transport.
    fn peer_eof(&mut self);

    /// The application calls.
    ///
    /// # Errors
    ///
    /// The kind of the error that the application gets, in kebab-case.
    fn app(&mut self, action: &Action) -> Result<(), String>;

    /// Takes the next thing that the application learns, in order.
    fn happening(&mut self) -> Option<Happening>;

    /// Takes the output that is there.
    fn wire(&mut self) -> Vec<u8>;

    /// Where the transport stands.
    fn transport(&mut self) -> Transport;

    /// What the subject says its state is.
    fn state(&mut self) -> State;

    /// How the connection was closed, as far as it is known.
    fn status(&mut self) -> Option<Status>;

    /// Works for a few milliseconds at most and says whether there may be something new. `false`
    /// is final: nothing will come unless the runner does something.
    fn wait(&mut self) -> bool {
        false
    }

    /// Lets time pass: every timer that ends within it goes off at its own time.
    ///
    /// # Errors
    ///
    /// The subject has no clock of its own; then it must lack [`Need::Clock`](crate::Need::Clock).
    fn advance(&mut self, by: Duration) -> Result<(), Unsupported> {
        let _ = by;
        Err(Unsupported)
    }

    /// The peer stops reading, or reads again.
    ///
    /// # Errors
    ///
    /// The subject cannot be stalled; then it must lack [`Need::Stall`](crate::Need::Stall).
    fn stall(&mut self, stalled: bool) -> Result<(), Unsupported> {
        let _ = stalled;
        Err(Unsupported)
    }

    /// How many bytes of output are queued and not written.
    ///
    /// # Errors
    ///
    /// The subject cannot tell; then it must lack [`Need::Held`](crate::Need::Held).
    fn held(&mut self) -> Result<usize, Unsupported> {
        Err(Unsupported)
    }
}

/// A subject, or why there is none.
pub type Started = Result<Box<dyn Subject>, String>;

/// The subject cannot do what a step asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unsupported;

/// Something the application learns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happening {
    /// An event of the open connection.
    Event(Event),
    /// The server's application is asked about a request, an upgrade or a plain one.
    Request(SeenRequest),
    /// The client's application gets the server's answer.
    Response(SeenResponse),
    /// An error, which ends the connection. It comes once here, even if each call repeats it.
    Failure(Failure),
}

/// An error as the application sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Its kind in kebab-case.
    pub kind: String,
    /// The close code that tells the peer, if one does.
    pub code: Option<u16>,
    /// The status of the HTTP answer: the one sent, or the one that refused us.
    pub status: Option<u16>,
    /// How many bytes of complete frames the peer had sent before, if the error tells.
    pub offset: Option<u64>,
}

/// A request as the server's application sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SeenRequest {
    /// The method.
    pub method: String,
    /// The request target.
    pub target: String,
    /// `Host`.
    pub host: Option<String>,
    /// `Origin`.
    pub origin: Option<String>,
    /// The subprotocols offered, in order.
    pub subprotocols: Vec<String>,
    /// The extensions offered, each written back as a header value.
    pub extensions: Vec<String>,
    /// All headers in order, names as the peer wrote them.
    pub headers: Vec<(String, String)>,
}

/// A response as the client's application sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SeenResponse {
    /// The status code.
    pub status: u16,
    /// The subprotocol in use.
    pub subprotocol: Option<String>,
    /// All headers in order, names as the peer wrote them.
    pub headers: Vec<(String, String)>,
    /// As much of the body as was kept.
    pub body: Vec<u8>,
}

/// Where the transport stands, from the subject's side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Transport {
    /// It reads and may write.
    Open,
    /// All output is written and the writing side is shut down; it still reads.
    Shutdown,
    /// It is over: nothing is read or written any more.
    Closed,
}

/// The states of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// The handshake is not done.
    Connecting,
    /// Messages flow.
    Open,
    /// A close frame was sent or received, or the connection failed.
    Closing,
    /// The transport is over.
    Closed,
}

/// How a connection was closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// The close code, 1005 and 1006 included.
    pub code: u16,
    /// The reason, often empty.
    pub reason: String,
    /// Whether the closing handshake was completed.
    pub clean: bool,
}
