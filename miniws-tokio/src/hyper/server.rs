//! The server's side.

use std::fmt;
use std::future::Future;
use std::io;
use std::mem;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::Extensions;
use hyper::ext::Protocol;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use miniws_adapter::trace::Trace;
use miniws_proto::{Config, Connection, HandshakeError, Incoming, Reply, Request, Upgrade};

use super::{Upgraded, socket};
use crate::{Error, Server, WebSocket};

impl Server {
    /// Accepts, or rejects, a request that hyper has read: an upgrade of HTTP/1.1 or an extended
    /// CONNECT of HTTP/2. `remote_addr` is for the hooks to see.
    ///
    /// Return the response from the service, in either case. hyper hands the stream over when it has
    /// sent it: await the [`Upgrading`] in a task of its own. [The module](crate::hyper) has an
    /// example.
    ///
    /// # Errors
    ///
    /// The response that rejects the request: with status 426 when it asks for no WebSocket, with
    /// what the hook says, or with what is wrong.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future leaves the request unanswered.
    pub async fn upgrade<B>(
        &self,
        request: &mut http::Request<B>,
        remote_addr: Option<SocketAddr>,
    ) -> Result<(http::Response<Bytes>, Upgrading), http::Response<Bytes>> {
        let mut trace = Trace::server(remote_addr);
        let on_upgrade = hyper::upgrade::on(&mut *request);
        let converted = Request::try_from(&*request);
        let config = Arc::clone(&self.acceptor.config);
        let upgrade = read(converted, request.extensions(), config, &mut trace);
        let upgrade = upgrade.map_err(response)?;
        let accepted = self
            .acceptor
            .accept_detached(upgrade, remote_addr, &mut trace);
        let (reply, connection) = accepted.await.map_err(response)?;
        let upgrading = Upgrading::new(on_upgrade, connection, remote_addr, trace);
        Ok((response(reply), upgrading))
    }
}

/// The request for a WebSocket that this is, or the answer to what is none.
pub(crate) fn read(
    request: Result<Request, HandshakeError>,
    extensions: &Extensions,
    config: Arc<Config>,
    trace: &mut Trace,
) -> Result<Upgrade, Reply> {
    let is_websocket = |protocol: &Protocol| protocol.as_str() == "websocket";
    let upgrade = request.and_then(|request| {
        trace.request(&request);
        match extensions.get().is_some_and(is_websocket) {
            true => Upgrade::from_connect(request, config).map(Some),
            false => Incoming::from_request(request, config).map(|incoming| match incoming {
                Incoming::Upgrade(upgrade) => Some(upgrade),
                Incoming::Plain(_) => None,
            }),
        }
    });
    match upgrade {
        Ok(Some(upgrade)) => Ok(upgrade),
        Ok(None) => {
            let reply = Reply::upgrade_required();
            trace.declined(&reply);
            Err(reply)
        }
        Err(error) => {
            let reply = error.reply().unwrap_or_default();
            trace.failed(&error.into());
            Err(reply)
        }
    }
}

/// A reply as hyper sends it. One that is wrong is the application's mistake.
pub(crate) fn response(reply: Reply) -> http::Response<Bytes> {
    http::Response::try_from(reply).unwrap_or_else(|_| {
        let mut response = http::Response::default();
        *response.status_mut() = http::StatusCode::INTERNAL_SERVER_ERROR;
        response
    })
}

/// A WebSocket on its way: a future that is ready once hyper has sent the response and handed the
/// stream over.
///
/// # Errors
///
/// [`Error::Io`] when the connection fails before that.
#[must_use = "futures do nothing unless polled"]
pub struct Upgrading {
    on_upgrade: OnUpgrade,
    /// `None` once it has been handed on.
    connection: Option<Connection>,
    trace: Trace,
    remote_addr: Option<SocketAddr>,
}

impl Upgrading {
    pub(crate) fn new(
        on_upgrade: OnUpgrade,
        connection: Connection,
        remote_addr: Option<SocketAddr>,
        trace: Trace,
    ) -> Self {
        Self {
            on_upgrade,
            connection: Some(connection),
            trace,
            remote_addr,
        }
    }
}

impl Future for Upgrading {
    type Output = Result<WebSocket<Upgraded>, Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let upgraded = ready!(Pin::new(&mut self.on_upgrade).poll(cx));
        let connection = self.connection.take();
        let opened = upgraded.map_err(io::Error::other).and_then(|stream| {
            let again = || io::Error::other("polled after it was ready");
            Ok((TokioIo::new(stream), connection.ok_or_else(again)?))
        });
        let trace = mem::take(&mut self.trace);
        Poll::Ready(socket(opened.map_err(Error::Io), self.remote_addr, trace))
    }
}

impl fmt::Debug for Upgrading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upgrading")
            .field("remote_addr", &self.remote_addr)
            .finish_non_exhaustive()
    }
}
