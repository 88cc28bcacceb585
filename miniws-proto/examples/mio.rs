//! An echo server on an event loop of its own: any number of connections, one thread, `mio`.
//!
//! `cargo run --release -p miniws-proto --example mio [ADDR]`, by default 127.0.0.1:9001; it prints
//! `listening on ws://ADDR` when it is ready. It ends when it is killed.

use std::collections::HashMap;
use std::convert::Infallible;
use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use bytes::{Buf, BytesMut};
use miniws_proto::{
    Accept, Config, Connection, Event, Incoming, Reply, SendQueue, ServerHandshake, State, Time,
};
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Registry, Token};

fn main() -> ExitCode {
    let address = std::env::args().nth(1);
    let address = address.as_deref().unwrap_or("127.0.0.1:9001");
    let Err(error) = serve(address);
    eprintln!("mio: {address}: {error}");
    ExitCode::FAILURE
}

fn serve(address: &str) -> io::Result<Infallible> {
    let address = address.parse().map_err(io::Error::other)?;
    let mut listener = TcpListener::bind(address)?;
    println!("listening on ws://{}", listener.local_addr()?);

    let mut poll = Poll::new()?;
    poll.registry()
        .register(&mut listener, LISTENER, Interest::READABLE)?;
    let mut events = Events::with_capacity(1024);
    let mut peers: HashMap<Token, Peer> = HashMap::new();
    let mut next = LISTENER.0;
    let start = Instant::now();
    loop {
        let now = Time::from_duration(start.elapsed());
        let deadline = peers
            .values_mut()
            .filter_map(|peer| peer.deadline(now))
            .min();
        let patience = deadline.map(|time| time.saturating_since(now) + Duration::from_millis(1));
        poll.poll(&mut events, patience)?;

        let now = Time::from_duration(start.elapsed());
        for event in &events {
            if event.token() == LISTENER {
                loop {
                    let stream = match listener.accept() {
                        Ok((stream, _)) => stream,
                        // A client that has gone before its turn.
                        Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => continue,
                        // None is left, or no descriptor: then the next client that comes wakes us.
                        Err(_) => break,
                    };
                    next += 1;
                    // What fails here, a peer that is gone already, is no matter of the others.
                    if let Ok(peer) = Peer::new(stream, poll.registry(), Token(next)) {
                        peers.insert(Token(next), peer);
                    }
                }
            } else if let Some(peer) = peers.get_mut(&event.token())
                && !peer.drive(now)
            {
                peers.remove(&event.token());
            }
        }
        // What this costs grows with the number of connections. A server that has many keeps their
        // deadlines in a heap.
        peers.retain(|_, peer| peer.deadline(now).is_none_or(|time| time > now) || peer.drive(now));
    }
}

const LISTENER: Token = Token(0);

/// One connection: its socket, what was read from it, and how far it has come.
struct Peer {
    stream: TcpStream,
    input: BytesMut,
    stage: Stage,
    is_shut: bool,
}

enum Stage {
    Handshake(Box<ServerHandshake>),
    Open(Box<Connection>),
    /// Refused: this is the answer, and nothing follows.
    Refused(SendQueue),
}

impl Peer {
    fn new(mut stream: TcpStream, registry: &Registry, token: Token) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        registry.register(&mut stream, token, Interest::READABLE | Interest::WRITABLE)?;
        Ok(Self {
            stream,
            input: BytesMut::new(),
            stage: Stage::Handshake(Box::new(ServerHandshake::new(Config::default()))),
            is_shut: false,
        })
    }

    fn deadline(&mut self, now: Time) -> Option<Time> {
        match &mut self.stage {
            Stage::Handshake(handshake) => Some(handshake.poll_timeout(now)),
            Stage::Open(connection) => connection.poll_timeout(now),
            Stage::Refused(_) => None,
        }
    }

    /// Does all that can be done without waiting. Returns whether the connection goes on.
    fn drive(&mut self, now: Time) -> bool {
        loop {
            self.step(now);
            match self.write() {
                Ok(true) => continue,
                Ok(false) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(_) => return false,
            }
            match &mut self.stage {
                Stage::Refused(answer) if answer.is_empty() => return false,
                Stage::Open(connection) if !connection.wants_read() => return false,
                Stage::Open(connection) if connection.wants_shutdown() && !self.is_shut => {
                    self.is_shut = true;
                    let _ = self.stream.shutdown(Shutdown::Write);
                }
                // The echoes don't get out: don't read what would have to be kept for them.
                Stage::Open(connection) if is_stuck(connection) => return true,
                _ => {}
            }
            match self.read() {
                Ok(true) => {}
                Ok(false) => match &mut self.stage {
                    Stage::Open(connection) => connection.receive_eof(),
                    _ => return false,
                },
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return true,
                Err(_) => return false,
            }
        }
    }

    /// Takes what has been read one stage further.
    fn step(&mut self, now: Time) {
        if let Stage::Handshake(handshake) = &mut self.stage {
            let received = handshake
                .handle_timeout(now)
                .and_then(|()| handshake.receive(&mut self.input));
            match received {
                Ok(None) => return,
                Ok(Some(incoming)) => self.stage = answer(incoming),
                Err(error) => self.stage = refusal(error.reply()),
            }
        }
        if let Stage::Open(connection) = &mut self.stage {
            connection.handle_timeout(now);
            // A peer that doesn't read what it is sent has to wait: its messages stay where they
            // are. An error is no reason to stop: the close frame that tells the peer is queued.
            while !is_stuck(connection) {
                match connection.receive(&mut self.input) {
                    Ok(Some(Event::Message(message))) => {
                        let _ = connection.send(message);
                    }
                    Ok(Some(_)) => {}
                    Ok(None) | Err(_) => return,
                }
            }
        }
    }

    fn write(&mut self) -> io::Result<bool> {
        let output = match &mut self.stage {
            Stage::Handshake(_) => return Ok(false),
            Stage::Open(connection) => connection.outgoing(),
            Stage::Refused(answer) => answer,
        };
        if output.is_empty() {
            return Ok(false);
        }
        let count = self.stream.write(output.chunk())?;
        output.advance(count);
        Ok(true)
    }

    fn read(&mut self) -> io::Result<bool> {
        let mut bytes = [0; 16 * 1024];
        let count = self.stream.read(&mut bytes)?;
        self.input.extend_from_slice(&bytes[..count]);
        Ok(count > 0)
    }
}

fn is_stuck(connection: &Connection) -> bool {
    connection.state() == State::Open && !connection.can_send()
}

fn answer(incoming: Incoming) -> Stage {
    match incoming {
        Incoming::Upgrade(upgrade) => match upgrade.accept(Accept::new()) {
            Ok(connection) => Stage::Open(Box::new(connection)),
            Err(error) => refusal(error.reply()),
        },
        Incoming::Plain(_) => refusal(Some(Reply::upgrade_required())),
    }
}

fn refusal(reply: Option<Reply>) -> Stage {
    let answer = reply.and_then(|reply| reply.encode().ok());
    Stage::Refused(answer.map(SendQueue::from).unwrap_or_default())
}
