//! Through which proxy a client goes, and the tunnel through it.

mod environment;

use std::io;
use std::sync::Arc;

use bytes::BytesMut;
use miniws_proto::{Config, HandshakeError, Proxy, ProxyError, ProxyHandshake, Time, Url};

use crate::bounded::Bounded;
use crate::dial::{Net, TcpDial, at};
use crate::trace::Trace;
use crate::{Error, Timer, Transport};

pub use environment::Environment;

/// Through which proxy a client goes.
#[derive(Clone, Debug, Default)]
pub enum ProxyChoice {
    /// None.
    #[default]
    Direct,
    /// Always this one. What is wrong with it is told when it is used.
    Given(Result<Proxy, ProxyError>),
    /// As the environment says.
    Environment(Environment),
}

impl ProxyChoice {
    /// The proxy on the way to this URL.
    pub(crate) fn choose(&self, url: &Url) -> Result<Option<Proxy>, ProxyError> {
        match self {
            Self::Direct => Ok(None),
            Self::Given(proxy) => proxy.clone().map(Some),
            Self::Environment(environment) => environment.choose(url),
        }
    }
}

/// Connects to the proxy, and has it make a tunnel to the server of `url`.
pub(crate) async fn tunnel<N: Net, T: Timer>(
    net: &N,
    dial: &TcpDial,
    proxy: &Proxy,
    url: &Url,
    config: &Arc<Config>,
    deadline: Time,
    trace: &Trace,
) -> Result<N::Stream, Error> {
    if proxy.is_secure() && !N::HAS_TLS {
        let what = "a proxy over TLS (https://) needs the feature `rustls`";
        return Err(io::Error::new(io::ErrorKind::Unsupported, what).into());
    }
    let handshake = ProxyHandshake::new(proxy, url, Arc::clone(config))?;
    let through = async {
        let mut stream = net.tcp(dial, proxy.host(), proxy.port(), deadline).await?;
        trace.peer(N::peer_addr(&stream));
        if proxy.is_secure() {
            stream = net.tls(stream, proxy.host(), deadline).await?;
        }
        ask::<_, T>(&mut stream, handshake, deadline).await?;
        Ok(stream)
    };
    through
        .await
        .map_err(|error| at(format_args!("the proxy {proxy:?}"), error))
}

async fn ask<S: Transport, T: Timer>(
    stream: &mut S,
    mut handshake: ProxyHandshake,
    deadline: Time,
) -> Result<(), Error> {
    let mut io = Bounded::<_, T>::new(stream, deadline);
    let mut input = BytesMut::new();
    loop {
        io.write(handshake.outgoing()).await?;
        match io.read(&mut input).await? {
            Some(0) => return Err(handshake.receive_eof().into()),
            Some(_) if handshake.receive(&mut input)? => return Ok(()),
            Some(_) => {}
            None => return Err(HandshakeError::Timeout.into()),
        }
    }
}
