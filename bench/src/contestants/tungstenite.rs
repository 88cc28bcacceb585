//! tungstenite, the blocking core of tokio-tungstenite.

use tungstenite::protocol::{Message, Role as TheirRole, WebSocketConfig};
use tungstenite::WebSocket;

use crate::contestant::{Contestant, Info, Outgoing, Sink};
use crate::pipe::Pipe;
use crate::wire::Role;

pub struct Tungstenite;

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

impl Contestant for Tungstenite {
    const INFO: Info = Info {
        name: "tungstenite",
        package: "tungstenite",
        notes: "synchronous; read buffer of 8 KiB, as it is zeroed for each read",
    };

    type Socket = WebSocket<Pipe>;

    fn open(pipe: Pipe, to: Role) -> Self::Socket {
        WebSocket::from_raw_socket(pipe, role(to), Some(config()))
    }

    async fn receive(socket: &mut Self::Socket, sink: &mut Sink) -> bool {
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

    async fn send(socket: &mut Self::Socket, message: &Outgoing) {
        let _ = socket.send(Message::Binary(message.shared()));
    }

    async fn send_burst(socket: &mut Self::Socket, message: &Outgoing, count: usize) {
        for _ in 0..count {
            let _ = socket.write(Message::Binary(message.shared()));
        }
        let _ = socket.flush();
    }

    fn echo(pipe: Pipe) {
        let mut socket = Self::open(pipe, Role::Server);
        while let Ok(message) = socket.read() {
            if message.is_text() || message.is_binary() {
                let _ = socket.send(message);
            }
        }
    }
}
