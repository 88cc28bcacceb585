//! A connection's span, with the feature `tracing`.

use futures_io::{AsyncRead, AsyncWrite};
use miniws_adapter::telemetry::Span;

use crate::{Receiver, Sender, WebSocket};

impl<S: AsyncRead + AsyncWrite + Unpin> WebSocket<S> {
    /// The connection's span, for what the application has to say of it: see [`telemetry`](crate::telemetry).
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
