//! Counts of what has gone over a connection, with the feature `stats`.

use miniws_proto::Stats;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::{Receiver, Sender, WebSocket};

impl<S: AsyncRead + AsyncWrite + Unpin> WebSocket<S> {
    /// What has gone over the connection so far: messages and bytes in each direction, before and
    /// after compression, how much waits, and the round trip.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (ours, theirs) = tokio::io::duplex(1024);
    /// # let serving = tokio::spawn(miniws_tokio::accept(theirs));
    /// # let mut client = miniws_tokio::Client::new("ws://in.memory/").handshake(ours).await?;
    /// # let mut server = serving.await??;
    /// client.send("hello").await?;
    /// client.feed("again")?;
    /// server.recv().await?;
    ///
    /// let (client, server) = (client.stats(), server.stats());
    /// assert_eq!((client.sent.messages, client.sent.message_bytes), (2, 10));
    /// assert_eq!(client.queued, 6 + 5); // header and payload of the second
    /// assert_eq!((server.received.messages, server.received.bytes), (1, 6 + 5));
    /// # Ok(()) }
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
