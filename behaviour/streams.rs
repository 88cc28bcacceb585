//! What differs from stream to stream.

use std::io;
use std::io::IoSlice;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use futures_core::Stream;
use futures_io::{AsyncRead, AsyncWrite};

use super::support::wire::{self, CLOSE, masked};
use super::support::{Pipe, calm, client, close, dial, join, pipe, run, server, text};
use crate::miniws::{Event, WebSocket};
use crate::runtime::{self, TcpListener, stream};

/// The peer sees the end of TCP while the server still holds the connection and its own side is
/// open: closing some of these streams only flushes them.
pub(crate) async fn ends_its_side<S, P>(ours: S, mut peer: P)
where
    S: runtime::AsyncRead + runtime::AsyncWrite + Unpin + 'static,
    P: runtime::AsyncRead + runtime::AsyncWrite + Unpin,
{
    let mut server: WebSocket<S> = server(ours, calm());
    wire::write(&mut peer, masked(CLOSE, wire::close(1000, ""))).await;
    assert_eq!(close(server.recv().await.unwrap()).0, 1000);
    let (end, ()) = join(server.recv(), async {
        assert_eq!(wire::read_frame(&mut peer).await.0, 0x80 | CLOSE);
        assert_eq!(wire::read_rest(&mut peer).await, b"");
        drop(peer);
    })
    .await;
    assert_eq!(end.unwrap(), None);
}

#[test]
fn tcp_of_the_runtime_is_shut_down() {
    run(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let peer = dial(listener.local_addr().unwrap()).await;
        ends_its_side(listener.accept().await.unwrap().0, peer).await;
    });
}

#[cfg(unix)]
#[test]
fn unix_sockets_are_shut_down() {
    run(async {
        let (ours, peer) = runtime::UnixStream::pair().unwrap();
        ends_its_side(ours, peer).await;
    });
}

/// A stream that remembers how it was written to.
#[derive(Clone, Default)]
struct Written {
    calls: Arc<Mutex<Vec<Vec<usize>>>>,
    is_vectored: bool,
}

impl AsyncRead for Written {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        _: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Pending
    }
}

impl AsyncWrite for Written {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.calls.lock().unwrap().push(vec![bytes.len()]);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if !self.is_vectored {
            // As the trait does by itself.
            return self.poll_write(cx, &slices[0]);
        }
        let lengths: Vec<_> = slices.iter().map(|slice| slice.len()).collect();
        let total = lengths.iter().sum();
        self.calls.lock().unwrap().push(lengths);
        Poll::Ready(Ok(total))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// A burst leaves with one write, and a large message without being copied.
#[test]
fn writes_are_gathered() {
    run(async {
        let written = Written {
            is_vectored: true,
            ..Written::default()
        };
        let mut server = server(stream(written.clone()), calm());
        server.feed("small").unwrap();
        server.feed("small").unwrap();
        server.feed(vec![0; 100_000]).unwrap();
        server.feed("small").unwrap();
        server.flush().await.unwrap();
        assert_eq!(*written.calls.lock().unwrap(), [[7 + 7 + 10, 100_000, 7]]);
    });
}

#[test]
fn streams_without_vectored_writes_get_one_piece_after_the_other() {
    run(async {
        let written = Written::default();
        let mut server = server(stream(written.clone()), calm());
        server.feed("small").unwrap();
        server.feed(vec![0; 100_000]).unwrap();
        server.feed("small").unwrap();
        server.flush().await.unwrap();
        assert_eq!(*written.calls.lock().unwrap(), [[7 + 10], [100_000], [7]]);
    });
}

/// A stream that claims to have taken more than it was given.
struct Boastful;

impl AsyncRead for Boastful {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        _: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Pending
    }
}

impl AsyncWrite for Boastful {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(bytes.len() + 1))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[test]
fn a_stream_cannot_write_more_than_there_is() {
    run(async {
        let mut server = server(stream(Boastful), calm());
        server.send("small").await.unwrap();
        server.send("again").await.unwrap();
    });
}

/// A WebSocket over a stream that is itself read from a WebSocket.
#[test]
fn a_stream_that_runs_over_a_websocket() {
    run(async {
        let (ours, theirs) = pipe(100_000);
        let (outer_server, mut outer_client) = (server(ours, calm()), client(theirs, calm()));
        let tunnel = Tunnel(outer_server);
        let mut inner = server(stream(tunnel), calm());
        outer_client
            .send(masked(wire::TEXT, "inside"))
            .await
            .unwrap();
        assert_eq!(text(inner.recv().await.unwrap()), "inside");
    });
}

struct Tunnel(WebSocket<Pipe>);

impl AsyncRead for Tunnel {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_next(cx).map(|item| match item {
            Some(Ok(Event::Message(message))) => {
                let bytes = message.as_bytes();
                buffer[..bytes.len()].copy_from_slice(bytes);
                Ok(bytes.len())
            }
            _ => Ok(0),
        })
    }
}

impl AsyncWrite for Tunnel {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
