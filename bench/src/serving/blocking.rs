//! Servers on threads.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};

use super::Service;
use super::greeting::Greeted;
use super::handshake::{Answer, answer};
use super::relay::relay;
use crate::block_on::block_on;
use crate::contestant::Contestant;
use crate::wire::Role;

/// Serves each connection on a thread of its own; one that sends to all is served on one thread. It
/// never returns.
///
/// # Panics
///
/// When the operating system refuses what a server needs.
pub fn serve<C: Contestant<TcpStream>>(listener: TcpListener, service: Service) {
    let mut others = Vec::new();
    for stream in listener.incoming() {
        let mut stream = match stream.and_then(|stream| stream.set_nodelay(true).map(|()| stream)) {
            Ok(stream) => stream,
            Err(error) => panic!("the server ended: {error}"),
        };
        if service != Service::Broadcast {
            std::thread::spawn(move || {
                if let Ok(Some(_)) = greet(&mut stream, service) {
                    block_on(C::echo(&mut C::open(stream, Role::Server)));
                }
            });
            continue;
        }
        if let Ok(Some(greeted)) = greet(&mut stream, service) {
            let socket = C::open(stream, Role::Server);
            if greeted.is_sender {
                block_on(relay::<TcpStream, C>(socket, std::mem::take(&mut others)));
            } else {
                others.push(socket);
            }
        }
    }
}

/// Answers a client. `None` if that was all it wanted.
fn greet(stream: &mut TcpStream, service: Service) -> io::Result<Option<Greeted>> {
    let mut head = Vec::new();
    let mut bytes = [0; 1024];
    loop {
        let count = stream.read(&mut bytes)?;
        if count == 0 {
            return Ok(None);
        }
        head.extend_from_slice(&bytes[..count]);
        match answer(&head, service) {
            Answer::Wait => {}
            Answer::Upgrade { reply, is_sender } => {
                stream.write_all(&reply)?;
                return Ok(Some(Greeted { is_sender }));
            }
            Answer::End(reply) => {
                stream.write_all(&reply)?;
                return Ok(None);
            }
        }
    }
}
