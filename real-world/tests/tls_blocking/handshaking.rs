//! Handshakes of TLS that take long, and that fail.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use crate::authority::{Authority, client_config, params, server_config};
use crate::common::pipe;
use crate::miniws::tls::{TlsListener, TlsStream};
use crate::miniws::{Client, Config, Error, HandshakeError, Listen, Server, Stream};
use crate::records::sessions;
use crate::{PATIENCE, connect, is_echoed, run, serve_with, spawn};

/// Who never ends the handshake of TLS is given up, and holds nobody up meanwhile.
#[test]
fn clients_that_never_end_it() {
    run(|| {
        let authority = Authority::new();
        let settings = Config::default().handshake_timeout(Duration::from_secs(2));
        let address = serve_with(
            settings,
            server_config(&authority.sign(params("localhost"))),
        );
        let mut silent = TcpStream::connect(address).unwrap();
        let mut plain = TcpStream::connect(address).unwrap();
        plain
            .write_all(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            .unwrap();

        let mut socket = connect(address, client_config(&authority)).unwrap();
        is_echoed(&mut socket, "hello");

        let mut rest = Vec::new();
        silent.read_to_end(&mut rest).unwrap();
        assert!(rest.is_empty());
        // An alert of TLS, and no HTTP.
        plain.read_to_end(&mut rest).unwrap();
        assert_eq!(rest.first(), Some(&21));
    });
}

/// A byte now and then does not put the deadline off.
#[test]
fn a_client_that_takes_its_time() {
    run(|| {
        let authority = Authority::new();
        let settings = Config::default().handshake_timeout(Duration::from_millis(300));
        let address = serve_with(
            settings,
            server_config(&authority.sign(params("localhost"))),
        );
        let mut slow = TcpStream::connect(address).unwrap();
        // The header of a record, and its length: 256 bytes.
        let mut bytes = [22, 3, 1, 1, 0].into_iter().chain([1; 256]);
        slow.set_read_timeout(Some(Duration::from_millis(10)))
            .unwrap();
        let ended = bytes.by_ref().any(|byte| {
            let _ = slow.write_all(&[byte]);
            !matches!(slow.read(&mut [0]), Err(error) if error.kind() == std::io::ErrorKind::WouldBlock)
        });
        assert!(ended);
        assert!(bytes.count() > 100);
    });
}

/// The time for connecting is that for the handshake of TLS as well.
#[test]
fn a_server_that_never_ends_it() {
    run(|| {
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("wss://{}/", silent.local_addr().unwrap());
        let client = Client::new(&url).connect_timeout(Duration::from_millis(50));
        assert!(matches!(client.connect(), Err(Error::ConnectTimeout)));
    });
}

/// Over a stream of the caller's, it is the time for the handshake of the WebSocket that counts. Who
/// reads writes as well, and the reverse.
#[test]
fn peers_of_the_callers_that_never_end_it() {
    run(|| {
        let (server, client) = sessions();
        let config = Config::default().handshake_timeout(Duration::from_millis(50));

        // It says nothing.
        let (ours, silent) = pipe::pair();
        let tls = Client::new("wss://localhost/").config(config.clone());
        let result = tls.handshake(TlsStream::new(ours, client));
        assert!(matches!(
            result,
            Err(Error::Handshake(HandshakeError::Timeout))
        ));

        // It has said hello, and takes less than the answer.
        let (hello, _) = silent.take_all();
        let (ours, mut deaf) = pipe::pair_of(100, usize::MAX);
        deaf.set_write_timeout(Some(PATIENCE)).unwrap();
        let saying = spawn(move || {
            deaf.write_all(&hello).unwrap();
            deaf
        });
        let result = Server::new()
            .config(config)
            .accept(TlsStream::new(ours, server));
        assert!(matches!(
            result,
            Err(Error::Handshake(HandshakeError::Timeout))
        ));
        drop(saying.join());
    });
}

#[test]
fn a_server_that_leaves() {
    run(|| {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("wss://{}/", listener.local_addr().unwrap());
        let connecting = Client::new(&url).start();
        let (mut stream, _) = listener.accept().unwrap();
        stream.read_exact(&mut [0; 5]).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        assert!(connecting.wait().unwrap_err().is_connection_lost());
    });
}

#[test]
fn giving_up_ends_it_at_once() {
    run(|| {
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("wss://{}/", silent.local_addr().unwrap());
        let connecting = Client::new(&url).connect_timeout(2 * PATIENCE).start();
        let (mut stream, _) = silent.accept().unwrap();
        stream.read_exact(&mut [0; 5]).unwrap();
        drop(connecting);
        stream.read_to_end(&mut Vec::new()).unwrap();
    });
}

/// The error of a handshake that has failed stays an error, however often the stream is used.
#[test]
fn one_that_has_failed_stays_failed() {
    run(|| {
        let authority = Authority::new();
        let config = server_config(&authority.sign(params("localhost")));
        let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
        let listener = TlsListener::new(tcp, config);
        let address = listener.local_addr().unwrap();
        let mut plain = TcpStream::connect(address).unwrap();
        plain.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();

        let (mut stream, _) = listener.accept().unwrap();
        let mut bytes = [0; 8];
        while let Err(error) = stream.read(&mut bytes) {
            if error.kind() != std::io::ErrorKind::Interrupted {
                break;
            }
        }
        assert!(stream.read(&mut bytes).is_err());
        assert!(stream.write(b"hello").is_err());
        assert!(stream.get_ref().1.is_handshaking());
    });
}
