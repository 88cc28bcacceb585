//! `wss://` on threads, with certificates made on the spot.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

#[path = "../tls/authority.rs"]
mod authority;
mod certificates;
mod common;
#[allow(dead_code, unexpected_cfgs)]
#[path = "../../../behaviour/faulting/conversation.rs"]
mod conversation;
mod ending;
#[allow(dead_code)]
#[path = "../../../behaviour/faulting/fault.rs"]
mod fault;
mod faulting;
#[path = "../../../miniws-blocking/tests/faulting/faulty.rs"]
mod faulty;
mod halves;
mod handshaking;
mod moods;
mod of_the_callers;
mod proxy;
#[allow(dead_code)]
#[path = "../../../behaviour/support/recorder.rs"]
mod recorder;
mod records;
mod redirecting;
#[path = "../tls/relay.rs"]
mod relay;
mod stopping;
mod tracing;

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::panic::resume_unwind;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use authority::{Authority, client_config, params, server_config};
use miniws::rustls::{ClientConfig, ServerConfig};
use miniws::tls::{TlsListener, TlsStream};
use miniws::{Client, Config, Error, Event, Listener, NetStream, Server, Stream, WebSocket};
use miniws_blocking as miniws;

/// Only something that hangs is ever waited for so long.
const PATIENCE: Duration = Duration::from_secs(30);

/// Runs something in a thread; the result is waited for, but not for ever.
fn spawn<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Running<T> {
    let (done, is_done) = mpsc::channel();
    let thread = thread::spawn(move || {
        let _done: mpsc::Sender<()> = done; // Dropped in the end, also by a panic.
        work()
    });
    Running { thread, is_done }
}

struct Running<T> {
    thread: thread::JoinHandle<T>,
    is_done: mpsc::Receiver<()>,
}

impl<T> Running<T> {
    fn join(self) -> T {
        assert!(self.is_done_within(PATIENCE), "it hangs");
        self.thread
            .join()
            .unwrap_or_else(|panic| resume_unwind(panic))
    }

    fn is_done_within(&self, time: Duration) -> bool {
        self.is_done.recv_timeout(time) != Err(RecvTimeoutError::Timeout)
    }
}

/// Runs a test, within bounded time.
fn run(test: impl FnOnce() + Send + 'static) {
    spawn(test).join();
}

type TlsSocket = WebSocket<TlsStream<TcpStream>>;

fn listen(server: Server, config: ServerConfig) -> Listener<TlsListener<TcpListener>> {
    let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
    server.listen(TlsListener::new(tcp, config)).unwrap()
}

/// A server that echoes.
fn serve(config: ServerConfig) -> SocketAddr {
    serve_with(Config::default(), config)
}

fn serve_with(settings: Config, config: ServerConfig) -> SocketAddr {
    let listener = listen(Server::new().config(settings), config);
    let address = listener.local_addr();
    thread::spawn(|| listener.serve(echo));
    address
}

fn echo<S: Stream>(socket: WebSocket<S>) {
    // Clients may go as they like.
    let _ = echo_all(socket);
}

fn echo_all<S: Stream>(mut socket: WebSocket<S>) -> Result<(), Error> {
    while let Some(event) = socket.recv()? {
        if let Event::Message(message) = event {
            socket.send(message)?;
        }
    }
    Ok(())
}

fn connect(address: SocketAddr, config: ClientConfig) -> Result<WebSocket<NetStream>, Error> {
    let url = format!("wss://localhost:{}/", address.port());
    Client::new(&url).tls(config).connect()
}

/// A server's end and a client's, of a listener.
fn pair(
    config: &Config,
) -> (
    TlsSocket,
    WebSocket<NetStream>,
    Listener<TlsListener<TcpListener>>,
) {
    let authority = Authority::new();
    let identity = authority.sign(params("localhost"));
    let server = Server::new().config(config.clone());
    let listener = listen(server, server_config(&identity));
    let url = format!("wss://localhost:{}/", listener.local_addr().port());
    let client = Client::new(&url).config(config.clone());
    let client = client.tls(client_config(&authority));
    let connecting = spawn(|| client.connect().unwrap());
    let server = listener.accept().unwrap().unwrap();
    (server, connecting.join(), listener)
}

fn is_echoed<S: Stream>(socket: &mut WebSocket<S>, message: &str) {
    socket.send(message).unwrap();
    let echoed = socket.recv().unwrap();
    assert!(echoed == Some(Event::Message(message.into())));
}
