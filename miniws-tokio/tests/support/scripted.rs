//! A stream that fails where it is told to.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A stream whose reads are known beforehand, and whose writes all succeed or all fail.
pub(crate) struct Scripted {
    reads: VecDeque<Result<Vec<u8>, io::ErrorKind>>,
    writes: Result<(), io::ErrorKind>,
}

impl Scripted {
    /// After the last of the reads comes the end of the stream.
    pub(crate) fn new(
        reads: impl IntoIterator<Item = Result<Vec<u8>, io::ErrorKind>>,
        writes: Result<(), io::ErrorKind>,
    ) -> Self {
        Self {
            reads: reads.into_iter().collect(),
            writes,
        }
    }
}

impl AsyncRead for Scripted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if let Some(read) = self.reads.pop_front() {
            buffer.put_slice(&read?);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Scripted {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(self.writes.map(|()| bytes.len()).map_err(io::Error::from))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
