//! A client's handshake over any asynchronous transport, and the order in which addresses are
//! tried.

use std::io;
use std::net::SocketAddr;

use bytes::BytesMut;
use miniws_proto::{ClientHandshake, Connection, Response, Url};

use crate::bounded::Bounded;
use crate::{Error, Timer, Transport};

/// Which addresses of a host a client may use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IpFamily {
    /// Both, IPv6 first (RFC 8305 section 4).
    #[default]
    Any,
    /// IPv4 only.
    V4,
    /// IPv6 only.
    V6,
}

impl IpFamily {
    /// The addresses to try, in the order in which to try them: those of the family, IPv6 and IPv4
    /// in turn, so that a family that leads nowhere costs one attempt only (RFC 8305 section 4).
    #[must_use]
    pub fn order(self, addresses: impl IntoIterator<Item = SocketAddr>) -> Vec<SocketAddr> {
        let (v6, v4): (Vec<_>, Vec<_>) = addresses.into_iter().partition(SocketAddr::is_ipv6);
        match self {
            Self::V4 => v4,
            Self::V6 => v6,
            Self::Any => {
                let longer = v6.len().max(v4.len());
                (0..longer)
                    .flat_map(|at| [v6.get(at), v4.get(at)])
                    .flatten()
                    .copied()
                    .collect()
            }
        }
    }
}

/// Refuses what can't be reached over plain TCP, for a runtime that has only that.
pub fn require_tcp(url: &Url) -> io::Result<()> {
    let what = match () {
        () if url.is_secure() => {
            "wss:// needs TLS: make a TLS stream and hand it to `Client::handshake`"
        }
        () if url.unix_path().is_some() => {
            "ws+unix: needs a Unix socket: connect to it and hand it to `Client::handshake`"
        }
        () => return Ok(()),
    };
    Err(io::Error::new(io::ErrorKind::Unsupported, what))
}

/// Sends the request over `transport` and receives the response. Returns the connection, the
/// response, and what was read behind it.
pub async fn connect<S: Transport, T: Timer>(
    transport: &mut S,
    mut handshake: ClientHandshake,
) -> Result<(Connection, Response, BytesMut), Error> {
    let deadline = handshake.poll_timeout(T::now());
    let mut io = Bounded::<_, T>::new(transport, deadline);
    let mut input = BytesMut::new();
    io.write(handshake.outgoing()).await?;
    loop {
        if let Some((connection, response)) = handshake.receive(&mut input)? {
            return Ok((connection, response, input));
        }
        match io.read(&mut input).await? {
            Some(0) => return Err(handshake.receive_eof().into()),
            Some(_) => {}
            None => handshake.handle_timeout(T::now())?,
        }
    }
}
