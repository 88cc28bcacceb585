//! WebSocket by hand, from RFC 6455 alone: what is judged must not judge.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::{Buf, BytesMut};
use sha1::{Digest, Sha1};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpSocket, TcpStream};

use crate::Result;

pub(crate) const FIN: u8 = 0x80;
pub(crate) const RSV1: u8 = 0x40;
pub(crate) const CONTINUATION: u8 = 0;
pub(crate) const TEXT: u8 = 1;
pub(crate) const BINARY: u8 = 2;
pub(crate) const CLOSE: u8 = 8;
pub(crate) const PING: u8 = 9;
pub(crate) const PONG: u8 = 10;

/// The example of RFC 6455 section 1.3.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

/// A request for a WebSocket, with further header lines, each ended by CR LF.
pub(crate) fn request(further: &str) -> String {
    format!(
        "GET / HTTP/1.1\r\nHost: example.org\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: {KEY}\r\nSec-WebSocket-Version: 13\r\n{further}\r\n"
    )
}

/// The answer that accepts the request with this head.
pub(crate) fn switching(request: &Head, further: &str) -> Result<String> {
    let key = request.header("Sec-WebSocket-Key").ok_or("no key")?;
    Ok(format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {}\r\n{further}\r\n",
        accept_key(key)
    ))
}

fn accept_key(key: &str) -> String {
    let digest = Sha1::new()
        .chain_update(key)
        .chain_update("258EAFA5-E914-47DA-95CA-C5AB0DC85B11")
        .finalize();
    BASE64_STANDARD.encode(digest)
}

/// A frame of a client; `first` is its first byte.
pub(crate) fn masked(first: u8, payload: impl AsRef<[u8]>) -> Vec<u8> {
    masked_with([0x37, 0xfa, 0x21, 0x3d], first, payload)
}

/// The same with a mask of the caller's.
pub(crate) fn masked_with(mask: [u8; 4], first: u8, payload: impl AsRef<[u8]>) -> Vec<u8> {
    let payload = payload.as_ref();
    let mut frame = header(first, 0x80, payload.len());
    frame.extend(mask);
    frame.extend(payload.iter().zip(mask.iter().cycle()).map(|(a, b)| a ^ b));
    frame
}

/// A frame of a server.
pub(crate) fn unmasked(first: u8, payload: impl AsRef<[u8]>) -> Vec<u8> {
    let payload = payload.as_ref();
    [&header(first, 0, payload.len()), payload].concat()
}

/// The payload of a close frame.
pub(crate) fn close(code: u16, reason: &[u8]) -> Vec<u8> {
    [&code.to_be_bytes(), reason].concat()
}

fn header(first: u8, mask_bit: u8, len: usize) -> Vec<u8> {
    let mut header = vec![first];
    match len {
        0..126 => header.push(mask_bit | len as u8),
        126..0x1_0000 => {
            header.push(mask_bit | 126);
            header.extend((len as u16).to_be_bytes());
        }
        _ => {
            header.push(mask_bit | 127);
            header.extend((len as u64).to_be_bytes());
        }
    }
    header
}

/// The head of a request or an answer.
pub(crate) struct Head(String);

impl Head {
    pub(crate) fn status(&self) -> Result<u16> {
        let status = self
            .0
            .strip_prefix("HTTP/1.1 ")
            .and_then(|rest| rest.get(..3));
        Ok(status
            .ok_or_else(|| format!("no status in {:?}", self.0))?
            .parse()?)
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.0
            .lines()
            .filter_map(|line| line.split_once(": "))
            .find_map(|(found, value)| found.eq_ignore_ascii_case(name).then_some(value))
    }
}

/// A frame as it came, unmasked.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) first: u8,
    pub(crate) mask: Option<[u8; 4]>,
    pub(crate) payload: Vec<u8>,
}

impl Frame {
    pub(crate) fn opcode(&self) -> u8 {
        self.first & 0x0f
    }

    /// The code of a close frame; without one it is 1005.
    pub(crate) fn code(&self) -> Result<u16> {
        match *self.payload {
            [] => Ok(1005),
            [high, low, ..] => Ok(u16::from_be_bytes([high, low])),
            _ => Err("a close frame of one byte".into()),
        }
    }
}

/// One end of a connection, with a half for each direction.
pub(crate) struct Peer {
    pub(crate) reading: Reading,
    pub(crate) writing: OwnedWriteHalf,
}

/// What comes.
pub(crate) struct Reading {
    stream: OwnedReadHalf,
    input: BytesMut,
}

impl Peer {
    /// TCP alone.
    pub(crate) async fn dial(address: SocketAddr) -> Result<Self> {
        Self::over(TcpStream::connect(address).await?)
    }

    /// TCP alone, from an address of the caller's: one has too few ports for very many.
    pub(crate) async fn dial_from(source: Ipv4Addr, address: SocketAddr) -> Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.bind((source, 0).into())?;
        Self::over(socket.connect(address).await?)
    }

    /// TCP alone, with little room for what is not read: the system would go on making some.
    pub(crate) async fn dial_without_room(address: SocketAddr) -> Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.set_recv_buffer_size(64 << 10)?;
        Self::over(socket.connect(address).await?)
    }

    pub(crate) fn over(stream: TcpStream) -> Result<Self> {
        stream.set_nodelay(true)?;
        let (stream, writing) = stream.into_split();
        let input = BytesMut::new();
        Ok(Self {
            reading: Reading { stream, input },
            writing,
        })
    }

    /// Opens a WebSocket, and returns the answer as well.
    pub(crate) async fn open(address: SocketAddr, further: &str) -> Result<(Self, Head)> {
        let mut peer = Self::dial(address).await?;
        let answer = peer.ask(&request(further)).await?;
        Ok((peer, answer))
    }

    /// Sends a request that is to be accepted.
    pub(crate) async fn ask(&mut self, request: &str) -> Result<Head> {
        self.write(request).await?;
        let head = self.reading.head().await?;
        if head.status()? != 101 || head.header("Sec-WebSocket-Accept") != Some(&accept_key(KEY)) {
            return Err(format!("the handshake was answered with {:?}", head.0).into());
        }
        Ok(head)
    }

    pub(crate) async fn write(&mut self, bytes: impl AsRef<[u8]>) -> Result<()> {
        Ok(self.writing.write_all(bytes.as_ref()).await?)
    }

    /// Sends a text and expects it back. Pings may come before it.
    pub(crate) async fn echo(&mut self, text: &str) -> Result<()> {
        self.write(masked(FIN | TEXT, text)).await?;
        let frame = loop {
            match self.reading.frame().await? {
                Some(ping) if ping.opcode() == PING => {}
                other => break other.ok_or("the end instead of an echo")?,
            }
        };
        if frame.first != FIN | TEXT || frame.payload != text.as_bytes() {
            return Err(format!("{frame:?} instead of {text:?}").into());
        }
        Ok(())
    }

    /// Ends the connection by a reset.
    pub(crate) fn reset(self) -> Result<()> {
        self.writing.as_ref().set_zero_linger()?;
        // Dropping this half alone would end it in good order first.
        self.writing.forget();
        Ok(())
    }
}

impl Reading {
    /// Reads up to the blank line; what is behind it is kept.
    pub(crate) async fn head(&mut self) -> Result<Head> {
        loop {
            if let Some(end) = self.input.windows(4).position(|four| four == b"\r\n\r\n") {
                let head = self.input.split_to(end + 4).to_vec();
                return Ok(Head(String::from_utf8(head)?));
            }
            if !self.more().await? {
                return Err(format!("{} bytes of a head, and the end", self.input.len()).into());
            }
        }
    }

    /// The next frame, or `None` at the end of the stream.
    pub(crate) async fn frame(&mut self) -> Result<Option<Frame>> {
        loop {
            if let Some((frame, len)) = parse(&self.input) {
                self.input.advance(len);
                return Ok(Some(frame));
            }
            if !self.more().await? {
                return match self.input.len() {
                    0 => Ok(None),
                    len => Err(format!("the end after {len} bytes of a frame").into()),
                };
            }
        }
    }

    /// Reads to the end, and returns what is left.
    pub(crate) async fn rest(&mut self) -> Result<&[u8]> {
        while self.more().await? {}
        Ok(&self.input)
    }

    /// Reads to the end, as fast as it comes, and counts the bytes.
    pub(crate) async fn count(&mut self) -> Result<usize> {
        self.input.reserve(1 << 20);
        let mut count = 0;
        while self.more().await? {
            count += self.input.len();
            self.input.clear();
        }
        Ok(count)
    }

    /// False at the end of the stream; a reset is an end as well.
    async fn more(&mut self) -> Result<bool> {
        // It doubles where there is much.
        self.input.reserve(4 << 10);
        match self.stream.read_buf(&mut self.input).await {
            Ok(count) => Ok(count > 0),
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}

/// The first frame, if it is complete, and its length with the header.
fn parse(input: &[u8]) -> Option<(Frame, usize)> {
    let (&[first, second], rest) = input.split_first_chunk()?;
    let (len, rest) = match second & 0x7f {
        126 => {
            let (len, rest) = rest.split_first_chunk()?;
            (usize::from(u16::from_be_bytes(*len)), rest)
        }
        127 => {
            let (len, rest) = rest.split_first_chunk()?;
            (usize::try_from(u64::from_be_bytes(*len)).ok()?, rest)
        }
        len => (usize::from(len), rest),
    };
    let (mask, rest) = if second & 0x80 == 0 {
        (None, rest)
    } else {
        let (mask, rest) = rest.split_first_chunk()?;
        (Some(*mask), rest)
    };
    let mut payload = rest.get(..len)?.to_vec();
    for (byte, mask) in payload.iter_mut().zip(mask.iter().flatten().cycle()) {
        *byte ^= mask;
    }
    let taken = input.len() - rest.len() + len;
    Some((
        Frame {
            first,
            mask,
            payload,
        },
        taken,
    ))
}
