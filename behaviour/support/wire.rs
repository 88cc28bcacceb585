//! A peer whose bytes are written by hand, so that the tests don't rest on what they test.

use std::io;

use crate::miniws::negotiate::accept_key;
use crate::runtime::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

pub(crate) const TEXT: u8 = 1;
pub(crate) const BINARY: u8 = 2;
pub(crate) const CLOSE: u8 = 8;
pub(crate) const PING: u8 = 9;
pub(crate) const PONG: u8 = 10;

/// A request for a WebSocket, with additional header lines, each ended by CR LF.
pub(crate) fn request(additional: &str) -> String {
    format!(
        "GET /chat HTTP/1.1\r\nHost: example.org\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\
         {additional}\r\n"
    )
}

/// The response that accepts the request with this head.
pub(crate) fn switching(request: &str, additional: &str) -> String {
    let key = header(request, "Sec-WebSocket-Key").expect("the request has a key");
    format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {}\r\n{additional}\r\n",
        accept_key(key)
    )
}

/// The value of a header whose name is written exactly like this.
pub(crate) fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines()
        .filter_map(|line| line.split_once(": "))
        .find_map(|(found, value)| (found == name).then_some(value))
}

/// A whole frame from a client, masked with zeros.
pub(crate) fn masked(opcode: u8, payload: impl AsRef<[u8]>) -> Vec<u8> {
    frame(opcode, payload.as_ref(), 0x80, &[0; 4])
}

/// A whole frame from a server.
pub(crate) fn unmasked(opcode: u8, payload: impl AsRef<[u8]>) -> Vec<u8> {
    frame(opcode, payload.as_ref(), 0, &[])
}

/// The payload of a close frame.
pub(crate) fn close(code: u16, reason: &str) -> Vec<u8> {
    [&code.to_be_bytes(), reason.as_bytes()].concat()
}

fn frame(opcode: u8, payload: &[u8], mask_bit: u8, key: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x80 | opcode];
    match payload.len() {
        len @ 0..126 => frame.push(mask_bit | len as u8),
        len @ 126..0x1_0000 => {
            frame.push(mask_bit | 126);
            frame.extend_from_slice(&(len as u16).to_be_bytes());
        }
        len => {
            frame.push(mask_bit | 127);
            frame.extend_from_slice(&(len as u64).to_be_bytes());
        }
    }
    frame.extend_from_slice(key);
    frame.extend_from_slice(payload);
    frame
}

/// Writes everything.
pub(crate) async fn write<S: AsyncWrite + Unpin>(stream: &mut S, bytes: impl AsRef<[u8]>) {
    stream.write_all(bytes.as_ref()).await.unwrap();
}

/// Reads one frame: its first byte, and its payload.
pub(crate) async fn read_frame<S: AsyncRead + Unpin>(stream: &mut S) -> (u8, Vec<u8>) {
    let start: [u8; 2] = read(stream).await;
    let len = match start[1] & 0x7f {
        126 => u16::from_be_bytes(read(stream).await).into(),
        127 => u64::from_be_bytes(read(stream).await) as usize,
        len => usize::from(len),
    };
    let mut key = [0; 4];
    if start[1] & 0x80 != 0 {
        stream.read_exact(&mut key).await.unwrap();
    }
    let mut payload = vec![0; len];
    stream.read_exact(&mut payload).await.unwrap();
    for (at, byte) in payload.iter_mut().enumerate() {
        *byte ^= key[at % 4];
    }
    (start[0], payload)
}

/// Reads a byte.
pub(crate) async fn byte<S: AsyncRead + Unpin>(stream: &mut S) -> io::Result<u8> {
    let mut byte = [0];
    stream.read_exact(&mut byte).await?;
    Ok(byte[0])
}

async fn read<const N: usize, S: AsyncRead + Unpin>(stream: &mut S) -> [u8; N] {
    let mut bytes = [0; N];
    stream.read_exact(&mut bytes).await.unwrap();
    bytes
}

/// Reads up to the blank line, and not a byte more.
pub(crate) async fn read_head<S: AsyncRead + Unpin>(stream: &mut S) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.extend(read::<1, _>(stream).await);
    }
    String::from_utf8(head).unwrap()
}

/// Reads to the end of the stream, which must be in good order.
pub(crate) async fn read_rest<S: AsyncRead + Unpin>(stream: &mut S) -> Vec<u8> {
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).await.unwrap();
    rest
}
