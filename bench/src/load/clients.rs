//! The load: clients on a bare epoll loop, with frames made by hand.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use rustix::event::{Timespec, epoll};

use super::expected::Expected;
use super::one::{PATIENCE, connect, echo};
use crate::content::Content;
use crate::deflate::deflate;
use crate::serving::{Service, handshake};
use crate::wire;

/// What the clients send.
#[derive(Clone, Debug)]
pub struct Load {
    pub connections: usize,
    pub content: Content,
    pub size: usize,
    /// How many messages of a connection are on their way at a time.
    pub in_flight: usize,
    /// Compressed, with permessage-deflate.
    pub deflate: bool,
}

impl Load {
    /// What it asks of a server.
    pub const fn service(&self) -> Service {
        if self.deflate {
            Service::EchoDeflate
        } else {
            Service::Echo
        }
    }

    fn handshake(&self) -> Vec<u8> {
        if self.deflate {
            handshake::deflate_request()
        } else {
            handshake::REQUEST.to_vec()
        }
    }
}

/// What came of it.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    pub messages: u64,
    pub time: Duration,
    /// From the moment a message is sent until all of its echo is there, sorted.
    pub latencies: Vec<Duration>,
}

/// The bytes that every client sends, and those that it gets, over and over.
struct Script {
    requests: Vec<u8>,
    replies: Expected,
    /// The length of one.
    request: usize,
    reply: usize,
}

struct Client {
    stream: TcpStream,
    /// Where in the script the next byte to send and to receive is.
    send_at: usize,
    receive_at: usize,
    /// Bytes to send.
    due: usize,
    /// Bytes of the reply that is coming.
    received: usize,
    sent_at: VecDeque<Instant>,
    waits_to_write: bool,
}

/// The clients of one server.
pub struct Clients {
    poll: rustix::fd::OwnedFd,
    clients: Vec<Client>,
    script: Script,
    buffer: Vec<u8>,
    outcome: Outcome,
    is_measuring: bool,
}

impl Script {
    fn new(address: SocketAddr, load: &Load) -> io::Result<Self> {
        // All have to be of one length, which what is compressed isn't.
        let variants = match load.size {
            _ if load.deflate => 1,
            0..=0x1_0000 => 4,
            _ => 2,
        };
        let opcode = if load.content.is_text() {
            wire::TEXT
        } else {
            wire::BINARY
        };
        // As many as are in flight, so that they leave with one write.
        let count = variants.max(load.in_flight);
        let (mut requests, mut replies) = (Vec::new(), Vec::new());
        for at in 0..count {
            let payload = load.content.payload(load.size, at % variants);
            let key = [at as u8 ^ 0x5a, 0xc3, 0x17, 0x88];
            let start = requests.len();
            if load.deflate {
                let opcode = opcode | wire::RSV1;
                wire::push_frame(&mut requests, opcode, true, Some(key), &deflate(&payload));
                // Each library compresses in a way of its own, but a message always alike.
                let mut one = connect(address, &load.handshake())?;
                replies.extend(echo(&mut one, &requests[start..], &payload)?);
            } else {
                wire::push_frame(&mut requests, opcode, true, Some(key), &payload);
                wire::push_frame(&mut replies, opcode, true, None, &payload);
            }
        }
        Ok(Self {
            request: requests.len() / count,
            reply: replies.len() / count,
            requests,
            replies: Expected::new(replies),
        })
    }
}

impl Clients {
    /// Connects all of them.
    ///
    /// # Errors
    ///
    /// When the server does not want them.
    pub fn connect(address: SocketAddr, load: &Load) -> io::Result<Self> {
        let poll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        let script = Script::new(address, load)?;
        let mut clients = Vec::with_capacity(load.connections);
        for at in 0..load.connections {
            let stream = connect(address, &load.handshake())?;
            stream.set_nonblocking(true)?;
            let data = epoll::EventData::new_u64(at as u64);
            epoll::add(&poll, &stream, data, epoll::EventFlags::IN)?;
            clients.push(Client {
                stream,
                send_at: 0,
                receive_at: 0,
                due: load.in_flight * script.request,
                received: 0,
                sent_at: std::iter::repeat_n(Instant::now(), load.in_flight).collect(),
                waits_to_write: false,
            });
        }
        let mut all = Self {
            poll,
            clients,
            script,
            buffer: vec![0; 256 << 10],
            outcome: Outcome::default(),
            is_measuring: false,
        };
        for at in 0..all.clients.len() {
            all.send(at)?;
        }
        Ok(all)
    }

    /// Sends and receives for so long.
    ///
    /// # Errors
    ///
    /// When the server closes, is silent, or sends a wrong byte.
    pub fn run(&mut self, time: Duration, is_measuring: bool) -> io::Result<Outcome> {
        self.is_measuring = is_measuring;
        self.outcome = Outcome::default();
        let start = Instant::now();
        let mut events = Vec::with_capacity(256);
        let patience = Timespec {
            tv_sec: PATIENCE.as_secs() as i64,
            tv_nsec: 0,
        };
        while start.elapsed() < time {
            events.clear();
            let room = rustix::buffer::spare_capacity(&mut events);
            if epoll::wait(&self.poll, room, Some(&patience))? == 0 {
                return Err(ErrorKind::TimedOut.into());
            }
            for event in &events {
                let at = event.data.u64() as usize;
                let flags = event.flags;
                if flags.contains(epoll::EventFlags::IN) {
                    self.receive(at)?;
                }
                self.send(at)?;
            }
        }
        let mut outcome = std::mem::take(&mut self.outcome);
        outcome.time = start.elapsed();
        outcome.latencies.sort_unstable();
        Ok(outcome)
    }

    fn receive(&mut self, at: usize) -> io::Result<()> {
        let client = &mut self.clients[at];
        let count = match client.stream.read(&mut self.buffer) {
            Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
            Err(error) => return Err(error),
        };
        let bytes = &self.buffer[..count];
        self.script.replies.check(&mut client.receive_at, bytes)?;
        client.received += count;
        let whole = client.received / self.script.reply;
        client.received %= self.script.reply;
        if whole > 0 {
            let now = Instant::now();
            for sent in client.sent_at.drain(..whole) {
                if self.is_measuring {
                    self.outcome.latencies.push(now - sent);
                }
            }
            client.sent_at.extend(std::iter::repeat_n(now, whole));
            client.due += whole * self.script.request;
            self.outcome.messages += whole as u64;
        }
        Ok(())
    }

    fn send(&mut self, at: usize) -> io::Result<()> {
        let client = &mut self.clients[at];
        while client.due > 0 {
            let rest = &self.script.requests[client.send_at..];
            let length = rest.len().min(client.due);
            match client.stream.write(&rest[..length]) {
                Ok(count) => {
                    client.due -= count;
                    client.send_at = (client.send_at + count) % self.script.requests.len();
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        let waits = client.due > 0;
        if waits != client.waits_to_write {
            client.waits_to_write = waits;
            let mut flags = epoll::EventFlags::IN;
            if waits {
                flags |= epoll::EventFlags::OUT;
            }
            let data = epoll::EventData::new_u64(at as u64);
            epoll::modify(&self.poll, &client.stream, data, flags)?;
        }
        Ok(())
    }
}

impl Outcome {
    pub fn messages_a_second(&self) -> f64 {
        self.messages as f64 / self.time.as_secs_f64()
    }

    /// The latency that so many in a thousand stay below, in microseconds.
    pub fn latency(&self, per_mille: usize) -> f64 {
        let at = self.latencies.len().saturating_sub(1) * per_mille / 1000;
        let latency = self.latencies.get(at).copied().unwrap_or_default();
        latency.as_secs_f64() * 1e6
    }
}
