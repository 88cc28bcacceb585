//! The way to where a URL leads.

use std::fmt;
use std::future::{Future, poll_fn, ready};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use miniws_proto::{Config, HandshakeError, Time, Url};

use crate::proxy::{ProxyChoice, tunnel};
use crate::tcp::IpFamily;
use crate::trace::Trace;
use crate::{Error, Timer, Transport};

/// How to reach what a URL names.
#[derive(Clone, Debug)]
pub struct Dial {
    /// How long that may take.
    pub timeout: Duration,
    /// How to reach a host.
    pub tcp: TcpDial,
    /// Through which proxy.
    pub proxy: ProxyChoice,
}

/// How to reach a host.
#[derive(Clone, Debug)]
pub struct TcpDial {
    /// From which address of this machine.
    pub local_address: Option<IpAddr>,
    /// At which of its addresses.
    pub family: IpFamily,
    /// Whether small messages are sent at once (`TCP_NODELAY`).
    pub nodelay: bool,
}

/// The sockets of a runtime, and TLS over them.
///
/// Each method has a deadline, for those that block: other futures are dropped when it comes.
pub trait Net {
    /// A connection of any of these kinds.
    type Stream: Transport + Send;

    /// Whether there is TLS.
    const HAS_TLS: bool = false;

    /// Where the other end is, if that has an address of IP.
    fn peer_addr(stream: &Self::Stream) -> Option<SocketAddr>;

    /// Connects to a host by TCP.
    fn tcp(
        &self,
        dial: &TcpDial,
        host: &str,
        port: u16,
        deadline: Time,
    ) -> impl Future<Output = Result<Self::Stream, Error>> + Send;

    /// Connects to a Unix socket.
    fn unix(
        &self,
        _path: &str,
        _deadline: Time,
    ) -> impl Future<Output = Result<Self::Stream, Error>> + Send {
        ready(unsupported(
            "ws+unix: needs a Unix socket: connect to it and hand it to `Client::handshake`",
        ))
    }

    /// Does the handshake of TLS with a server that has to be `host`.
    fn tls(
        &self,
        _stream: Self::Stream,
        _host: &str,
        _deadline: Time,
    ) -> impl Future<Output = Result<Self::Stream, Error>> + Send {
        ready(no_tls())
    }
}

impl Dial {
    /// Goes there.
    pub(crate) async fn reach<N: Net, T: Timer>(
        &self,
        net: &N,
        url: &Url,
        config: &Arc<Config>,
        trace: &Trace,
    ) -> Result<N::Stream, Error> {
        let deadline = T::now() + self.timeout;
        let going = self.go::<_, T>(net, url, config, deadline, trace);
        match before::<T, _>(deadline, going).await {
            // A proxy that took too long.
            None | Some(Err(Error::Handshake(HandshakeError::Timeout))) => {
                Err(Error::ConnectTimeout)
            }
            Some(reached) => reached,
        }
    }

    async fn go<N: Net, T: Timer>(
        &self,
        net: &N,
        url: &Url,
        config: &Arc<Config>,
        deadline: Time,
        trace: &Trace,
    ) -> Result<N::Stream, Error> {
        if let Some(path) = url.unix_path() {
            let reached = net.unix(path, deadline).await;
            return reached.map_err(|error| at(path, error));
        }
        if url.is_secure() && !N::HAS_TLS {
            return no_tls();
        }
        let stream = match self.proxy.choose(url)? {
            None => {
                let reached = net.tcp(&self.tcp, url.host(), url.port(), deadline);
                let reached = reached.await.map_err(|error| at(url.authority(), error))?;
                trace.peer(N::peer_addr(&reached));
                reached
            }
            Some(proxy) => {
                let going = tunnel::<_, T>(net, &self.tcp, &proxy, url, config, deadline, trace);
                going.await?
            }
        };
        match url.is_secure() {
            true => net.tls(stream, url.host(), deadline).await,
            false => Ok(stream),
        }
    }
}

/// An error of the transport, and where it happened, which it does not say itself.
#[derive(Debug)]
struct At {
    place: String,
    error: io::Error,
}

/// Says where an error of the transport happened.
pub(crate) fn at(place: impl fmt::Display, error: Error) -> Error {
    match error {
        Error::Io(error) => {
            let (kind, place) = (error.kind(), place.to_string());
            io::Error::new(kind, At { place, error }).into()
        }
        error => error,
    }
}

/// The error, without where it happened.
#[cfg(feature = "rustls")]
pub(crate) fn without_place(error: &io::Error) -> &io::Error {
    let at = error.get_ref().and_then(|within| within.downcast_ref());
    at.map_or(error, |at: &At| &at.error)
}

impl std::error::Error for At {
    /// What is behind the error, which itself is in the message.
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.error.source()
    }
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.error)
    }
}

fn no_tls<S>() -> Result<S, Error> {
    unsupported(
        "wss:// needs TLS: turn on the feature `rustls`, or hand a TLS stream to `Client::handshake`",
    )
}

fn unsupported<S>(what: &'static str) -> Result<S, Error> {
    Err(io::Error::new(io::ErrorKind::Unsupported, what).into())
}

/// `None` when the deadline has come first.
async fn before<T: Timer, R>(deadline: Time, future: impl Future<Output = R>) -> Option<R> {
    let mut future = pin!(future);
    let mut timer = T::default();
    poll_fn(|cx| {
        if let Poll::Ready(output) = future.as_mut().poll(cx) {
            return Poll::Ready(Some(output));
        }
        while T::now() < deadline {
            if timer.poll_until(cx, deadline).is_pending() {
                return Poll::Pending;
            }
        }
        Poll::Ready(None)
    })
    .await
}

impl Default for Dial {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(10),
            tcp: TcpDial::default(),
            proxy: ProxyChoice::default(),
        }
    }
}

impl Default for TcpDial {
    fn default() -> Self {
        Self {
            local_address: None,
            family: IpFamily::Any,
            nodelay: true,
        }
    }
}
