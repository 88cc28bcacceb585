//! Handshakes of both roles and a conversation, with `core`, `alloc` and `miniws-proto` alone.
//!
//! `main.rs` makes a program of it that has no operating system beneath it but for its exit, see
//! there. The library itself builds for any target that has an allocator and atomics.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

use alloc::string::String;

use bytes::{Buf as _, BytesMut};
use miniws_proto::{
    Accept, ClientHandshake, ClientRequest, CloseCode, CloseFrame, Config, Connection, Event,
    Incoming, Message, SendQueue, ServerHandshake, State, Time,
};

/// Opens a connection between a client and a server, has a message echoed, and closes it. Returns
/// the message, or `None` when anything went wrong.
#[must_use]
pub fn converse(text: &str) -> Option<String> {
    let (mut client, mut server) = connect()?;
    let mut to_client = BytesMut::new();
    let mut to_server = BytesMut::new();
    let mut echoed = None;

    client.send(text).ok()?;
    let goodbye = CloseFrame::new(CloseCode::NORMAL, "that is all").ok()?;
    while client.state() != State::Closed || server.state() != State::Closed {
        transfer(client.outgoing(), &mut to_server);
        match server.receive(&mut to_server).ok()? {
            Some(Event::Message(message)) => server.send(message).ok()?,
            Some(_) => {}
            None if server.wants_shutdown() => client.receive_eof(),
            None => {}
        }
        transfer(server.outgoing(), &mut to_client);
        match client.receive(&mut to_client).ok()? {
            Some(Event::Message(Message::Text(message))) => {
                echoed = Some(String::from(&*message));
                client.close(Some(goodbye.clone())).ok()?;
            }
            Some(_) => {}
            None if client.state() == State::Closed => server.receive_eof(),
            None => {}
        }
    }
    let is_clean = |connection: &Connection| connection.close_status().is_some_and(|it| it.clean);
    echoed.filter(|_| is_clean(&client) && is_clean(&server))
}

fn connect() -> Option<(Connection, Connection)> {
    let request = ClientRequest::new("ws://example.com/echo").ok()?;
    let request = request.subprotocol("echo");
    let entropy = |destination: &mut [u8]| destination.fill(7);
    let mut client = ClientHandshake::new(request, Config::default(), entropy).ok()?;
    let mut server = ServerHandshake::new(Config::default());
    let mut input = BytesMut::new();
    client.handle_timeout(Time::default()).ok()?;
    server.handle_timeout(Time::default()).ok()?;

    transfer(client.outgoing(), &mut input);
    let Incoming::Upgrade(upgrade) = server.receive(&mut input).ok()?? else {
        return None;
    };
    let mut server = upgrade.accept(Accept::new().subprotocol("echo")).ok()?;
    transfer(server.outgoing(), &mut input);
    let (client, _) = client.receive(&mut input).ok()??;
    Some((client, server))
}

fn transfer(queue: &mut SendQueue, input: &mut BytesMut) {
    while !queue.is_empty() {
        let chunk = queue.chunk();
        let count = chunk.len();
        input.extend_from_slice(chunk);
        queue.advance(count);
    }
}
