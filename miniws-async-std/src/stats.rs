//! Counts of what has gone over a connection, with the feature `stats`.

use futures_io::{AsyncRead, AsyncWrite};
use miniws_proto::Stats;

use crate::{Receiver, Sender, WebSocket};

impl<S: AsyncRead + AsyncWrite + Unpin> WebSocket<S> {
    /// What has gone over the connection so far: messages and bytes in each direction, before and
    /// after compression, how much waits, and the round trip.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> { smol::block_on(async {
    /// # let (ours, theirs) = smol::net::unix::UnixStream::pair()?;
    /// # let serving = smol::spawn(async move { miniws_async_std::accept(theirs).await });
    /// # let mut client = miniws_async_std::Client::new("ws://a.socket/").handshake(ours).await?;
    /// # let mut server = serving.await?;
    /// client.send("hello").await?;
    /// client.feed("again")?;
    /// server.recv().await?;
    ///
    /// let (client, server) = (client.stats(), server.stats());
    /// assert_eq!((client.sent.messages, client.sent.message_bytes), (2, 10));
    /// assert_eq!(client.queued, 6 + 5); // header and payload of the second
    /// assert_eq!((server.received.messages, server.received.bytes), (1, 6 + 5));
    /// # Ok(()) }) }
    /// ```
    pub fn stats(&self) -> Stats {
        self.driver.connection().stats()
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Sender<S> {
    /// What has gone over the connection so far, in both directions; see
    /// [`WebSocket::stats`](crate::WebSocket::stats).
    pub fn stats(&self) -> Stats {
        self.shared.lock().connection().stats()
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Receiver<S> {
    /// What has gone over the connection so far, in both directions; see
    /// [`WebSocket::stats`](crate::WebSocket::stats).
    pub fn stats(&self) -> Stats {
        self.shared.lock().connection().stats()
    }
}
