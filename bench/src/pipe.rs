//! A stream in memory that is always ready.

use std::hint::black_box;
use std::io::{self, IoSlice, Read, Write};
use std::net::TcpStream;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use bytes::{BufMut, BytesMut};
use rustix::net::RecvFlags;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::meter;

/// Gives the same segments over and over, and takes everything.
///
/// A read stops at the end of a segment, as if each came in a packet of its own, unless the pipe is
/// [`seamless`](Self::seamless). The measurement begins when segment `begin` is asked for, and ends,
/// with the stream, when segment `end` is.
pub struct Pipe {
    segments: Arc<[Vec<u8>]>,
    /// The segment that is being read, counted from the start of the stream.
    at: u64,
    /// How much of it has been read.
    offset: usize,
    begin: u64,
    end: u64,
    /// Whether a reader has to wait for each segment, and whether it has done so.
    pauses: bool,
    paused: bool,
    is_seamless: bool,
    /// Where the output goes, if it is to be looked at.
    kept: Option<Arc<Mutex<Vec<u8>>>>,
}

impl Pipe {
    /// A stream of `end` segments, of which those from `begin` on are measured.
    pub fn new(segments: Arc<[Vec<u8>]>, begin: u64, end: u64) -> Self {
        Self {
            segments,
            at: 0,
            offset: 0,
            begin,
            end,
            pauses: false,
            paused: false,
            is_seamless: false,
            kept: None,
        }
    }

    /// A stream to write to, with nothing to read.
    pub fn sink() -> Self {
        Self::new(Arc::from([]), u64::MAX, 0)
    }

    /// Keeps what is written.
    pub fn keep(mut self, output: Arc<Mutex<Vec<u8>>>) -> Self {
        self.kept = Some(output);
        self
    }

    /// Makes an asynchronous reader wait before each segment, as an echo server does: this is when
    /// those that queue write.
    pub fn pausing(mut self) -> Self {
        self.pauses = true;
        self
    }

    /// Fills the reader's buffer at each read, however many segments it takes.
    pub fn seamless(mut self) -> Self {
        self.is_seamless = true;
        self
    }

    /// Gives the next bytes to `put`, piece by piece, at most `room` of them. Returns how many.
    #[inline]
    fn give(&mut self, room: usize, mut put: impl FnMut(&[u8])) -> usize {
        let mut given = 0;
        loop {
            let front = self.front();
            let (of, count) = (front.len(), front.len().min(room - given));
            put(&front[..count]);
            given += count;
            if count == of && of > 0 {
                self.at += 1;
                self.offset = 0;
            } else {
                self.offset += count;
                return given;
            }
            if !self.is_seamless {
                return given;
            }
        }
    }

    /// What the next read may give, without taking it.
    #[inline]
    fn front(&mut self) -> &[u8] {
        if self.offset == 0 {
            if self.at == self.begin {
                meter::begin_measuring();
            }
            if self.at >= self.end {
                meter::end_measuring();
                return &[];
            }
        }
        let index = if self.segments.len() == 1 {
            0
        } else {
            (self.at % self.segments.len() as u64) as usize
        };
        &self.segments[index][self.offset..]
    }

    #[inline(always)]
    fn write_one(&self, bytes: &[u8]) {
        black_box((bytes.as_ptr(), bytes.len()));
        if let Some(output) = &self.kept {
            append(output, bytes);
        }
    }
}

/// A stream that reads into memory that need not be initialised, as [`AsyncRead`] does.
pub trait Source {
    /// Reads into the spare room. 0 is the end.
    fn read_into(&mut self, buffer: &mut BytesMut) -> usize;
}

impl Source for Pipe {
    #[inline]
    fn read_into(&mut self, buffer: &mut BytesMut) -> usize {
        self.give(buffer.capacity() - buffer.len(), |bytes| {
            buffer.put_slice(bytes)
        })
    }
}

impl Source for TcpStream {
    fn read_into(&mut self, buffer: &mut BytesMut) -> usize {
        read_spare(self, buffer).unwrap_or(0)
    }
}

/// Reads into the spare room of a buffer.
///
/// # Errors
///
/// As the operating system says.
#[expect(
    unsafe_code,
    reason = "zeroing the room first would cost more than reading into it"
)]
pub fn read_spare(stream: &TcpStream, buffer: &mut BytesMut) -> rustix::io::Result<usize> {
    let flags = RecvFlags::empty();
    let ((read, _), _) = rustix::net::recv(stream, buffer.spare_capacity_mut(), flags)?;
    let count = read.len();
    // SAFETY: `read` is the initialised start of the spare room.
    unsafe { buffer.set_len(buffer.len() + count) };
    Ok(count)
}

#[cold]
#[inline(never)]
fn append(output: &Mutex<Vec<u8>>, bytes: &[u8]) {
    if let Ok(mut output) = output.lock() {
        output.extend_from_slice(bytes);
    }
}

impl AsyncRead for Pipe {
    #[inline]
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.pauses && self.offset == 0 {
            self.paused = !self.paused;
            if self.paused {
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
        }
        self.give(buffer.remaining(), |bytes| buffer.put_slice(bytes));
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Pipe {
    #[inline]
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.write_one(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    #[inline]
    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(self.write_vectored(slices))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    #[inline]
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    #[inline]
    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl Read for Pipe {
    #[inline]
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut at = 0;
        let given = self.give(buffer.len(), |bytes| {
            buffer[at..at + bytes.len()].copy_from_slice(bytes);
            at += bytes.len();
        });
        Ok(given)
    }
}

impl Write for Pipe {
    #[inline]
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_one(bytes);
        Ok(bytes.len())
    }

    #[inline]
    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        let mut count = 0;
        for slice in slices {
            self.write_one(slice);
            count += slice.len();
        }
        Ok(count)
    }

    #[inline]
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
