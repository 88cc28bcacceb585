//! A connection's span, with the feature `tracing`.

use miniws_adapter::telemetry::Span;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::{Receiver, Sender, WebSocket};

impl<S: AsyncRead + AsyncWrite + Unpin> WebSocket<S> {
    /// The connection's span, for what the application has to say of it: see [`telemetry`](crate::telemetry).
    ///
    /// ```
    /// use tracing::Instrument;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (ours, theirs) = tokio::io::duplex(1024);
    /// # let serving = tokio::spawn(miniws_tokio::accept(theirs));
    /// # let mut socket = miniws_tokio::Client::new("ws://in.memory/").handshake(ours).await?;
    /// tracing::info!(parent: &socket.span(), room = "blue", "joined");
    /// let span = socket.span();
    /// let chatting = async move {
    ///     socket.send("hello").await?;
    ///     tracing::info!("said hello");
    ///     Ok::<_, miniws_tokio::Error>(socket)
    /// };
    /// tokio::spawn(chatting.instrument(span)).await??;
    /// # serving.await??;
    /// # Ok(()) }
    /// ```
    pub fn span(&self) -> Span {
        self.driver.trace().span()
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Sender<S> {
    /// The connection's span, see [`WebSocket::span`](crate::WebSocket::span).
    pub fn span(&self) -> Span {
        self.shared.lock().trace().span()
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Receiver<S> {
    /// The connection's span, see [`WebSocket::span`](crate::WebSocket::span).
    pub fn span(&self) -> Span {
        self.shared.lock().trace().span()
    }
}
