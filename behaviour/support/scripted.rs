//! A stream that fails where it is told to.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_io::{AsyncRead, AsyncWrite};

use crate::runtime::{Stream, stream};

/// A stream whose reads are known beforehand, and whose writes all succeed or all fail.
pub(crate) struct Scripted {
    reads: VecDeque<Result<Vec<u8>, io::ErrorKind>>,
    writes: Result<(), io::ErrorKind>,
}

/// After the last of the reads comes the end of the stream.
pub(crate) fn scripted(
    reads: impl IntoIterator<Item = Result<Vec<u8>, io::ErrorKind>>,
    writes: Result<(), io::ErrorKind>,
) -> Stream<Scripted> {
    let reads = reads.into_iter().collect();
    stream(Scripted { reads, writes })
}

impl AsyncRead for Scripted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let Some(read) = self.reads.pop_front() else {
            return Poll::Ready(Ok(0));
        };
        let read = read?;
        buffer[..read.len()].copy_from_slice(&read);
        Poll::Ready(Ok(read.len()))
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

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
