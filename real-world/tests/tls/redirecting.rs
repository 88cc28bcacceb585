//! Redirects to TLS are followed, and never away from it.

use super::authority::{Authority, client_config, params, server_config};
use super::{is_echoed, run, serve};
use crate::miniws::tls::TlsListener;
use crate::miniws::{Attempt, Client, Error, HandshakeError, Reply, Server};
use crate::runtime::{TcpListener, spawn};

fn redirecting(location: &str) -> Server {
    let location = location.to_owned();
    Server::new().verify(move |_: Attempt| {
        let reply = Reply::new(302).header("Location", &location);
        async { Err(reply) }
    })
}

#[test]
fn from_plain_to_tls() {
    run(async {
        let authority = Authority::new();
        let secure = serve(server_config(&authority.sign(params("localhost")))).await;
        let location = format!("https://localhost:{}/", secure.port());
        let mut plain = redirecting(&location).bind("127.0.0.1:0").await.unwrap();
        let url = format!("ws://{}/", plain.local_addr());
        spawn(async move { while plain.accept().await.is_some() {} });

        let client = Client::new(&url).tls(client_config(&authority));
        let mut socket = client.max_redirects(1).connect().await.unwrap();
        assert!(socket.get_ref().tls().is_some());
        is_echoed(&mut socket, "hello").await;
    });
}

#[test]
fn never_from_tls_to_plain() {
    run(async {
        let authority = Authority::new();
        let plain = TcpListener::bind("127.0.0.1:0").await.unwrap();
        for scheme in ["ws", "http"] {
            let location = format!("{scheme}://{}/", plain.local_addr().unwrap());
            let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let port = tcp.local_addr().unwrap().port();
            let config = server_config(&authority.sign(params("localhost")));
            let listener = TlsListener::new(tcp, config);
            let mut secure = redirecting(&location).listen(listener).unwrap();
            spawn(async move { while secure.accept().await.is_some() {} });

            let client = Client::new(&format!("wss://localhost:{port}/"));
            let client = client.tls(client_config(&authority)).max_redirects(9);
            match client.connect().await {
                Err(Error::Handshake(HandshakeError::InsecureRedirect)) => {}
                other => panic!("{other:?}"),
            }
        }
    });
}
