//! Servers on a bare event loop: one thread, epoll, buffers shared by all connections.

mod core;
mod floor;
mod tally;

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};

use rustix::event::epoll;

use super::Service;
use super::handshake::{Answer, answer};
pub use core::Core;
pub use floor::Floor;
pub use tally::Tally;

/// What a connection does after its handshake. All connections share one `Self::Shared`.
pub trait Echo: Sized {
    type Shared: Default;

    fn new() -> Self;

    /// Reads what there is, answers it, and writes as much as the socket takes. Returns whether
    /// there is more to write; an error ends the connection.
    fn go_on(&mut self, stream: &mut TcpStream, shared: &mut Self::Shared) -> io::Result<bool>;
}

struct Connection<E> {
    stream: TcpStream,
    /// `None` during the handshake.
    echo: Option<E>,
    head: Vec<u8>,
    waits_to_write: bool,
}

/// Serves every connection. It never returns.
///
/// # Panics
///
/// When the operating system refuses what a server needs.
pub fn serve<E: Echo>(listener: &TcpListener, service: Service) {
    if let Err(error) = try_serve::<E>(listener, service) {
        panic!("the server ended: {error}");
    }
}

const LISTENER: u64 = u64::MAX;

fn try_serve<E: Echo>(listener: &TcpListener, service: Service) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    let poll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
    let readable = epoll::EventFlags::IN;
    epoll::add(
        &poll,
        listener,
        epoll::EventData::new_u64(LISTENER),
        readable,
    )?;
    // Boxed, so that the memory of those that are not there is not counted.
    let mut connections: Vec<Option<Box<Connection<E>>>> = Vec::new();
    let mut free = Vec::new();
    let mut shared = E::Shared::default();
    let mut events = Vec::with_capacity(256);
    loop {
        events.clear();
        epoll::wait(&poll, rustix::buffer::spare_capacity(&mut events), None)?;
        for event in &events {
            let token = event.data.u64();
            if token == LISTENER {
                while let Ok((stream, _)) = listener.accept() {
                    stream.set_nonblocking(true)?;
                    stream.set_nodelay(true)?;
                    let at = free.pop().unwrap_or(connections.len());
                    let data = epoll::EventData::new_u64(at as u64);
                    epoll::add(&poll, &stream, data, readable)?;
                    if at == connections.len() {
                        connections.push(None);
                    }
                    connections[at] = Some(Box::new(Connection {
                        stream,
                        echo: None,
                        head: Vec::new(),
                        waits_to_write: false,
                    }));
                }
                continue;
            }
            let at = token as usize;
            let Some(connection) = &mut connections[at] else {
                continue;
            };
            match connection.go_on(&mut shared, service) {
                Ok(waits) if waits == connection.waits_to_write => {}
                Ok(waits) => {
                    connection.waits_to_write = waits;
                    let mut flags = readable;
                    if waits {
                        flags |= epoll::EventFlags::OUT;
                    }
                    epoll::modify(&poll, &connection.stream, event.data, flags)?;
                }
                Err(_) => {
                    connections[at] = None;
                    free.push(at);
                }
            }
        }
    }
}

impl<E: Echo> Connection<E> {
    fn go_on(&mut self, shared: &mut E::Shared, service: Service) -> io::Result<bool> {
        if let Some(echo) = &mut self.echo {
            return echo.go_on(&mut self.stream, shared);
        }
        let mut bytes = [0; 1024];
        let count = self.stream.read(&mut bytes)?;
        self.head.extend_from_slice(&bytes[..count]);
        match answer(&self.head, service) {
            Answer::Wait if count > 0 => Ok(false),
            Answer::Wait => Err(io::ErrorKind::UnexpectedEof.into()),
            Answer::Upgrade { reply, .. } => {
                self.stream.write_all(&reply)?;
                self.head = Vec::new();
                self.echo = Some(E::new());
                Ok(false)
            }
            Answer::End(reply) => {
                self.stream.write_all(&reply)?;
                Err(io::ErrorKind::ConnectionAborted.into())
            }
        }
    }
}
