//! What the tests share.

#![allow(
    dead_code,
    unreachable_pub,
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic
)]

pub mod endless;
pub mod on_time;
pub mod pipe;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use bytes::BytesMut;
use miniws_blocking::{
    Client, CloseFrame, Config, Connection, Error, Event, Listener, Message, Negotiated, NetStream,
    ReceiveErrorKind, Server, WebSocket, bytes,
};
use pipe::Pipe;

/// Only something that hangs is ever waited for so long.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Longer than any test takes, for timeouts that must not be what ends it.
pub const LONG: Duration = Duration::from_secs(600);

/// Runs something in a thread; the result is waited for, but not for ever.
pub fn spawn<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Running<T> {
    let (report, result) = mpsc::channel();
    thread::spawn(move || report.send(work()));
    Running(result)
}

pub struct Running<T>(mpsc::Receiver<T>);

impl<T> Running<T> {
    pub fn join(self) -> T {
        self.0
            .recv_timeout(PATIENCE)
            .expect("it panicked, or hangs")
    }

    /// The result, if it is there before so much time has passed.
    pub fn result_within(&self, time: Duration) -> Option<T> {
        self.0.recv_timeout(time).ok()
    }

    /// Whether it is done before so much time has passed.
    pub fn is_done_within(&self, time: Duration) -> bool {
        !matches!(
            self.0.recv_timeout(time),
            Err(mpsc::RecvTimeoutError::Timeout)
        )
    }
}

/// A server's end of a connection, and a raw peer, with a pipe between them that is soon full.
pub fn narrow(config: Config) -> (WebSocket<Pipe>, Pipe) {
    over(pipe::pair_of(1000, usize::MAX), config)
}

/// A server's end of a connection, and a raw peer.
pub fn server_and_peer(config: Config) -> (WebSocket<Pipe>, Pipe) {
    over(pipe::pair(), config)
}

fn over((ours, theirs): (Pipe, Pipe), config: Config) -> (WebSocket<Pipe>, Pipe) {
    let connection = Connection::server(config, Negotiated::default());
    let socket = WebSocket::from_parts(ours, connection, BytesMut::new());
    (socket, theirs)
}

/// A client's end of a connection, and a raw peer. The client masks with zeros.
pub fn client_and_peer(config: Config) -> (WebSocket<Pipe>, Pipe) {
    let (ours, theirs) = pipe::pair();
    let no_mask = |bytes: &mut [u8]| bytes.fill(0);
    let connection = Connection::client(config, Negotiated::default(), no_mask);
    let socket = WebSocket::from_parts(ours, connection, BytesMut::new());
    (socket, theirs)
}

/// A server and a client over TCP on loopback, as a listener makes them.
pub fn tcp_pair(config: &Config) -> (WebSocket<TcpStream>, WebSocket<NetStream>, Listener) {
    let listener = Server::new()
        .config(config.clone())
        .bind("127.0.0.1:0")
        .unwrap();
    let client = Client::new(&url(&listener)).config(config.clone());
    let client = spawn(|| client.connect().unwrap());
    let server = listener.accept().unwrap().unwrap();
    (server, client.join(), listener)
}

pub fn url(listener: &Listener) -> String {
    format!("ws://{}/", listener.local_addr())
}

/// A raw TCP client.
pub fn dial(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect_timeout(&address, PATIENCE).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// A raw TCP server for one connection: reads a request, and answers what `answer` makes of it.
pub fn answering(
    answer: impl FnOnce(&str) -> Vec<u8> + Send + 'static,
) -> (SocketAddr, Running<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let running = spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let request = read_head(&mut stream);
        stream.write_all(&answer(&request)).unwrap();
        request
    });
    (address, running)
}

/// Reads up to the empty line.
pub fn read_head(stream: &mut impl Read) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        assert_eq!(stream.read(&mut byte).unwrap(), 1, "after {head:?}");
        head.push(byte[0]);
    }
    String::from_utf8(head).unwrap()
}

/// Reads so many bytes.
pub fn read_exactly(stream: &mut impl Read, count: usize) -> Vec<u8> {
    let mut bytes = vec![0; count];
    stream.read_exact(&mut bytes).unwrap();
    bytes
}

/// Reads to the end.
pub fn read_all(stream: &mut impl Read) -> Vec<u8> {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    bytes
}

/// A request for a WebSocket, with these lines behind it.
pub fn upgrade_request(lines: &str) -> String {
    format!(
        "GET /chat?room=7 HTTP/1.1\r\nHost: example.org\r\nUpgrade: websocket\r\n\
         Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{lines}\r\n"
    )
}

/// A frame of a client, masked with zeros.
pub fn client_frame(first: u8, payload: &[u8]) -> Vec<u8> {
    frame(first, Some([0; 4]), payload)
}

/// A frame of a server.
pub fn server_frame(first: u8, payload: &[u8]) -> Vec<u8> {
    frame(first, None, payload)
}

fn frame(first: u8, mask: Option<[u8; 4]>, payload: &[u8]) -> Vec<u8> {
    let masked = if mask.is_some() { 0x80 } else { 0 };
    let mut frame = vec![first];
    match payload.len() {
        len @ ..126 => frame.push(masked | len as u8),
        len @ ..65536 => {
            frame.push(masked | 126);
            frame.extend((len as u16).to_be_bytes());
        }
        len => {
            frame.push(masked | 127);
            frame.extend((len as u64).to_be_bytes());
        }
    }
    frame.extend(mask.unwrap_or_default().iter().filter(|_| mask.is_some()));
    frame.extend(payload);
    frame
}

pub fn text(event: Option<Event>) -> String {
    match event {
        Some(Event::Message(Message::Text(text))) => text.to_string(),
        other => panic!("expected a text, got {other:?}"),
    }
}

pub fn close_frame(event: Option<Event>) -> Option<CloseFrame> {
    match event {
        Some(Event::Close(frame)) => frame,
        other => panic!("expected a close, got {other:?}"),
    }
}

pub fn receive_error(error: Error) -> ReceiveErrorKind {
    match error {
        Error::Receive(error) => error.kind(),
        other => panic!("expected an error of receiving, got {other:?}"),
    }
}

/// Echoes until the end.
pub fn echo<S: miniws_blocking::Stream>(mut socket: WebSocket<S>) -> Result<(), Error> {
    while let Some(event) = socket.recv()? {
        if let Event::Message(message) = event {
            socket.send(message)?;
        }
    }
    Ok(())
}
