//! TCP: reaching a host that has several addresses.

use std::future::pending;
use std::io;
use std::net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs};

use async_io::{Async, Timer};
use futures_lite::{FutureExt, StreamExt};
use futures_util::stream::FuturesUnordered;
use miniws_adapter::TcpDial;
use miniws_adapter::tcp::ATTEMPT_DELAY;
use socket2::{Domain, Protocol, Socket, Type};

pub(crate) async fn connect(dial: &TcpDial, host: &str, port: u16) -> io::Result<Async<TcpStream>> {
    let found = resolve(host, port).await?;
    let stream = race(dial.family.order(found), dial.local_address).await?;
    stream.get_ref().set_nodelay(dial.nodelay)?;
    Ok(stream)
}

/// Starts an attempt a quarter of a second after the one before, or as soon as one has failed,
/// and takes the first that succeeds.
async fn race(addresses: Vec<SocketAddr>, local: Option<IpAddr>) -> io::Result<Async<TcpStream>> {
    let mut failure = io::Error::new(
        io::ErrorKind::AddrNotAvailable,
        "the host has no address of the wanted family",
    );
    let mut addresses = addresses.into_iter();
    let mut attempts = FuturesUnordered::new();
    loop {
        let next = addresses.next();
        let more = next.is_some();
        attempts.extend(next.map(|address| attempt(address, local)));
        let ended = async { Some(attempts.next().await) };
        let delayed = async {
            match more {
                true => Timer::after(ATTEMPT_DELAY).await,
                false => pending().await,
            };
            None
        };
        match ended.or(delayed).await {
            Some(Some(Ok(stream))) => return Ok(stream),
            Some(Some(Err(error))) => failure = error,
            Some(None) => return Err(failure),
            None => {}
        }
    }
}

async fn resolve(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    let host = host.to_owned();
    let found = blocking::unblock(move || (host.as_str(), port).to_socket_addrs()).await?;
    Ok(found.collect())
}

async fn attempt(address: SocketAddr, local: Option<IpAddr>) -> io::Result<Async<TcpStream>> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    socket.set_nonblocking(true)?;
    if let Some(local) = local {
        socket.bind(&SocketAddr::new(local, 0).into())?;
    }
    match socket.connect(&address.into()) {
        Err(error) if !is_in_progress(&error) => return Err(error),
        _ => {}
    }
    let stream = Async::new_nonblocking(TcpStream::from(socket))?;
    stream.writable().await?;
    match stream.get_ref().take_error()? {
        Some(error) => Err(error),
        None => Ok(stream),
    }
}

fn is_in_progress(error: &io::Error) -> bool {
    #[cfg(unix)]
    if error.raw_os_error() == Some(libc::EINPROGRESS) {
        return true;
    }
    error.kind() == io::ErrorKind::WouldBlock
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
