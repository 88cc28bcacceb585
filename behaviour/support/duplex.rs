//! A pipe in memory.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};

use futures_io::{AsyncRead, AsyncWrite};

/// One end of a pipe, which ends when it is dropped.
pub(crate) struct Duplex {
    incoming: Arc<Mutex<Channel>>,
    outgoing: Arc<Mutex<Channel>>,
}

/// One direction.
struct Channel {
    bytes: VecDeque<u8>,
    capacity: usize,
    writer_is_gone: bool,
    reader_is_gone: bool,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

/// Two ends, with room for so many bytes in each direction.
pub(crate) fn duplex(capacity: usize) -> (Duplex, Duplex) {
    let channel = || {
        Arc::new(Mutex::new(Channel {
            bytes: VecDeque::new(),
            capacity,
            writer_is_gone: false,
            reader_is_gone: false,
            reader: None,
            writer: None,
        }))
    };
    let (there, back) = (channel(), channel());
    let one = Duplex {
        incoming: there.clone(),
        outgoing: back.clone(),
    };
    let other = Duplex {
        incoming: back,
        outgoing: there,
    };
    (one, other)
}

impl Duplex {
    fn incoming(&self) -> MutexGuard<'_, Channel> {
        self.incoming.lock().unwrap()
    }

    fn outgoing(&self) -> MutexGuard<'_, Channel> {
        self.outgoing.lock().unwrap()
    }
}

impl Channel {
    fn end_writing(&mut self) {
        self.writer_is_gone = true;
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
    }

    fn end_reading(&mut self) {
        self.reader_is_gone = true;
        if let Some(writer) = self.writer.take() {
            writer.wake();
        }
    }
}

impl AsyncRead for Duplex {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let mut channel = self.incoming();
        if channel.bytes.is_empty() && !channel.writer_is_gone {
            channel.reader = Some(cx.waker().clone());
            return Poll::Pending;
        }
        let read = io::Read::read(&mut channel.bytes, buffer);
        if let Some(writer) = channel.writer.take() {
            writer.wake();
        }
        Poll::Ready(read)
    }
}

impl AsyncWrite for Duplex {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let mut channel = self.outgoing();
        if channel.reader_is_gone || channel.writer_is_gone {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let room = channel.capacity.saturating_sub(channel.bytes.len());
        if room == 0 {
            channel.writer = Some(cx.waker().clone());
            return Poll::Pending;
        }
        let count = bytes.len().min(room);
        channel.bytes.extend(&bytes[..count]);
        if let Some(reader) = channel.reader.take() {
            reader.wake();
        }
        Poll::Ready(Ok(count))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.outgoing().end_writing();
        Poll::Ready(Ok(()))
    }
}

impl Drop for Duplex {
    fn drop(&mut self) {
        self.incoming().end_reading();
        self.outgoing().end_writing();
    }
}
