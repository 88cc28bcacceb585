//! The server's side of a handshake, the same for all, so that what follows can be compared.

use miniws_proto::negotiate::accept_key;

use crate::allocator;

/// What to answer to the bytes that have come so far.
pub enum Answer {
    /// There is more to come.
    Wait,
    /// A WebSocket begins.
    Upgrade(Vec<u8>),
    /// The connection ends with this.
    End(Vec<u8>),
}

/// Reads a request of the load generator's. `GET /heap` asks how many bytes are allocated.
pub fn answer(head: &[u8]) -> Answer {
    if head.len() > 4096 {
        return Answer::End(Vec::new());
    }
    if !head.ends_with(b"\r\n\r\n") {
        return Answer::Wait;
    }
    let head = String::from_utf8_lossy(head);
    if head.starts_with("GET /heap ") {
        return Answer::End(allocator::held().to_string().into_bytes());
    }
    let key = head
        .lines()
        .find_map(|line| line.strip_prefix("Sec-WebSocket-Key: "));
    match key {
        Some(key) => Answer::Upgrade(
            format!(
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\
                 Connection: Upgrade\r\nSec-WebSocket-Accept: {}\r\n\r\n",
                accept_key(key)
            )
            .into_bytes(),
        ),
        None => Answer::End(b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec()),
    }
}
