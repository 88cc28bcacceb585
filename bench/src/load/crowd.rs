//! Many clients that one sends to, by way of the server.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use rustix::event::{Timespec, epoll};

use super::expected::Expected;
use super::one::{PATIENCE, connect};
use crate::content::Content;
use crate::serving::handshake;
use crate::wire;

/// Messages on their way at a time: enough that the server never waits for the sender.
const IN_FLIGHT: u64 = 4;

/// One sender and those that it sends to.
pub struct Crowd {
    poll: rustix::fd::OwnedFd,
    sender: TcpStream,
    request: Vec<u8>,
    others: Vec<(TcpStream, usize)>,
    expected: Expected,
    /// What all of the others get of one message, in bytes.
    round: u64,
    sent: u64,
    received: u64,
    buffer: Vec<u8>,
}

impl Crowd {
    /// Connects all, the sender last.
    ///
    /// # Errors
    ///
    /// When the server does not want them.
    pub fn connect(address: SocketAddr, connections: usize, size: usize) -> io::Result<Self> {
        let payload = Content::Binary.payload(size, 0);
        let (mut request, mut reply) = (Vec::new(), Vec::new());
        let key = Some([0x5a, 0xc3, 0x17, 0x88]);
        wire::push_frame(&mut request, wire::BINARY, true, key, &payload);
        wire::push_frame(&mut reply, wire::BINARY, true, None, &payload);
        let poll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        let mut others = Vec::with_capacity(connections);
        for at in 0..connections {
            let stream = connect(address, handshake::REQUEST)?;
            stream.set_nonblocking(true)?;
            let data = epoll::EventData::new_u64(at as u64);
            epoll::add(&poll, &stream, data, epoll::EventFlags::IN)?;
            others.push((stream, 0));
        }
        Ok(Self {
            poll,
            sender: connect(address, &handshake::sender_request())?,
            request,
            others,
            round: (reply.len() * connections) as u64,
            expected: Expected::new(reply),
            sent: 0,
            received: 0,
            buffer: vec![0; 64 << 10],
        })
    }

    /// Sends and receives for so long. Returns how many messages were delivered, and in what time.
    ///
    /// # Errors
    ///
    /// When the server closes, is silent, or sends a wrong byte.
    pub fn run(&mut self, time: Duration) -> io::Result<(f64, Duration)> {
        let start = Instant::now();
        let before = self.received;
        let mut events = Vec::with_capacity(256);
        let patience = Timespec {
            tv_sec: PATIENCE.as_secs() as i64,
            tv_nsec: 0,
        };
        while start.elapsed() < time {
            while self.sent < self.received / self.round + IN_FLIGHT {
                self.sender.write_all(&self.request)?;
                self.sent += 1;
            }
            events.clear();
            let room = rustix::buffer::spare_capacity(&mut events);
            if epoll::wait(&self.poll, room, Some(&patience))? == 0 {
                return Err(ErrorKind::TimedOut.into());
            }
            for event in &events {
                let (stream, at) = &mut self.others[event.data.u64() as usize];
                let count = stream.read(&mut self.buffer)?;
                if count == 0 {
                    return Err(ErrorKind::UnexpectedEof.into());
                }
                self.expected.check(at, &self.buffer[..count])?;
                self.received += count as u64;
            }
        }
        let rounds = (self.received - before) as f64 / self.round as f64;
        Ok((rounds * self.others.len() as f64, start.elapsed()))
    }
}
