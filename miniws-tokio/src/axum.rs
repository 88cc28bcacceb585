//! An extractor for [axum](https://docs.rs/axum).
//!
#![cfg_attr(not(doctest), doc = include_str!("axum.md"))]
//!
//! For HTTP/2 the server must tell clients that they may:
//! [`enable_connect_protocol`](hyper::server::conn::http2::Builder::enable_connect_protocol).
//!
//! axum's graceful shutdown does not wait for WebSockets, and [`Stopper`](crate::Stopper) is for the listeners of
//! this crate. A handler that has to close when the server stops is told so by the application, by a
//! [`watch`](https://docs.rs/tokio/latest/tokio/sync/watch/) beside [`recv`](WebSocket::recv), for example.

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use axum_core::body::Body;
use axum_core::extract::FromRequestParts;
use axum_core::response::{IntoResponse, Response};
use http::request::Parts;
use hyper::upgrade::OnUpgrade;
use miniws_adapter::trace::{Trace, instrument};
use miniws_proto::{Accept, Config, Reply, Request, Upgrade};

use crate::WebSocket;
use crate::hyper::{Upgraded, Upgrading, read, response};

/// A request for a WebSocket, by an upgrade of HTTP/1.1 or an extended CONNECT of HTTP/2 (RFC 8441).
///
/// What is none is rejected: with status 426 when it asks for no WebSocket or for another version,
/// 405 for a wrong method, else 400.
#[must_use = "the client waits for an answer"]
pub struct WebSocketUpgrade {
    upgrade: Upgrade,
    on_upgrade: OnUpgrade,
    accept: Accept,
    trace: Trace,
}

impl WebSocketUpgrade {
    /// The request, to look at before it is answered.
    pub fn request(&self) -> &Arc<Request> {
        self.upgrade.request()
    }

    /// Limits, timeouts and compression.
    pub fn config(mut self, config: impl Into<Arc<Config>>) -> Self {
        self.upgrade = self.upgrade.with_config(config);
        self
    }

    /// Agrees to the first of the subprotocols that the client asks for which is among these.
    pub fn subprotocols(mut self, names: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        let known: Vec<_> = names.into_iter().collect();
        let request = Arc::clone(self.upgrade.request());
        let is_known = |name: &&str| known.iter().any(|known| known.as_ref() == *name);
        if let Some(name) = request.subprotocols().find(is_known) {
            self.accept = self.accept.subprotocol(name);
        }
        self
    }

    /// What to answer beside that: additional headers, or a subprotocol of the request. It takes the
    /// place of what [`subprotocols`](Self::subprotocols) has chosen before.
    pub fn accept(mut self, accept: Accept) -> Self {
        self.accept = accept;
        self
    }

    /// Accepts: returns the response, and calls `serve` with the WebSocket in a task of its own once
    /// that has been sent. When the connection fails before, `serve` is never called.
    pub fn on_upgrade<F, S>(mut self, serve: F) -> Response
    where
        F: FnOnce(WebSocket<Upgraded>) -> S + Send + 'static,
        S: Future<Output = ()> + Send + 'static,
    {
        match self.upgrade.accept_detached(self.accept) {
            Ok((reply, connection)) => {
                let upgrading = Upgrading::new(self.on_upgrade, connection, None, self.trace);
                tokio::spawn(async move {
                    if let Ok(socket) = upgrading.await {
                        let span = socket.driver.trace().span();
                        let serving = span.in_scope(|| serve(socket));
                        instrument(serving, span).await;
                    }
                });
                response(reply).map(Body::from)
            }
            Err(error) => {
                let reply = error.reply().unwrap_or_default();
                self.trace.failed(&error.into());
                response(reply).map(Body::from)
            }
        }
    }
}

impl<S: Sync> FromRequestParts<S> for WebSocketUpgrade {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Rejection> {
        let request = Request::try_from(&*parts);
        let mut trace = Trace::server(None);
        let upgrade = read(request, &parts.extensions, Arc::default(), &mut trace);
        let upgrade = upgrade.map_err(Rejection)?;
        // Missing where no server is behind the service, as in a test that calls it directly.
        let on_upgrade = parts.extensions.remove::<OnUpgrade>();
        let on_upgrade = on_upgrade.ok_or_else(|| {
            let reply = Reply::upgrade_required();
            trace.declined(&reply);
            Rejection(reply)
        })?;
        Ok(Self {
            upgrade,
            on_upgrade,
            accept: Accept::new(),
            trace,
        })
    }
}

/// The answer to a request that is none for a WebSocket.
#[derive(Clone, Debug)]
pub struct Rejection(Reply);

impl Rejection {
    /// The answer's status.
    pub fn status(&self) -> u16 {
        self.0.status()
    }
}

impl IntoResponse for Rejection {
    fn into_response(self) -> Response {
        response(self.0).map(Body::from)
    }
}

impl fmt::Debug for WebSocketUpgrade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebSocketUpgrade")
            .field("upgrade", &self.upgrade)
            .finish_non_exhaustive()
    }
}
