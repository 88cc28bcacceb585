//! Redirects to TLS are followed, and never away from it.

use std::net::TcpListener;
use std::thread;

use crate::authority::{Authority, client_config, params, server_config};
use crate::miniws::{Client, Error, HandshakeError, Reply, Server};
use crate::{is_echoed, listen, run, serve};

fn redirecting(location: &str) -> Server {
    let location = location.to_owned();
    Server::new().verify(move |_| Err(Reply::new(302).header("Location", &location)))
}

#[test]
fn from_plain_to_tls() {
    run(|| {
        let authority = Authority::new();
        let secure = serve(server_config(&authority.sign(params("localhost"))));
        let location = format!("https://localhost:{}/", secure.port());
        let plain = redirecting(&location).bind("127.0.0.1:0").unwrap();
        let url = format!("ws://{}/", plain.local_addr());
        thread::spawn(|| plain.serve(drop));

        let client = Client::new(&url).tls(client_config(&authority));
        let mut socket = client.max_redirects(1).connect().unwrap();
        assert!(socket.get_ref().tls().is_some());
        is_echoed(&mut socket, "hello");
    });
}

#[test]
fn never_from_tls_to_plain() {
    run(|| {
        let authority = Authority::new();
        let plain = TcpListener::bind("127.0.0.1:0").unwrap();
        for scheme in ["ws", "http"] {
            let location = format!("{scheme}://{}/", plain.local_addr().unwrap());
            let config = server_config(&authority.sign(params("localhost")));
            let secure = listen(redirecting(&location), config);
            let url = format!("wss://localhost:{}/", secure.local_addr().port());
            thread::spawn(|| secure.serve(drop));

            let client = Client::new(&url).tls(client_config(&authority));
            match client.max_redirects(9).connect() {
                Err(Error::Handshake(HandshakeError::InsecureRedirect)) => {}
                other => panic!("{other:?}"),
            }
        }
    });
}
