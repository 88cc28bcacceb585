//! TLS through a proxy: with the server, and with the proxy if its URL says so.

use std::sync::Arc;

use smol::Task;
use smol::net::TcpListener;

use super::authority::{Authority, client_config, params, server_config};
use super::relay::proxy;
use super::{is_echoed, run, serve};
use crate::miniws::Client;

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
