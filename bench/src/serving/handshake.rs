//! Handshakes by hand (RFC 6455 section 4), the same for all, so that what follows can be compared.

use miniws_proto::negotiate::accept_key;

use super::Service;
use crate::allocator;
use crate::deflate::PARAMETERS;

/// What the load generator asks for.
pub const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    Sec-WebSocket-Version: 13\r\n\r\n";
/// What follows from that key.
const ACCEPT: &[u8] = b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// The same for the one that sends to all.
pub fn sender_request() -> Vec<u8> {
    [b"GET /sender".as_slice(), &REQUEST[5..]].concat()
}

/// The same with an offer to compress.
pub fn deflate_request() -> Vec<u8> {
    let offer = format!("Sec-WebSocket-Extensions: {PARAMETERS}\r\n\r\n");
    [&REQUEST[..REQUEST.len() - 2], offer.as_bytes()].concat()
}

/// Whether this is the right answer to [`REQUEST`].
pub fn is_accepted(head: &[u8]) -> bool {
    head.starts_with(b"HTTP/1.1 101 ") && head.windows(ACCEPT.len()).any(|part| part == ACCEPT)
}

/// What to answer to the bytes that have come so far.
pub enum Answer {
    /// There is more to come.
    Wait,
    /// A WebSocket begins.
    Upgrade { reply: Vec<u8>, is_sender: bool },
    /// The connection ends with this.
    End(Vec<u8>),
}

/// Reads a request of the load generator's. `GET /heap` asks how many bytes are allocated.
pub fn answer(head: &[u8], service: Service) -> Answer {
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
    let is_sender = head.starts_with("GET /sender ");
    let mut headers = head.lines().filter_map(|line| line.split_once(": "));
    let is_key = |name: &str| name.eq_ignore_ascii_case("Sec-WebSocket-Key");
    let Some((_, key)) = headers.find(|(name, _)| is_key(name)) else {
        return Answer::End(b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec());
    };
    let mut reply = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\
         Connection: Upgrade\r\nSec-WebSocket-Accept: {}\r\n",
        accept_key(key)
    );
    if service == Service::EchoDeflate {
        reply += &format!("Sec-WebSocket-Extensions: {PARAMETERS}\r\n");
    }
    reply += "\r\n";
    Answer::Upgrade {
        reply: reply.into_bytes(),
        is_sender,
    }
}
