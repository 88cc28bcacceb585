//! What a WebSocket can go over.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod common;

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use common::*;
use miniws_blocking::{Client, Config, Connection, Negotiated, Stream, WebSocket, accept, bytes};

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
    buffer: Vec<u8>,
    /// How often flushing does not work yet.
    stuck: u32,
}

impl Read for Buffered {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.pipe.read(buffer)
    }
}

impl Write for Buffered {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.buffer.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.stuck > 0 {
            self.stuck -= 1;
            return Err(io::ErrorKind::WouldBlock.into());
        }
        self.pipe.write_all(&std::mem::take(&mut self.buffer))
    }
}

impl Stream for Buffered {
    fn set_read_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        Stream::set_read_timeout(&self.pipe, timeout)
    }

    fn set_write_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        Stream::set_write_timeout(&self.pipe, timeout)
    }

    fn shutdown_write(&mut self) -> io::Result<()> {
        self.flush()?;
        self.pipe.shutdown_write()
    }
}

#[test]
fn stream_that_buffers_is_flushed() {
    for stuck in [0, 1, 5] {
        let (ours, theirs) = pipe::pair();
        let buffered = |pipe| Buffered {
            pipe,
            buffer: Vec::new(),
            stuck,
        };
        converse(buffered(ours), buffered(theirs));
    }
}

/// When the application sees the close and drops the connection, the answer must have left.
#[test]
fn close_is_told_once_the_answer_is_flushed() {
    let (ours, mut peer) = pipe::pair();
    let ours = Buffered {
        pipe: ours,
        buffer: Vec::new(),
        stuck: 5,
    };
    let connection = Connection::server(Config::default(), Negotiated::default());
    let mut server = WebSocket::from_parts(ours, connection, bytes::BytesMut::new());
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
