//! A connection's span, with the feature `tracing`.

use futures_io::{AsyncRead, AsyncWrite};
use miniws_adapter::telemetry::Span;

use crate::{Receiver, Sender, WebSocket};

impl<S: AsyncRead + AsyncWrite + Unpin> WebSocket<S> {
    /// The connection's span, for what the application has to say of it: see [`telemetry`](crate::telemetry).
    ///
    /// ```
    /// use tracing::Instrument;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> { smol::block_on(async {
    /// # let (ours, theirs) = smol::net::unix::UnixStream::pair()?;
    /// # let serving = smol::spawn(async move { miniws_async_std::accept(theirs).await });
    /// # let mut socket = miniws_async_std::Client::new("ws://a.socket/").handshake(ours).await?;
    /// tracing::info!(parent: &socket.span(), room = "blue", "joined");
    /// let span = socket.span();
    /// let chatting = async move {
    ///     socket.send("hello").await?;
    ///     tracing::info!("said hello");
    ///     Ok::<_, miniws_async_std::Error>(socket)
    /// };
    /// smol::spawn(chatting.instrument(span)).await?;
    /// # serving.await?;
    /// # Ok(()) }) }
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
