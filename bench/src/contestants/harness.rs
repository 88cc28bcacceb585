//! No WebSocket at all: what the benchmark itself contributes to every figure in memory.

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::HARNESS;
use crate::contestant::{Contestant, Outgoing, Sink, Stream};
use crate::entry::{Entry, Proto};
use crate::wire::{self, Role};

/// Reads, and hands over what it was told is a message; writes messages as they are. It knows where
/// frames end because they are all alike.
pub struct Harness;

pub struct Socket<S> {
    stream: S,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    frame: Option<wire::Header>,
}

impl<S: Stream> Contestant<S> for Harness {
    type Socket = Socket<S>;

    fn open(stream: S, _: Role) -> Socket<S> {
        Socket {
            stream,
            buffer: vec![0; 2 << 20],
            start: 0,
            end: 0,
            frame: None,
        }
    }

    async fn receive(socket: &mut Socket<S>, sink: &mut Sink) -> bool {
        loop {
            if let Some(frame) = &socket.frame
                && socket.end - socket.start >= frame.size + frame.payload
            {
                let payload = socket.start + frame.size;
                socket.start = payload + frame.payload;
                sink.take(false, &socket.buffer[payload..socket.start]);
                return true;
            }
            if socket.start == socket.end {
                (socket.start, socket.end) = (0, 0);
            } else if socket.buffer.len() - socket.end < 64 << 10 {
                socket.buffer.copy_within(socket.start..socket.end, 0);
                (socket.start, socket.end) = (0, socket.end - socket.start);
            }
            let room = socket.buffer.len().min(socket.end + (64 << 10));
            let Ok(count @ 1..) = socket
                .stream
                .read(&mut socket.buffer[socket.end..room])
                .await
            else {
                return false;
            };
            socket.end += count;
            if socket.frame.is_none() {
                socket.frame = wire::parse(&socket.buffer[..socket.end]);
            }
        }
    }

    async fn send(socket: &mut Socket<S>, message: &Outgoing) {
        let _ = socket.stream.write(message.slice()).await;
    }

    async fn echo(socket: &mut Socket<S>) {
        while let Ok(count @ 1..) = socket.stream.read(&mut socket.buffer).await {
            let _ = socket.stream.write(&socket.buffer[..count]).await;
        }
    }
}

pub const ENTRY: Entry = Entry {
    package: "",
    proto: Proto::of::<Harness>(),
    ..Entry::new(
        HARNESS,
        "no WebSocket: what the benchmark's own stream and loop take, in every other figure too",
    )
};
