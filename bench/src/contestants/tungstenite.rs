//! tungstenite, the blocking core of tokio-tungstenite.

use std::io::{Read, Write};

use tungstenite::WebSocket;
use tungstenite::protocol::{Message, Role as TheirRole, WebSocketConfig};

use crate::contestant::{Contestant, Outgoing, Sink};
use crate::entry::{Entry, Proto};
use crate::serving::blocking;
use crate::wire::Role;

struct Tungstenite;

/// Small buffers: the one for reading is zeroed at each read.
pub fn config() -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(8 << 10)
        .write_buffer_size(8 << 10)
}

pub const fn role(role: Role) -> TheirRole {
    match role {
        Role::Server => TheirRole::Server,
        Role::Client => TheirRole::Client,
    }
}

impl<S: Read + Write + 'static> Contestant<S> for Tungstenite {
    type Socket = WebSocket<S>;

    fn open(stream: S, to: Role) -> WebSocket<S> {
        WebSocket::from_raw_socket(stream, role(to), Some(config()))
    }

    async fn receive(socket: &mut WebSocket<S>, sink: &mut Sink) -> bool {
        loop {
            match socket.read() {
                Ok(Message::Binary(bytes)) => sink.take(false, &bytes),
                Ok(Message::Text(text)) => sink.take(true, text.as_bytes()),
                Ok(_) => continue,
                Err(_) => return false,
            }
            return true;
        }
    }

    async fn send(socket: &mut WebSocket<S>, message: &Outgoing) {
        let _ = socket.send(Message::Binary(message.shared()));
    }

    async fn send_burst(socket: &mut WebSocket<S>, message: &Outgoing, count: usize) {
        for _ in 0..count {
            let _ = socket.write(Message::Binary(message.shared()));
        }
        let _ = socket.flush();
    }

    async fn echo(socket: &mut WebSocket<S>) {
        while let Ok(message) = socket.read() {
            if (message.is_text() || message.is_binary()) && socket.send(message).is_err() {
                return;
            }
        }
    }
}

pub const ENTRY: Entry = Entry {
    proto: Proto::of::<Tungstenite>(),
    serve: Some(blocking::serve::<Tungstenite>),
    broadcast: Some(blocking::serve::<Tungstenite>),
    ..Entry::new(
        "tungstenite",
        "synchronous, a thread for each connection; read buffer of 8 KiB, as it is zeroed for each read",
    )
};
