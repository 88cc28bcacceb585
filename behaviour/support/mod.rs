//! What the tests share: running a test within bounded time, connections of several kinds, and a
//! peer whose bytes are written by hand.

pub(crate) mod alone;
pub(crate) mod drip;
pub(crate) mod duplex;
#[cfg(feature = "tracing")]
pub(crate) mod recorder;
mod run;
pub(crate) mod scripted;
pub(crate) mod watched;
pub(crate) mod wire;

use std::net::SocketAddr;
use std::time::Duration;

use bytes::BytesMut;
pub(crate) use futures_lite::future::{yield_now, zip as join};

use crate::miniws::{
    Client, CloseCode, Config, Connection, Error, Event, Listener, Message, Negotiated,
    ReceiveErrorKind, Server, WebSocket,
};
use crate::runtime::{AsyncRead, AsyncWrite, Stream, TcpStream, stream};
use drip::Drip;
use duplex::{Duplex, duplex};
pub(crate) use run::{
    assert_took, once, remade, run, run_on_test_clock, run_threaded, spawn, timeout,
};

/// As long as a test waits for a deadline.
pub(crate) const TICK: Duration = Duration::from_millis(50);

/// Longer than a test waits for anything.
pub(crate) const LONG: Duration = Duration::from_secs(30);

/// A configuration that does nothing of its own accord.
pub(crate) fn calm() -> Config {
    Config::default().keep_alive(None)
}

/// One end of a pipe in memory.
pub(crate) type Pipe = Stream<Duplex>;

/// Both ends of a pipe, with room for so many bytes in each direction.
pub(crate) fn pipe(capacity: usize) -> (Pipe, Pipe) {
    let (ours, theirs) = duplex(capacity);
    (stream(ours), stream(theirs))
}

/// One end of a pipe that makes everything take long.
pub(crate) type SlowPipe = Stream<Drip<Duplex>>;

/// A pipe with one slow end.
pub(crate) fn slow_pipe(capacity: usize) -> (SlowPipe, Pipe) {
    let (ours, theirs) = duplex(capacity);
    (stream(Drip::by(ours, 1)), stream(theirs))
}

/// A pipe whose ends are both slow.
pub(crate) fn slow_pipes(capacity: usize) -> (SlowPipe, SlowPipe) {
    let (ours, theirs) = duplex(capacity);
    (stream(Drip::by(ours, 1)), stream(Drip::by(theirs, 1)))
}

/// A server over a pipe, and its peer's end.
pub(crate) fn server_and_peer(config: Config) -> (WebSocket<Pipe>, Pipe) {
    let (ours, theirs) = pipe(64 << 10);
    (server(ours, config), theirs)
}

/// A client over a pipe, and its peer's end.
pub(crate) fn client_and_peer(config: Config) -> (WebSocket<Pipe>, Pipe) {
    let (ours, theirs) = pipe(64 << 10);
    (client(ours, config), theirs)
}

/// A server and a client over a pipe.
pub(crate) fn pair() -> (WebSocket<Pipe>, WebSocket<Pipe>) {
    let (ours, theirs) = pipe(64 << 10);
    (server(ours, calm()), client(theirs, calm()))
}

/// The server's side over a stream, the handshake being done.
pub(crate) fn server<S>(stream: S, config: Config) -> WebSocket<S>
where
    S: AsyncRead + AsyncWrite + Unpin + 'static,
{
    let connection = Connection::server(config, Negotiated::default());
    WebSocket::from_parts(stream, connection, BytesMut::new())
}

/// The client's side over a stream, the handshake being done. All masking keys are zero.
pub(crate) fn client<S>(stream: S, config: Config) -> WebSocket<S>
where
    S: AsyncRead + AsyncWrite + Unpin + 'static,
{
    let connection = Connection::client(config, Negotiated::default(), zeros);
    WebSocket::from_parts(stream, connection, BytesMut::new())
}

/// Entropy that makes a client's frames easy to read.
pub(crate) fn zeros(destination: &mut [u8]) {
    destination.fill(0);
}

/// A listener on a free port of loopback, and its URL.
pub(crate) async fn listen(server: Server) -> (Listener, String) {
    let listener = server.bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}/", listener.local_addr());
    (listener, url)
}

/// A plain TCP connection.
pub(crate) async fn dial(address: SocketAddr) -> TcpStream {
    TcpStream::connect(address).await.unwrap()
}

/// The server's and the client's end of a TCP connection.
pub(crate) async fn tcp_pair() -> (
    WebSocket<TcpStream>,
    WebSocket<impl AsyncRead + AsyncWrite + Send + Unpin + 'static>,
) {
    let (mut listener, url) = listen(Server::new().config(calm())).await;
    let client = Client::new(&url).config(calm()).connect();
    let (server, client) = join(listener.accept(), client).await;
    (server.unwrap().unwrap(), client.unwrap())
}

/// What an event that is a text says.
pub(crate) fn text(event: Option<Event>) -> String {
    match event {
        Some(Event::Message(Message::Text(text))) => text.to_string(),
        other => panic!("expected a text, not {other:?}"),
    }
}

/// The code and reason of an event that is a close.
pub(crate) fn close(event: Option<Event>) -> (u16, String) {
    match event {
        Some(Event::Close(Some(frame))) => (frame.code().into(), frame.reason().to_owned()),
        Some(Event::Close(None)) => (CloseCode::NO_STATUS.into(), String::new()),
        other => panic!("expected a close, not {other:?}"),
    }
}

/// The kind of an error of receiving.
pub(crate) fn kind<T: std::fmt::Debug>(result: Result<T, Error>) -> ReceiveErrorKind {
    match result {
        Err(Error::Receive(error)) => error.kind(),
        other => panic!("expected an error of receiving, not {other:?}"),
    }
}
