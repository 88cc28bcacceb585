//! `wss://`, with certificates made on the spot: one text for all asynchronous runtimes.
//!
//! Each runtime has a test program that includes this folder, and tells it what is different there: the
//! adapter's names in `crate::miniws`, and the runtime's own in `crate::runtime`.

pub(crate) mod authority;
mod certificates;
mod ending;
mod handshaking;
mod proxy;
#[allow(dead_code)]
#[path = "../../../behaviour/support/recorder.rs"]
mod recorder;
mod redirecting;
mod relay;
mod tracing;
#[path = "../../../behaviour/support/watched.rs"]
mod watched;

use std::future::Future;
use std::net::SocketAddr;

use watched::watched;

use crate::miniws::rustls::{ClientConfig, ServerConfig};
use crate::miniws::tls::{TlsListener, TlsStream};
use crate::miniws::{Client, Config, Error, Event, NetStream, Server, WebSocket};
use crate::runtime::{self, TcpListener, TcpStream};

/// Runs a test.
pub(crate) fn run(test: impl Future<Output = ()>) {
    watched(|| runtime::block_on(test));
}

/// A server that echoes.
async fn serve(config: ServerConfig) -> SocketAddr {
    serve_with(Config::default(), config).await
}

async fn serve_with(settings: Config, config: ServerConfig) -> SocketAddr {
    let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = Server::new().config(settings);
    let listener = server.listen(TlsListener::new(tcp, config)).unwrap();
    let address = listener.local_addr();
    runtime::spawn(
        listener.serve(|mut socket: WebSocket<TlsStream<TcpStream>>| async move {
            assert!(socket.get_ref().get_ref().is_some());
            while let Ok(Some(event)) = socket.recv().await {
                if let Event::Message(message) = event {
                    socket.send(message).await.unwrap();
                }
            }
        }),
    );
    address
}

pub(crate) async fn connect(
    address: SocketAddr,
    config: ClientConfig,
) -> Result<WebSocket<NetStream>, Error> {
    let url = format!("wss://localhost:{}/", address.port());
    Client::new(&url).tls(config).connect().await
}

async fn is_echoed(socket: &mut WebSocket<NetStream>, message: &str) {
    socket.send(message).await.unwrap();
    assert_eq!(
        socket.recv().await.unwrap(),
        Some(Event::Message(message.into()))
    );
}
