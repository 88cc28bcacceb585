//! A connection's span, with the feature `tracing`.

use miniws_adapter::telemetry::Span;

use crate::{Receiver, Sender, WebSocket};

impl<S> WebSocket<S> {
    /// The connection's span, for what the application has to say of it: see [`telemetry`](crate::telemetry).
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
