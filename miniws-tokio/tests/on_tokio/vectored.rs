//! Streams of tokio's say whether they write several pieces at once.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::behaviour::support::{calm, run, server};

/// A stream that does not, and remembers the lengths of what was written.
#[derive(Clone, Default)]
struct Plain(Arc<Mutex<Vec<usize>>>);

impl AsyncRead for Plain {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        _: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Poll::Pending
    }
}

impl AsyncWrite for Plain {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.0.lock().unwrap().push(bytes.len());
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[test]
fn a_stream_that_does_not_gets_one_piece_after_the_other() {
    run(async {
        let stream = Plain::default();
        let mut server = server(stream.clone(), calm());
        server.feed("small").unwrap();
        server.feed(vec![0; 100_000]).unwrap();
        server.feed("small").unwrap();
        server.flush().await.unwrap();
        assert_eq!(*stream.0.lock().unwrap(), [7 + 10, 100_000, 7]);
    });
}
