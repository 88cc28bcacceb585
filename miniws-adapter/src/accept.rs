//! A server's handshake over any asynchronous transport, with the application's hooks.

use std::fmt;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;

use bytes::BytesMut;
use miniws_proto::negotiate::Extension;
use miniws_proto::{
    Accept, Config, Connection, HandshakeError, Incoming, Reply, Request, SendQueue,
    ServerHandshake, Upgrade,
};

use crate::bounded::Bounded;
use crate::trace::{Trace, instrument};
use crate::{Error, Opened, Timer, Transport};

/// Someone asks for a WebSocket: what a `verify` hook sees before anything is answered.
#[derive(Clone, Debug)]
pub struct Attempt {
    request: Arc<Request>,
    remote_addr: Option<SocketAddr>,
}

impl Attempt {
    /// The whole request.
    #[must_use]
    pub fn request(&self) -> &Arc<Request> {
        &self.request
    }

    /// Where the connection comes from, `None` when the transport doesn't tell.
    #[must_use]
    pub fn remote_addr(&self) -> Option<SocketAddr> {
        self.remote_addr
    }

    /// The `Origin`, which browsers send: the page that asks (RFC 6455 section 10.2).
    #[must_use]
    pub fn origin(&self) -> Option<&str> {
        self.request.origin()
    }

    /// The subprotocols that are asked for, the most wanted first.
    pub fn subprotocols(&self) -> impl Iterator<Item = &str> {
        self.request.subprotocols()
    }

    /// The extensions that are offered.
    #[must_use]
    pub fn extensions(&self) -> Vec<Extension> {
        self.request.extensions()
    }
}

/// What an application decides about a handshake.
#[derive(Clone, Default)]
pub struct Acceptor {
    /// Limits and timeouts.
    pub config: Arc<Config>,
    subprotocols: Arc<[String]>,
    choose: Option<Arc<ChooseHook>>,
    verify: Option<Arc<VerifyHook>>,
    plain: Option<Arc<PlainHook>>,
}

type ChooseHook = dyn Fn(&Request) -> Option<String> + Send + Sync;
type PlainHook = dyn Fn(&Request) -> Reply + Send + Sync;
type VerifyHook =
    dyn Fn(Attempt) -> Pin<Box<dyn Future<Output = Result<Accept, Reply>> + Send>> + Send + Sync;

impl Acceptor {
    /// The subprotocols to agree to.
    pub fn set_subprotocols(&mut self, names: impl IntoIterator<Item = impl Into<String>>) {
        self.subprotocols = names.into_iter().map(Into::into).collect();
    }

    /// The hook that picks a subprotocol.
    pub fn set_choose(
        &mut self,
        hook: impl Fn(&Request) -> Option<String> + Send + Sync + 'static,
    ) {
        self.choose = Some(Arc::new(hook));
    }

    /// The hook that accepts or rejects.
    pub fn set_verify<F, D>(&mut self, hook: F)
    where
        F: Fn(Attempt) -> D + Send + Sync + 'static,
        D: Future<Output = Result<Accept, Reply>> + Send + 'static,
    {
        self.verify = Some(Arc::new(move |attempt| Box::pin(hook(attempt))));
    }

    /// The hook that answers plain HTTP requests.
    pub fn set_plain(&mut self, hook: impl Fn(&Request) -> Reply + Send + Sync + 'static) {
        self.plain = Some(Arc::new(hook));
    }

    /// Reads a request from `transport`, decides, and answers it.
    pub async fn accept<S: Transport, T: Timer>(
        &self,
        transport: &mut S,
        remote_addr: Option<SocketAddr>,
        trace: Trace,
    ) -> Result<Opened, Error> {
        let opened = self.serve::<_, T>(transport, remote_addr, &trace).await;
        Opened::from_result(opened, trace)
    }

    async fn serve<S: Transport, T: Timer>(
        &self,
        transport: &mut S,
        remote_addr: Option<SocketAddr>,
        trace: &Trace,
    ) -> Result<(Connection, BytesMut), Error> {
        let mut handshake = ServerHandshake::new(self.config.clone());
        let deadline = handshake.poll_timeout(T::now());
        let mut io = Bounded::<_, T>::new(transport, deadline);
        let mut input = BytesMut::new();
        let incoming = loop {
            match handshake.receive(&mut input) {
                Ok(Some(incoming)) => break incoming,
                Ok(None) => {}
                Err(error) => return Err(refuse(&mut io, error).await),
            }
            match io.read(&mut input).await? {
                Some(0) => return Err(handshake.receive_eof().into()),
                Some(_) => {}
                None => {
                    if let Err(error) = handshake.handle_timeout(T::now()) {
                        return Err(refuse(&mut io, error).await);
                    }
                }
            }
        };
        let connection = self.answer(&mut io, incoming, remote_addr, trace).await?;
        Ok((connection, input))
    }

    /// Decides about a request that another HTTP stack has parsed, and answers it on `transport`.
    /// `input` is what was read behind it.
    pub async fn accept_request<S: Transport, T: Timer>(
        &self,
        transport: &mut S,
        request: Request,
        input: BytesMut,
        remote_addr: Option<SocketAddr>,
        trace: Trace,
    ) -> Result<Opened, Error> {
        let deadline = ServerHandshake::new(self.config.clone()).poll_timeout(T::now());
        let mut io = Bounded::<_, T>::new(transport, deadline);
        trace.request(&request);
        let connection = match Incoming::from_request(request, self.config.clone()) {
            Ok(incoming) => self.answer(&mut io, incoming, remote_addr, &trace).await,
            Err(error) => Err(refuse(&mut io, error).await),
        };
        Opened::from_result(connection.map(|connection| (connection, input)), trace)
    }

    /// Decides about a request whose answer another HTTP stack carries. An error is the answer that
    /// rejects it.
    pub async fn accept_detached(
        &self,
        upgrade: Upgrade,
        remote_addr: Option<SocketAddr>,
        trace: &mut Trace,
    ) -> Result<(Reply, Connection), Reply> {
        let decided = self.decide(&upgrade, remote_addr, trace).await;
        let accept = decided.inspect_err(|reply| trace.declined(reply))?;
        upgrade.accept_detached(accept).map_err(|error| {
            let reply = error.reply().unwrap_or_default();
            trace.failed(&error.into());
            reply
        })
    }

    async fn answer<S: Transport, T: Timer>(
        &self,
        io: &mut Bounded<'_, S, T>,
        incoming: Incoming,
        remote_addr: Option<SocketAddr>,
        trace: &Trace,
    ) -> Result<Connection, Error> {
        let upgrade = match incoming {
            Incoming::Upgrade(upgrade) => upgrade,
            Incoming::Plain(plain) => {
                trace.request(plain.request());
                let reply = match &self.plain {
                    Some(hook) => trace.span().in_scope(|| hook(plain.request())),
                    None => Reply::upgrade_required(),
                };
                let status = reply.status();
                return Err(decline(io, status, plain.respond(reply)).await);
            }
        };
        match io.put_off(self.decide(&upgrade, remote_addr, trace)).await {
            Ok(accept) => match upgrade.accept(accept) {
                Ok(mut connection) => {
                    io.write(connection.outgoing()).await?;
                    Ok(connection)
                }
                Err(error) => Err(refuse(io, error).await),
            },
            Err(reply) => {
                let status = reply.status();
                Err(decline(io, status, upgrade.reject(reply)).await)
            }
        }
    }

    async fn decide(
        &self,
        upgrade: &Upgrade,
        remote_addr: Option<SocketAddr>,
        trace: &Trace,
    ) -> Result<Accept, Reply> {
        let request = upgrade.request();
        trace.request(request);
        let accept = match &self.verify {
            Some(hook) => {
                let attempt = Attempt {
                    request: request.clone(),
                    remote_addr,
                };
                let verifying = trace.span().in_scope(|| hook(attempt));
                instrument(verifying, trace.span()).await?
            }
            None => Accept::new(),
        };
        if accept.chosen_subprotocol().is_some() {
            return Ok(accept);
        }
        let chosen = match &self.choose {
            Some(hook) => trace.span().in_scope(|| hook(request)),
            None => request
                .subprotocols()
                .find(|name| self.subprotocols.iter().any(|known| known == name))
                .map(str::to_owned),
        };
        Ok(match chosen {
            Some(name) => accept.subprotocol(&name),
            None => accept,
        })
    }
}

/// Gives the answer that goes with `error`, and returns it.
async fn refuse<S: Transport, T: Timer>(
    io: &mut Bounded<'_, S, T>,
    error: HandshakeError,
) -> Error {
    let reply = error.reply().map(|reply| reply.encode());
    if let Some(Ok(bytes)) = reply {
        io.reply(&mut SendQueue::from(bytes)).await;
    }
    error.into()
}

/// Gives the application's answer.
async fn decline<S: Transport, T: Timer>(
    io: &mut Bounded<'_, S, T>,
    status: u16,
    reply: Result<SendQueue, HandshakeError>,
) -> Error {
    match reply {
        Ok(mut queue) => {
            io.reply(&mut queue).await;
            Error::Declined { status }
        }
        Err(error) => refuse(io, error).await,
    }
}

impl fmt::Debug for Acceptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Acceptor")
            .field("config", &self.config)
            .field("subprotocols", &self.subprotocols)
            .finish_non_exhaustive()
    }
}
