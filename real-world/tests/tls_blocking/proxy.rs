//! TLS through a proxy: with the server, and with the proxy if its URL says so.

use std::sync::Arc;

use smol::Task;
use smol::net::TcpListener;

use crate::authority::{Authority, client_config, params, server_config};
use crate::miniws::{Client, Error, HandshakeError, Reply, Server};
use crate::relay::proxy;
use crate::{is_echoed, listen, run, serve, spawn};

fn is_good(client: Client, proxy: Task<String>) {
    let mut socket = client.connect().unwrap();
    is_echoed(&mut socket, "hello");
    is_echoed(&mut socket, &"x".repeat(1 << 20));
    assert!(socket.close().unwrap().clean);
    let asked = smol::block_on(proxy);
    assert_eq!(asked, "CONNECT server.example:443 HTTP/1.1");
}

#[test]
fn the_certificate_is_the_servers() {
    run(|| {
        let authority = Authority::new();
        let server = serve(server_config(&authority.sign(params("server.example"))));
        let listener = smol::block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let client = Client::new("wss://server.example/")
            .proxy(&format!("http://{}", listener.local_addr().unwrap()))
            .tls(client_config(&authority));
        let proxy =
            smol::spawn(async move { proxy(listener.accept().await.unwrap().0, server).await });
        is_good(client, proxy);
    });
}

/// TLS over TLS, each with a certificate of its own.
#[test]
fn the_proxy_has_a_certificate_too() {
    run(|| {
        let authority = Authority::new();
        let server = serve(server_config(&authority.sign(params("server.example"))));
        let config = Arc::new(server_config(&authority.sign(params("localhost"))));
        let listener = smol::block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let port = listener.local_addr().unwrap().port();
        let client = Client::new("wss://server.example/")
            .proxy(&format!("https://localhost:{port}"))
            .tls(client_config(&authority));
        let proxy = smol::spawn(async move {
            let acceptor = futures_rustls::TlsAcceptor::from(config);
            let (stream, _) = listener.accept().await.unwrap();
            proxy(acceptor.accept(stream).await.unwrap(), server).await
        });
        is_good(client, proxy);
    });
}

/// A redirect that leads away from TLS is followed nowhere.
#[test]
fn no_redirect_from_tls_to_plain() {
    run(|| {
        let authority = Authority::new();
        let away = |_| Err(Reply::new(302).header("Location", "ws://127.0.0.1:1/"));
        let config = server_config(&authority.sign(params("localhost")));
        let listener = listen(Server::new().verify(away), config);
        let url = format!("wss://localhost:{}/", listener.local_addr().port());
        let accepting = spawn(move || listener.accept().is_some());
        let client = Client::new(&url).tls(client_config(&authority));
        match client.max_redirects(9).connect() {
            Err(Error::Handshake(HandshakeError::InsecureRedirect)) => {}
            other => panic!("{other:?}"),
        }
        accepting.join();
    });
}
