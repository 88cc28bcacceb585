//! How a client follows redirects: when it is told to.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod common;

use std::net::SocketAddr;

use common::*;
use miniws_blocking::{Client, Error, HandshakeError, Server};

/// A server that redirects once; it tells the request.
fn redirecting(location: &str) -> (SocketAddr, Running<String>) {
    let response = format!("HTTP/1.1 302 x\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n");
    answering(move |_| response.into_bytes())
}

/// A client that has credentials, and follows so many.
fn client(address: SocketAddr, max: usize) -> Client {
    let client = Client::new(&format!("ws://ada:secret@{address}/"));
    client.header("Cookie", "id=1").max_redirects(max)
}

#[test]
fn to_another_server_without_credentials() {
    let listener = Server::new().bind("127.0.0.1:0").unwrap();
    let (old, first) = redirecting(&url(&listener).replace("ws:", "http:"));
    let connecting = client(old, 1).start();
    let mut server = listener.accept().unwrap().unwrap();
    let mut client = connecting.wait().unwrap();
    client.send("hello").unwrap();
    assert_eq!(text(server.recv().unwrap()), "hello");
    assert_eq!(client.remote_addr(), Some(listener.local_addr()));
    assert!(first.join().contains("\r\nCookie: id=1\r\n"));

    let no = b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n";
    let (new, second) = answering(|_| no.to_vec());
    let (old, _first) = redirecting(&format!("//{new}/chat"));
    assert!(client_fails(old, 1).to_string().contains("404"));
    let second = second.join();
    assert!(second.starts_with("GET /chat HTTP/1.1\r\n"), "{second}");
    assert!(
        !second.contains("Authorization") && !second.contains("Cookie"),
        "{second}"
    );
}

fn client_fails(address: SocketAddr, max: usize) -> Error {
    client(address, max).connect().unwrap_err()
}

#[test]
fn no_more_than_asked_for() {
    let (second, _running) = redirecting("/");
    let (first, _running) = redirecting(&format!("ws://{second}/"));
    match client_fails(first, 1) {
        Error::Handshake(HandshakeError::TooManyRedirects) => {}
        other => panic!("{other:?}"),
    }
    let (address, _running) = redirecting("/");
    match client_fails(address, 0) {
        Error::Handshake(HandshakeError::Refused(response)) => assert_eq!(response.status(), 302),
        other => panic!("{other:?}"),
    }
    let (address, _running) = redirecting("ws+unix:/run/admin:/");
    match client_fails(address, 9) {
        Error::Handshake(HandshakeError::InvalidLocation) => {}
        other => panic!("{other:?}"),
    }
}
