//! How a client gets to its server.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};
use std::time::Duration;

use futures_lite::FutureExt;
use socket2::{Domain, Socket, Type};

use super::support::wire;
use super::support::{
    TICK, assert_took, join, listen, once, pipe, run, run_on_test_clock, timeout,
};
use crate::miniws::{Client, Config, Error, HandshakeError, IpFamily, Server, State, connect};
use crate::runtime::{HAS_TLS, Instant, TcpListener, TcpStream};

#[test]
fn to_an_ipv6_literal() {
    run(async {
        let mut listener = Server::new().bind((Ipv6Addr::LOCALHOST, 0)).await.unwrap();
        let url = format!("ws://[::1]:{}/", listener.local_addr().port());
        let (server, client) = join(listener.accept(), connect(&url)).await;
        assert!(server.unwrap().unwrap().remote_addr().unwrap().is_ipv6());
        assert_eq!(client.unwrap().remote_addr(), Some(listener.local_addr()));
    });
}

#[test]
fn from_an_address_of_this_machine() {
    run(async {
        let address = IpAddr::from([127, 0, 0, 2]);
        let (mut listener, url) = listen(Server::new()).await;
        let client = Client::new(&url).local_address(address).connect();
        let (server, client) = join(listener.accept(), client).await;
        assert_eq!(
            server.unwrap().unwrap().remote_addr().unwrap().ip(),
            address
        );
        client.unwrap();

        let not_ours = IpAddr::from([192, 0, 2, 1]);
        let failed = Client::new(&url).local_address(not_ours).connect().await;
        assert!(matches!(failed, Err(Error::Io(_))));
    });
}

#[test]
fn by_addresses_of_one_family() {
    run(async {
        let (_v4, v4_url) = listen(Server::new()).await;
        let v6 = Server::new().bind((Ipv6Addr::LOCALHOST, 0)).await.unwrap();
        let v6_url = format!("ws://{}/", v6.local_addr());
        for (url, family) in [(&v4_url, IpFamily::V6), (&v6_url, IpFamily::V4)] {
            let failed = Client::new(url).ip_family(family).connect().await;
            match failed {
                Err(Error::Io(error)) => {
                    assert_eq!(error.kind(), io::ErrorKind::AddrNotAvailable);
                    assert!(error.to_string().contains("family"), "{error}");
                }
                other => panic!("{other:?}"),
            }
        }

        let (mut listener, url) = listen(Server::new()).await;
        let client = Client::new(&url).ip_family(IpFamily::V4).connect();
        let (server, client) = join(listener.accept(), client).await;
        assert!(server.unwrap().is_ok() && client.is_ok());
    });
}

/// By name, with the server on each of the addresses that the name has, the others being dead. On a
/// machine where `localhost` is both `::1` and `127.0.0.1`, that is one dead address each time.
#[test]
fn by_whichever_address_of_a_name_answers() {
    run(async {
        let addresses: Vec<_> = "localhost:0".to_socket_addrs().unwrap().collect();
        assert!(!addresses.is_empty());
        for address in addresses {
            let mut listener = Server::new().bind(address).await.unwrap();
            let url = format!("ws://localhost:{}/", listener.local_addr().port());
            let (server, client) = join(listener.accept(), connect(&url)).await;
            server.unwrap().unwrap();
            assert_eq!(client.unwrap().remote_addr(), Some(listener.local_addr()));
        }
    });
}

#[test]
fn nobody_listens() {
    run(async {
        let gone = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = gone.local_addr().unwrap();
        drop(gone);
        match connect(&format!("ws://{address}/")).await {
            Err(Error::Io(error)) => {
                assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
                assert!(error.to_string().contains(&address.to_string()), "{error}");
            }
            other => panic!("{other:?}"),
        }
    });
}

/// A listener whose backlog is full, so that whoever else connects is never answered.
async fn unreachable() -> (SocketAddr, std::net::TcpListener, Vec<TcpStream>) {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    socket.bind(&address.into()).unwrap();
    socket.listen(1).unwrap();
    let listener = std::net::TcpListener::from(socket);
    let address = listener.local_addr().unwrap();
    let mut waiting = Vec::new();
    while let Some(stream) = timeout(Duration::from_millis(200), TcpStream::connect(address)).await
    {
        waiting.push(stream.unwrap());
    }
    (address, listener, waiting)
}

#[test]
fn the_connect_timeout() {
    run(async {
        let (address, _listener, _waiting) = unreachable().await;
        let start = Instant::now();
        let url = format!("ws://{address}/");
        let connecting = Client::new(&url).connect_timeout(TICK).connect();
        assert!(matches!(connecting.await, Err(Error::ConnectTimeout)));
        assert!(start.elapsed() >= TICK);
    });
}

#[test]
fn the_handshake_timeout() {
    run_on_test_clock(async {
        let start = Instant::now();
        let config = Config::default().handshake_timeout(TICK);
        let (ours, mut theirs) = pipe(10_000);
        let mut connecting = Client::new("ws://in.memory/")
            .config(config)
            .handshake(ours);
        wire::write(&mut theirs, "HTTP/1.1 101 Swi").await;
        let failed = (&mut connecting).await;
        assert!(matches!(
            failed,
            Err(Error::Handshake(HandshakeError::Timeout))
        ));
        assert_took(start, TICK);
        assert_eq!(connecting.state(), State::Closed);
    });
}

/// A request that the server doesn't take is part of it.
#[test]
fn the_handshake_timeout_while_writing() {
    run_on_test_clock(async {
        let (ours, _theirs) = pipe(10);
        let config = Config::default().handshake_timeout(TICK);
        let failed = Client::new("ws://in.memory/")
            .config(config)
            .handshake(ours)
            .await;
        assert!(matches!(
            failed,
            Err(Error::Handshake(HandshakeError::Timeout))
        ));
    });
}

#[test]
fn tls_is_the_callers_to_make() {
    run(async {
        match connect("wss://127.0.0.1:1/").await {
            // With TLS, what fails is that nobody listens there.
            Err(Error::Io(error)) if HAS_TLS => {
                assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
            }
            Err(Error::Io(error)) => {
                assert_eq!(error.kind(), io::ErrorKind::Unsupported);
                assert!(error.to_string().contains("Client::handshake"), "{error}");
            }
            other => panic!("{other:?}"),
        }
    });
}

/// A connection that is under way can be looked at, and given up.
#[test]
fn the_states() {
    run(async {
        let (ours, mut theirs) = pipe(10_000);
        let mut connecting = Client::new("ws://in.memory/").handshake(ours);
        assert_eq!(connecting.state(), State::Connecting);
        // Losing the race does it no harm.
        let connected = async { panic!("{:?}", (&mut connecting).await) };
        let request = connected.or(wire::read_head(&mut theirs)).await;
        assert_eq!(connecting.state(), State::Connecting);
        wire::write(&mut theirs, wire::switching(&request, "")).await;
        let mut socket = (&mut connecting).await.unwrap();
        assert_eq!(connecting.state(), State::Open);
        assert_eq!(socket.state(), State::Open);

        let _ = once(socket.close()).await;
        assert_eq!(socket.state(), State::Closing);
        drop(theirs);
        assert!(socket.recv().await.is_err());
        assert_eq!(socket.state(), State::Closed);

        let (ours, mut theirs) = pipe(10_000);
        drop(Client::new("ws://in.memory/").handshake(ours));
        assert_eq!(wire::read_rest(&mut theirs).await, b"");
    });
}
