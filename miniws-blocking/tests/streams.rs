//! What a WebSocket can go over.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod common;

use std::io::{self, IoSlice, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use common::*;
use miniws_blocking::bytes::BytesMut;
use miniws_blocking::{
    Client, Config, Connection, Negotiated, ReceiveErrorKind, SharedStream, Stream, WebSocket,
    accept, bytes,
};

/// A handshake, a message each way, and a close.
fn converse<S: Stream + Send + 'static>(ours: S, theirs: S) {
    let serving = spawn(move || echo(accept(ours).unwrap()));
    let mut client = Client::new("ws://somewhere/").handshake(theirs).unwrap();
    for size in [0, 10, 300_000] {
        let message = "x".repeat(size);
        client.feed(message.as_str()).unwrap();
        assert!(text(client.recv().unwrap()) == message);
    }
    assert!(client.close().unwrap().clean);
    serving.join().unwrap();
}

#[test]
fn pipe_in_memory() {
    let (ours, theirs) = pipe::pair();
    converse(ours, theirs);
    for (capacity, most) in [(1 << 16, 100), (100, 7), (1, 1)] {
        let (ours, theirs) = pipe::pair_of(capacity, most);
        let serving = spawn(move || echo(accept(ours).unwrap()));
        let mut client = Client::new("ws://somewhere/").handshake(theirs).unwrap();
        client.send("through a needle's eye").unwrap();
        assert_eq!(text(client.recv().unwrap()), "through a needle's eye");
        assert!(client.close().unwrap().clean);
        serving.join().unwrap();
    }
}

#[cfg(unix)]
#[test]
fn unix_socket() {
    let (ours, theirs) = std::os::unix::net::UnixStream::pair().unwrap();
    converse(ours, theirs);
    let (ours, theirs) = std::os::unix::net::UnixStream::pair().unwrap();
    let serving = spawn(move || echo(accept(ours).unwrap()));
    let client = Client::new("ws://somewhere/").handshake(theirs).unwrap();
    assert_eq!(client.remote_addr(), None);
    let (sender, mut receiver) = client.split();
    let receiving = spawn(move || text(receiver.recv().unwrap()));
    sender.send("over there").unwrap();
    assert_eq!(receiving.join(), "over there");
    drop(sender);
    drop(serving);
}

#[test]
fn stream_chosen_at_run_time() {
    let (ours, theirs) = pipe::pair();
    let boxed = |pipe| Box::new(pipe) as Box<dyn Stream + Send>;
    converse(boxed(ours), boxed(theirs));
}

#[test]
fn tcp_stream_of_the_callers() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let theirs = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (ours, _) = listener.accept().unwrap();
    // The caller's timeouts don't get in the way.
    for stream in [&ours, &theirs] {
        stream
            .set_read_timeout(Some(Duration::from_millis(1)))
            .unwrap();
        stream
            .set_write_timeout(Some(Duration::from_millis(1)))
            .unwrap();
    }
    converse(ours, theirs);
}

/// The connection from one place, the stream from another, and what was read too far.
#[test]
fn detached() {
    let (ours, mut peer) = pipe::pair();
    let negotiated = Negotiated::new().with_subprotocol("chat".into());
    let connection = Connection::server(Config::default(), negotiated);
    let early = client_frame(0x81, b"early");
    let (input, rest) = early.split_at(4);
    peer.write_all(rest).unwrap();
    let mut server = WebSocket::from_parts(ours, connection, bytes::BytesMut::from(input));
    assert_eq!(server.subprotocol(), Some("chat"));
    assert_eq!(text(server.recv().unwrap()), "early");
}

/// A stream that keeps what it is given until it is flushed, as TLS may.
struct Buffered {
    pipe: pipe::Pipe,
    buffer: Mutex<Vec<u8>>,
    /// How often flushing does not work yet.
    stuck: AtomicU32,
}

impl Buffered {
    fn new(pipe: pipe::Pipe, stuck: u32) -> Self {
        Self {
            pipe,
            buffer: Mutex::default(),
            stuck: stuck.into(),
        }
    }
}

impl SharedStream for Buffered {
    fn read_shared(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.pipe.read_shared(buffer)
    }

    fn write_shared(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        let first = slices.first().map_or(&[][..], |slice| &slice[..]);
        self.buffer.lock().unwrap().extend_from_slice(first);
        Ok(first.len())
    }

    fn flush_shared(&self) -> io::Result<()> {
        let stuck = self.stuck.load(Ordering::Relaxed);
        if stuck > 0 {
            self.stuck.store(stuck - 1, Ordering::Relaxed);
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let bytes = std::mem::take(&mut *self.buffer.lock().unwrap());
        self.pipe.clone().write_all(&bytes)
    }

    fn shutdown_shared(&self, how: Shutdown) -> io::Result<()> {
        self.flush_shared()?;
        self.pipe.shutdown_shared(how)
    }
}

impl Read for Buffered {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.read_shared(buffer)
    }
}

impl Write for Buffered {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_shared(&[IoSlice::new(bytes)])
    }

    fn flush(&mut self) -> io::Result<()> {
        self.flush_shared()
    }
}

impl Stream for Buffered {
    fn set_read_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        self.pipe.set_read_timeout(timeout)
    }

    fn set_write_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        self.pipe.set_write_timeout(timeout)
    }

    fn shutdown_write(&mut self) -> io::Result<()> {
        self.shutdown_shared(Shutdown::Write)
    }
}

/// A signal interrupts every write.
struct Interrupted(pipe::Pipe);

impl SharedStream for Interrupted {
    fn read_shared(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read_shared(buffer)
    }

    fn write_shared(&self, _: &[IoSlice<'_>]) -> io::Result<usize> {
        Err(io::ErrorKind::Interrupted.into())
    }

    fn shutdown_shared(&self, how: Shutdown) -> io::Result<()> {
        self.0.shutdown_shared(how)
    }
}

impl Read for Interrupted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.read_shared(buffer)
    }
}

impl Write for Interrupted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_shared(&[IoSlice::new(bytes)])
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Stream for Interrupted {
    fn set_read_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        self.0.set_read_timeout(timeout)
    }

    fn set_write_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        self.0.set_write_timeout(timeout)
    }

    fn shutdown_write(&mut self) -> io::Result<()> {
        self.0.shutdown_write()
    }
}

/// However often signals come, deadlines are kept.
#[test]
fn interruptions_put_no_deadline_off() {
    let server = || {
        let config = Config::default().write_timeout(Some(Duration::from_millis(50)));
        let connection = Connection::server(config, Negotiated::default());
        WebSocket::from_parts(Interrupted(pipe::pair().0), connection, BytesMut::new())
    };
    let mut whole = server();
    let (half, _other) = server().split();
    for sending in [
        spawn(move || whole.send("x")),
        spawn(move || half.send("x")),
    ] {
        let error = sending.join().unwrap_err();
        assert_eq!(receive_error(error), ReceiveErrorKind::WriteTimeout);
    }
}

#[test]
fn stream_that_buffers_is_flushed() {
    for stuck in [0, 1, 5] {
        let (ours, theirs) = pipe::pair();
        converse(Buffered::new(ours, stuck), Buffered::new(theirs, stuck));
    }
}

#[test]
fn halves_flush_a_stream_that_buffers() {
    for stuck in [0, 1, 5] {
        let (ours, theirs) = pipe::pair();
        let serving = spawn(move || echo(accept(Buffered::new(ours, stuck)).unwrap()));
        let client = Client::new("ws://somewhere/");
        let client = client.handshake(Buffered::new(theirs, 0)).unwrap();
        client.get_ref().stuck.store(stuck, Ordering::Relaxed);
        let (sender, mut receiver) = client.split();
        sender.send("over there").unwrap();
        assert_eq!(text(receiver.recv().unwrap()), "over there");
        sender.close().unwrap();
        while receiver.recv().unwrap().is_some() {}
        assert!(receiver.close_status().unwrap().clean);
        serving.join().unwrap();
    }
}

/// When the application sees the close and drops the connection, the answer must have left.
#[test]
fn close_is_told_once_the_answer_is_flushed() {
    let (ours, mut peer) = pipe::pair();
    let connection = Connection::server(Config::default(), Negotiated::default());
    let input = bytes::BytesMut::new();
    let mut server = WebSocket::from_parts(Buffered::new(ours, 5), connection, input);
    peer.write_all(&client_frame(0x88, b"\x03\xe8")).unwrap();
    close_frame(server.recv().unwrap());
    assert_eq!(peer.take_all(), (server_frame(0x88, b"\x03\xe8"), true));
}

/// A stream that claims to have taken more than it was given.
struct Boastful(pipe::Pipe);

impl Read for Boastful {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl Write for Boastful {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(self.0.write(bytes)? + 1)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl Stream for Boastful {
    fn set_read_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        Stream::set_read_timeout(&self.0, timeout)
    }

    fn set_write_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        Stream::set_write_timeout(&self.0, timeout)
    }

    fn shutdown_write(&mut self) -> io::Result<()> {
        self.0.shutdown_write()
    }
}

#[test]
fn a_stream_cannot_write_more_than_there_is() {
    let (ours, theirs) = pipe::pair();
    let serving = spawn(move || accept(Boastful(ours)).unwrap());
    let client = Client::new("ws://somewhere/").handshake(Boastful(theirs));
    let (mut client, mut server) = (client.unwrap(), serving.join());
    client.send("small").unwrap();
    assert_eq!(text(server.recv().unwrap()), "small");
}

/// A stream over another WebSocket, both on the same thread.
struct Tunnel(std::cell::RefCell<WebSocket<pipe::Pipe>>, bytes::BytesMut);

impl Read for Tunnel {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.1.is_empty() {
            match self.0.get_mut().recv() {
                Ok(Some(miniws_blocking::Event::Message(message))) => {
                    self.1.extend_from_slice(message.as_bytes());
                }
                Ok(Some(_)) => {}
                Ok(None) | Err(_) => return Ok(0),
            }
        }
        let count = buffer.len().min(self.1.len());
        buffer[..count].copy_from_slice(&self.1.split_to(count));
        Ok(count)
    }
}

impl Write for Tunnel {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let sent = self.0.get_mut().send(bytes);
        sent.map(|()| bytes.len()).map_err(io::Error::other)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Stream for Tunnel {
    fn set_read_timeout(&self, _: Option<Duration>) -> io::Result<()> {
        Ok(())
    }

    fn set_write_timeout(&self, _: Option<Duration>) -> io::Result<()> {
        Ok(())
    }

    fn shutdown_write(&mut self) -> io::Result<()> {
        self.0.get_mut().close().map(drop).map_err(io::Error::other)
    }
}

/// It has no timeouts, either: those that do nothing are allowed.
#[test]
fn websocket_in_a_websocket() {
    let (ours, theirs) = pipe::pair();
    let tunnel = |socket| Tunnel(socket, bytes::BytesMut::new());
    let outer = spawn(move || accept(ours).unwrap());
    let outside = Client::new("ws://outside/").handshake(theirs).unwrap();
    converse(tunnel(outer.join().into()), tunnel(outside.into()));
}
