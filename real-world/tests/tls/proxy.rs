//! TLS through a proxy: with the server, and with the proxy if its URL says so.

use std::net::SocketAddr;
use std::sync::Arc;

use futures_lite::future::zip as join;
use futures_lite::io::{AsyncBufReadExt, BufReader, copy, split};
use futures_lite::{AsyncRead, AsyncWrite, AsyncWriteExt, StreamExt};
use smol::Task;
use smol::net::{TcpListener, TcpStream};

use super::authority::{Authority, client_config, params, server_config};
use super::{is_echoed, run, serve};
use crate::miniws::Client;

/// Hands on one connection to `server`, whatever it is asked for, and tells what that was.
async fn proxy<S>(client: S, server: SocketAddr) -> String
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut client = BufReader::new(client);
    let mut lines = (&mut client).lines();
    let asked = lines.next().await.unwrap().unwrap();
    while !lines.next().await.unwrap().unwrap().is_empty() {}
    let mut client = client.into_inner();
    client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
    client.flush().await.unwrap();
    let server = TcpStream::connect(server).await.unwrap();
    smol::spawn(async {
        let ((from_client, to_client), (from_server, to_server)) = (split(client), split(server));
        join(relay(from_client, to_server), relay(from_server, to_client)).await;
    })
    .detach();
    asked
}

async fn relay(from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin) {
    let _ = copy(from, &mut to).await;
    let _ = to.close().await;
}

async fn is_good(client: Client, proxy: Task<String>) {
    let mut socket = client.connect().await.unwrap();
    is_echoed(&mut socket, "hello").await;
    is_echoed(&mut socket, &"x".repeat(1 << 20)).await;
    assert!(socket.close().await.unwrap().clean);
    assert_eq!(proxy.await, "CONNECT server.example:443 HTTP/1.1");
}

#[test]
fn the_certificate_is_the_servers() {
    run(async {
        let authority = Authority::new();
        let server = serve(server_config(&authority.sign(params("server.example")))).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = Client::new("wss://server.example/")
            .proxy(&format!("http://{}", listener.local_addr().unwrap()))
            .tls(client_config(&authority));
        let proxy =
            smol::spawn(async move { proxy(listener.accept().await.unwrap().0, server).await });
        is_good(client, proxy).await;
    });
}

/// TLS over TLS, each with a certificate of its own.
#[test]
fn the_proxy_has_a_certificate_too() {
    run(async {
        let authority = Authority::new();
        let server = serve(server_config(&authority.sign(params("server.example")))).await;
        let config = Arc::new(server_config(&authority.sign(params("localhost"))));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let client = Client::new("wss://server.example/")
            .proxy(&format!("https://localhost:{port}"))
            .tls(client_config(&authority));
        let proxy = smol::spawn(async move {
            let acceptor = futures_rustls::TlsAcceptor::from(config);
            let (stream, _) = listener.accept().await.unwrap();
            proxy(acceptor.accept(stream).await.unwrap(), server).await
        });
        is_good(client, proxy).await;
    });
}
