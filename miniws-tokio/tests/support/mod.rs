//! What the tests share: running a test within bounded time, connections of several kinds, and a
//! peer whose bytes are written by hand.

pub(crate) mod drip;
pub(crate) mod scripted;
pub(crate) mod wire;

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::mpsc;
use std::task::Poll;
use std::thread;
use std::time::Duration;

use bytes::BytesMut;
use miniws_tokio::{
    Client, CloseCode, Config, Connection, Error, Event, Listener, Message, Negotiated,
    ReceiveErrorKind, Server, WebSocket,
};
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream};
use tokio::net::TcpStream;
use tokio::runtime::Builder;

/// How long a test may take. Only one that hangs takes so long.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs a test on one thread.
pub(crate) fn run<T>(test: impl Future<Output = T>) -> T {
    bounded(Builder::new_current_thread().enable_all(), test)
}

/// Runs a test on a clock that stands still while there is something to do, and otherwise jumps to
/// the next timer. Not for real sockets, unless nothing is expected of them.
pub(crate) fn run_paused<T>(test: impl Future<Output = T>) -> T {
    bounded(
        Builder::new_current_thread()
            .enable_all()
            .start_paused(true),
        test,
    )
}

/// Runs a test on several threads.
pub(crate) fn run_threaded<T>(test: impl Future<Output = T>) -> T {
    bounded(
        Builder::new_multi_thread().worker_threads(2).enable_all(),
        test,
    )
}

/// The watchdog is a thread, so that it also ends a test that is busy for ever.
fn bounded<T>(builder: &mut Builder, test: impl Future<Output = T>) -> T {
    let name = thread::current().name().unwrap_or("a test").to_owned();
    let (_done, is_done) = mpsc::channel::<()>();
    thread::spawn(move || {
        if is_done.recv_timeout(PATIENCE) == Err(mpsc::RecvTimeoutError::Timeout) {
            eprintln!("{name} hangs");
            std::process::abort();
        }
    });
    builder.build().unwrap().block_on(test)
}

/// Polls `future` once and drops it: what cancelling it comes to.
pub(crate) async fn once<F: Future>(future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    poll_fn(|cx| {
        Poll::Ready(match future.as_mut().poll(cx) {
            Poll::Ready(output) => Some(output),
            Poll::Pending => None,
        })
    })
    .await
}

/// Makes a future anew for each poll until one is ready, and yields to other tasks in between.
macro_rules! remade {
    ($future:expr) => {
        loop {
            if let Some(output) = $crate::support::once($future).await {
                break output;
            }
            tokio::task::yield_now().await;
        }
    };
}
pub(crate) use remade;

/// A configuration that does nothing of its own accord.
pub(crate) fn calm() -> Config {
    Config::default().keep_alive(None)
}

/// A server over a pipe, and its peer's end.
pub(crate) fn server_and_peer(config: Config) -> (WebSocket<DuplexStream>, DuplexStream) {
    let (ours, theirs) = tokio::io::duplex(64 << 10);
    (server(ours, config), theirs)
}

/// A client over a pipe, and its peer's end.
pub(crate) fn client_and_peer(config: Config) -> (WebSocket<DuplexStream>, DuplexStream) {
    let (ours, theirs) = tokio::io::duplex(64 << 10);
    (client(ours, config), theirs)
}

/// A server and a client over a pipe.
pub(crate) fn pair() -> (WebSocket<DuplexStream>, WebSocket<DuplexStream>) {
    let (ours, theirs) = tokio::io::duplex(64 << 10);
    (server(ours, calm()), client(theirs, calm()))
}

/// The server's side over a stream, the handshake being done.
pub(crate) fn server<S>(stream: S, config: Config) -> WebSocket<S>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let connection = Connection::server(config, Negotiated::default());
    WebSocket::from_parts(stream, connection, BytesMut::new())
}

/// The client's side over a stream, the handshake being done. All masking keys are zero.
pub(crate) fn client<S>(stream: S, config: Config) -> WebSocket<S>
where
    S: AsyncRead + AsyncWrite + Unpin,
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

/// The server's and the client's end of a TCP connection.
pub(crate) async fn tcp_pair() -> (WebSocket<TcpStream>, WebSocket<TcpStream>) {
    let (mut listener, url) = listen(Server::new().config(calm())).await;
    let client = Client::new(&url).config(calm()).connect();
    let (server, client) = tokio::join!(listener.accept(), client);
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
