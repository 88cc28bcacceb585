//! Streams of futures-io and the clock of async-io, for the shared driver.

use std::any::Any;
use std::cell::Cell;
use std::future::Future;
use std::io;
use std::io::IoSlice;
use std::net::Shutdown;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use async_io::{Async, Timer};
use bytes::{Buf, BytesMut};
use futures_io::{AsyncRead, AsyncWrite};
use miniws_adapter::{Transport, clock};
use miniws_proto::{SendQueue, Time};

/// A stream of futures-io.
pub(crate) struct Io<S> {
    pub(crate) stream: S,
    end: fn(&mut S, &mut Context<'_>) -> Poll<io::Result<()>>,
}

impl<S: AsyncRead + AsyncWrite + Unpin + 'static> Io<S> {
    pub(crate) fn new(stream: S) -> Self {
        Self { stream, end }
    }
}

/// Ends the writing side.
pub(crate) fn end<S: AsyncWrite + Unpin + 'static>(
    stream: &mut S,
    cx: &mut Context<'_>,
) -> Poll<io::Result<()>> {
    ready!(Pin::new(&mut *stream).poll_close(cx))?;
    Poll::Ready(shut_down(stream))
}

/// Closing the sockets of async-io and async-std only flushes them: their peers would not see an
/// end before they are dropped.
fn shut_down(stream: &dyn Any) -> io::Result<()> {
    if let Some(stream) = stream.downcast_ref::<Async<std::net::TcpStream>>() {
        return stream.get_ref().shutdown(Shutdown::Write);
    }
    #[cfg(unix)]
    if let Some(stream) = stream.downcast_ref::<Async<std::os::unix::net::UnixStream>>() {
        return stream.get_ref().shutdown(Shutdown::Write);
    }
    #[cfg(feature = "async-std")]
    if let Some(stream) = stream.downcast_ref::<async_std::net::TcpStream>() {
        return stream.shutdown(Shutdown::Write);
    }
    #[cfg(all(unix, feature = "async-std"))]
    if let Some(stream) = stream.downcast_ref::<async_std::os::unix::net::UnixStream>() {
        return stream.shutdown(Shutdown::Write);
    }
    Ok(())
}

/// How much is read at once.
const READ: usize = 64 << 10;
/// How many bytes the header of a frame has at most (RFC 6455 section 5.2).
const MAX_HEADER: usize = 14;

thread_local! {
    /// What streams read into; connections have no buffer of their own while they wait. It is taken
    /// out while it is used, for a stream may itself run over a WebSocket.
    static SCRATCH: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

impl<S: AsyncRead + AsyncWrite + Unpin> Transport for Io<S> {
    /// futures-io reads into bytes that are initialised. Filling the room behind `input` with zeros
    /// costs as much as there is room, for each packet that comes; copying from a buffer that is
    /// initialised once costs as much as has come, and reads a whole burst of small messages at
    /// once. Zeros are 15 % faster where a fast peer sends megabytes, and many times slower where a
    /// slow one does.
    fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        input: &mut BytesMut,
        hint: usize,
    ) -> Poll<io::Result<usize>> {
        let mut scratch = SCRATCH.take();
        scratch.resize(READ, 0);
        let read = Pin::new(&mut self.stream).poll_read(cx, &mut scratch);
        if let Poll::Ready(Ok(count @ 1..)) = read {
            let room = hint.max(count);
            if !input.try_reclaim(room) {
                // Room for what may be left of a header as well, or the block would double for that.
                input.reserve(room + MAX_HEADER);
            }
            input.extend_from_slice(&scratch[..count]);
        }
        SCRATCH.set(scratch);
        read
    }

    /// Streams that know no vectored writes write the first slice, as they would without.
    fn poll_write(&mut self, cx: &mut Context<'_>, output: &SendQueue) -> Poll<io::Result<usize>> {
        let stream = Pin::new(&mut self.stream);
        let mut slices = [IoSlice::new(&[]); 16];
        match output.chunks_vectored(&mut slices) {
            0 | 1 => stream.poll_write(cx, output.chunk()),
            count => stream.poll_write_vectored(cx, &slices[..count]),
        }
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        (self.end)(&mut self.stream, cx)
    }
}

/// The timers of async-io, which go off on any runtime.
#[derive(Debug)]
pub(crate) struct Clock {
    timer: Timer,
    /// When the timer goes off.
    set: Option<Instant>,
}

impl Default for Clock {
    fn default() -> Self {
        Self {
            timer: Timer::never(),
            set: None,
        }
    }
}

impl miniws_adapter::Timer for Clock {
    fn now() -> Time {
        clock::now()
    }

    fn poll_until(&mut self, cx: &mut Context<'_>, deadline: Time) -> Poll<()> {
        let Some(deadline) = clock::instant(deadline) else {
            return Poll::Pending;
        };
        // Setting a timer anew is dear. One that is early finds nothing to do, and is set then.
        if self.set.is_none_or(|set| set > deadline) {
            self.timer.set_at(deadline);
            self.set = Some(deadline);
        }
        ready!(Pin::new(&mut self.timer).poll(cx));
        self.set = None;
        Poll::Ready(())
    }
}
