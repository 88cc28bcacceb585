//! Handshakes of TLS that take long, that fail, and that the caller does.

use std::sync::Arc;
use std::time::Duration;

use super::authority::{Authority, client_config, params, server_config};
use super::{connect, is_echoed, run, serve, serve_with};
use crate::miniws::rustls::pki_types::ServerName;
use crate::miniws::tls::TlsListener;
use crate::miniws::{Client, Config, Error, Event, Listen};
use crate::runtime::{AsyncReadExt, AsyncWriteExt, TcpListener, TcpStream, TlsConnector};

/// Who never ends the handshake of TLS is given up, and holds nobody up meanwhile.
#[test]
fn clients_that_never_end_it() {
    run(async {
        let authority = Authority::new();
        let settings = Config::default().handshake_timeout(Duration::from_secs(2));
        let identity = authority.sign(params("localhost"));
        let address = serve_with(settings, server_config(&identity)).await;
        let mut silent = TcpStream::connect(address).await.unwrap();
        let mut plain = TcpStream::connect(address).await.unwrap();
        plain
            .write_all(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            .await
            .unwrap();

        let mut socket = connect(address, client_config(&authority)).await.unwrap();
        is_echoed(&mut socket, "hello").await;

        let mut rest = Vec::new();
        silent.read_to_end(&mut rest).await.unwrap();
        assert!(rest.is_empty());
        // An alert of TLS, and no HTTP.
        plain.read_to_end(&mut rest).await.unwrap();
        assert_eq!(rest.first(), Some(&21));
    });
}

/// The time for connecting is that for the handshake of TLS as well.
#[test]
fn a_server_that_never_ends_it() {
    run(async {
        let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("wss://{}/", silent.local_addr().unwrap());
        let client = Client::new(&url).connect_timeout(Duration::from_millis(50));
        assert!(matches!(client.connect().await, Err(Error::ConnectTimeout)));
    });
}

/// The error of a handshake that has failed stays an error, however often the stream is used.
#[test]
fn one_that_has_failed_stays_failed() {
    run(async {
        let authority = Authority::new();
        let config = server_config(&authority.sign(params("localhost")));
        let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let listener = TlsListener::new(tcp, config);
        let address = listener.local_addr().unwrap();
        let mut plain = TcpStream::connect(address).await.unwrap();
        plain.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();

        let (mut stream, _) = listener.accept().await.unwrap();
        let mut bytes = [0; 8];
        assert!(stream.read(&mut bytes).await.is_err());
        assert!(stream.read(&mut bytes).await.is_err());
        assert!(stream.write(b"hello").await.is_err());
        assert!(stream.get_ref().is_none());
    });
}

/// As one of another library for TLS would be done.
#[test]
fn one_of_the_callers() {
    run(async {
        let authority = Authority::new();
        let address = serve(server_config(&authority.sign(params("localhost")))).await;
        let connector = TlsConnector::from(Arc::new(client_config(&authority)));
        let tcp = TcpStream::connect(address).await.unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        let tls = connector.connect(name, tcp).await.unwrap();
        let client = Client::new("wss://localhost/").handshake(tls);
        let mut socket = client.await.unwrap();
        socket.send("hello").await.unwrap();
        let echo = socket.recv().await.unwrap();
        assert_eq!(echo, Some(Event::Message("hello".into())));
        assert!(socket.close().await.unwrap().clean);
    });
}
