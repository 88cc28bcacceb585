//! TCP: reaching a host that has several addresses, and listening.

use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream, ToSocketAddrs};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Instant;

use miniws_adapter::tcp::ATTEMPT_DELAY;
use miniws_adapter::{Error, TcpDial, clock};
use miniws_proto::Time;
use socket2::{Domain, Protocol, Socket, Type};

use crate::hall::spawn;
use crate::timeout::LONGEST;

pub(crate) fn connect(
    dial: &TcpDial,
    host: &str,
    port: u16,
    deadline: Time,
) -> Result<TcpStream, Error> {
    let left = deadline.saturating_since(clock::now());
    let deadline = Instant::now() + left.min(LONGEST);
    let found = resolve(host, port, deadline)?;
    let stream = race(dial.family.order(found), dial.local_address, deadline)?;
    stream.set_nodelay(dial.nodelay)?;
    Ok(stream)
}

/// Starts an attempt a quarter of a second after the one before, or as soon as one has failed,
/// and takes the first that succeeds. The threads of those that come too late end by themselves.
fn race(
    addresses: Vec<SocketAddr>,
    local_address: Option<IpAddr>,
    deadline: Instant,
) -> Result<TcpStream, Error> {
    if let [address] = addresses[..] {
        return attempt(address, local_address, deadline);
    }
    let (report, ended) = mpsc::channel();
    let mut addresses = addresses.into_iter();
    let mut under_way = 0;
    let mut failure = Error::Io(io::Error::new(
        io::ErrorKind::AddrNotAvailable,
        "the host has no address of the wanted family",
    ));
    loop {
        if let Some(address) = addresses.next() {
            let report = report.clone();
            spawn("miniws-connect", move || {
                // Nobody listens any more when another address was faster.
                let _ = report.send(attempt(address, local_address, deadline));
            })?;
            under_way += 1;
        } else if under_way == 0 {
            return Err(failure);
        }
        let left = deadline.saturating_duration_since(Instant::now());
        let wait = match addresses.len() {
            0 => left,
            _ => left.min(ATTEMPT_DELAY),
        };
        match ended.recv_timeout(wait) {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => {
                under_way -= 1;
                failure = error;
            }
            Err(_) if wait == left => return Err(Error::ConnectTimeout),
            Err(_) => {}
        }
    }
}

/// The addresses of a host. The system may take its time to find them, in a thread of its own.
fn resolve(host: &str, port: u16, deadline: Instant) -> Result<Vec<SocketAddr>, Error> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    let (report, found) = mpsc::channel();
    let host = host.to_owned();
    spawn("miniws-resolve", move || {
        let addresses = (host.as_str(), port).to_socket_addrs();
        let _ = report.send(addresses.map(Iterator::collect));
    })?;
    match found.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
        Ok(found) => Ok(found?),
        Err(RecvTimeoutError::Timeout) => Err(Error::ConnectTimeout),
        Err(RecvTimeoutError::Disconnected) => Err(io::Error::other("no resolver").into()),
    }
}

fn attempt(
    address: SocketAddr,
    local_address: Option<IpAddr>,
    deadline: Instant,
) -> Result<TcpStream, Error> {
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() {
        return Err(Error::ConnectTimeout);
    }
    let socket = socket(address)?;
    if let Some(local_address) = local_address {
        socket.bind(&SocketAddr::new(local_address, 0).into())?;
    }
    match socket.connect_timeout(&address.into(), left) {
        Ok(()) => Ok(socket.into()),
        Err(error) if error.kind() == io::ErrorKind::TimedOut => Err(Error::ConnectTimeout),
        Err(error) => Err(error.into()),
    }
}

/// Listens on the first of the addresses that can be had.
pub(crate) fn listen(address: impl ToSocketAddrs, backlog: u32) -> io::Result<TcpListener> {
    let mut failure = io::Error::new(io::ErrorKind::InvalidInput, "no address to listen on");
    for address in address.to_socket_addrs()? {
        match listen_on(address, backlog) {
            Ok(listener) => return Ok(listener),
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

fn listen_on(address: SocketAddr, backlog: u32) -> io::Result<TcpListener> {
    let socket = socket(address)?;
    // A server that is started anew finds its port still in TIME_WAIT. Windows means something
    // else by this option.
    #[cfg(not(windows))]
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(i32::try_from(backlog).unwrap_or(i32::MAX))?;
    Ok(socket.into())
}

fn socket(address: SocketAddr) -> io::Result<Socket> {
    Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// An address where nobody answers: on Linux, that of a listener whose queue is full.
    #[cfg(target_os = "linux")]
    fn silent() -> (SocketAddr, TcpListener, Vec<io::Result<TcpStream>>) {
        let listener = listen("127.0.0.1:0", 1).unwrap();
        let address = listener.local_addr().unwrap();
        let connect = |_| TcpStream::connect_timeout(&address, Duration::from_millis(100));
        (address, listener, (0..4).map(connect).collect())
    }

    /// The first address is dead, the second one takes its time to say nothing, the third one works.
    #[cfg(target_os = "linux")]
    #[test]
    fn the_first_that_answers_is_taken() {
        let (silent, _listener, _queue) = silent();
        let good = listen("127.0.0.1:0", 16).unwrap();
        let good = good.local_addr().unwrap();
        let dead = {
            let listener = listen("127.0.0.1:0", 16).unwrap();
            listener.local_addr().unwrap()
        };
        let started = Instant::now();
        let deadline = started + Duration::from_secs(20);
        let stream = race(vec![dead, silent, good], None, deadline);
        assert_eq!(stream.unwrap().peer_addr().unwrap(), good);
        assert!((ATTEMPT_DELAY..Duration::from_secs(5)).contains(&started.elapsed()));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_deadline_is_for_all_of_them() {
        let (silent, _listener, _queue) = silent();
        let started = Instant::now();
        let deadline = started + Duration::from_millis(400);
        let failed = race(vec![silent; 3], None, deadline);
        assert!(matches!(failed, Err(Error::ConnectTimeout)));
        assert!(started.elapsed() < Duration::from_secs(5));
    }

    #[test]
    fn no_address_is_an_error() {
        let failed = race(Vec::new(), None, Instant::now() + Duration::from_secs(20));
        assert!(matches!(failed, Err(Error::Io(_))));
    }
}
