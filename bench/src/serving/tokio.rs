//! Servers, and clients, on tokio, all on one thread.

use std::future::Future;
use std::io;
use std::net::{SocketAddr, TcpListener};

use tokio::net::TcpStream;
use tokio::task::{LocalSet, spawn_local};

use super::relay::relay;
use super::{Service, greet};
use crate::contestant::Contestant;
use crate::wire::Role;

/// How many connections a client makes at a time.
const CLIENTS: usize = 32;

/// A library that makes handshakes itself.
#[allow(async_fn_in_trait, reason = "nothing here is shared between threads")]
pub trait Handshakes: 'static {
    /// Accepts a client, and waits until it goes. `None` if that failed.
    async fn accept(stream: TcpStream) -> Option<()>;

    /// Connects to a server, and leaves. `None` if that failed.
    async fn connect(stream: TcpStream) -> Option<()>;
}

/// Serves every connection after a handshake that is the same for all. It never returns.
///
/// # Panics
///
/// When the operating system refuses what a server needs.
pub fn serve<C: Contestant<TcpStream>>(listener: TcpListener, service: Service) {
    run(async move {
        let listener = listen(listener)?;
        let mut others = Vec::new();
        loop {
            let mut stream = accept_one(&listener).await?;
            if service != Service::Broadcast {
                spawn_local(async move {
                    if greet(&mut stream, service).await.is_some() {
                        C::echo(&mut C::open(stream, Role::Server)).await;
                    }
                });
                continue;
            }
            let Some(greeted) = greet(&mut stream, service).await else {
                continue;
            };
            let socket = C::open(stream, Role::Server);
            if greeted.is_sender {
                relay::<TcpStream, C>(socket, std::mem::take(&mut others)).await;
            } else {
                others.push(socket);
            }
        }
    });
}

/// Leaves the handshake of every connection to the library. It never returns.
///
/// # Panics
///
/// When the operating system refuses what a server needs.
pub fn accept<H: Handshakes>(listener: TcpListener) {
    run(async move {
        let listener = listen(listener)?;
        loop {
            let stream = accept_one(&listener).await?;
            spawn_local(H::accept(stream));
        }
    });
}

/// Connects over and over, some at a time. It never returns.
///
/// # Panics
///
/// When a connection fails.
pub fn connect<H: Handshakes>(server: SocketAddr) {
    run(async move {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|_| spawn_local(connect_one_after_the_other::<H>(server)))
            .collect();
        for client in clients {
            client.await.map_err(io::Error::other)??;
        }
        Ok(())
    });
}

async fn connect_one_after_the_other<H: Handshakes>(server: SocketAddr) -> io::Result<()> {
    loop {
        let stream = TcpStream::connect(server).await?;
        stream.set_nodelay(true)?;
        // So that ports are not used up.
        stream.set_zero_linger()?;
        let connected = H::connect(stream).await;
        connected.ok_or_else(|| io::Error::other("the handshake failed"))?;
    }
}

fn listen(listener: TcpListener) -> io::Result<tokio::net::TcpListener> {
    listener.set_nonblocking(true)?;
    tokio::net::TcpListener::from_std(listener)
}

async fn accept_one(listener: &tokio::net::TcpListener) -> io::Result<TcpStream> {
    let (stream, _) = listener.accept().await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

fn run(all: impl Future<Output = io::Result<()>>) {
    let ended = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .and_then(|runtime| LocalSet::new().block_on(&runtime, all));
    if let Err(error) = ended {
        panic!("it ended: {error}");
    }
}
