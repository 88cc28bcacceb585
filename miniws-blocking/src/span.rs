//! A connection's span, with the feature `tracing`.

use miniws_adapter::telemetry::Span;

use crate::{Receiver, Sender, WebSocket};

impl<S> WebSocket<S> {
    /// The connection's span, for what the application has to say of it: see [`telemetry`](crate::telemetry).
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # #[cfg(unix)] {
    /// # let (ours, theirs) = std::os::unix::net::UnixStream::pair()?;
    /// # let serving = std::thread::spawn(move || miniws_blocking::accept(theirs));
    /// # let socket = miniws_blocking::Client::new("ws://a.socket/").handshake(ours)?;
    /// tracing::info!(parent: &socket.span(), room = "blue", "joined");
    /// // Whatever is told in here:
    /// socket.span().in_scope(|| tracing::info!("said hello"));
    /// # drop((socket, serving.join().unwrap()?));
    /// # }
    /// # Ok(()) }
    /// ```
    pub fn span(&self) -> Span {
        self.driver.span()
    }
}

impl<S> Sender<S> {
    /// The connection's span, see [`WebSocket::span`](crate::WebSocket::span).
    pub fn span(&self) -> Span {
        self.shared.lock().trace.span()
    }
}

impl<S> Receiver<S> {
    /// The connection's span, see [`WebSocket::span`](crate::WebSocket::span).
    pub fn span(&self) -> Span {
        self.driver.span()
    }
}
