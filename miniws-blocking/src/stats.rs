//! Counts of what has gone over a connection, with the feature `stats`.

use miniws_proto::{Connection, Stats};

use crate::{Receiver, Sender, WebSocket};

impl<S> WebSocket<S> {
    /// What has gone over the connection so far: messages and bytes in each direction, before and
    /// after compression, how much waits, and the round trip.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # #[cfg(unix)] {
    /// # let (ours, theirs) = std::os::unix::net::UnixStream::pair()?;
    /// # let serving = std::thread::spawn(move || miniws_blocking::accept(theirs));
    /// # let mut client = miniws_blocking::Client::new("ws://a.socket/").handshake(ours)?;
    /// # let mut server = serving.join().unwrap()?;
    /// client.send("hello")?;
    /// client.feed("again")?;
    /// server.recv()?;
    ///
    /// let (client, server) = (client.stats(), server.stats());
    /// assert_eq!((client.sent.messages, client.sent.message_bytes), (2, 10));
    /// assert_eq!(client.queued, 6 + 5); // header and payload of the second
    /// assert_eq!((server.received.messages, server.received.bytes), (1, 6 + 5));
    /// # }
    /// # Ok(()) }
    /// ```
    pub fn stats(&self) -> Stats {
        self.driver.look(Connection::stats)
    }
}

impl<S> Sender<S> {
    /// What has gone over the connection so far, in both directions; see
    /// [`WebSocket::stats`](crate::WebSocket::stats).
    pub fn stats(&self) -> Stats {
        self.shared.lock().connection.stats()
    }
}

impl<S> Receiver<S> {
    /// What has gone over the connection so far, in both directions; see
    /// [`WebSocket::stats`](crate::WebSocket::stats).
    pub fn stats(&self) -> Stats {
        self.driver.look(Connection::stats)
    }
}
