//! How a client goes through a proxy.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod common;

use std::io::{ErrorKind, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::Command;
use std::time::{Duration, Instant};

use common::*;
use miniws_blocking::{Client, Error, HandshakeError, ProxyError, Server, negotiate::accept_key};

const OPEN: &[u8] = b"HTTP/1.1 200 OK\r\n\r\n";

/// A proxy for one connection, and what it does with it.
fn proxy<T: Send + 'static>(
    work: impl FnOnce(TcpStream) -> T + Send + 'static,
) -> (SocketAddr, Running<T>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let running = spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        work(stream)
    });
    (address, running)
}

/// The server at the end of the tunnel opens a WebSocket, and says something.
fn welcome(stream: &mut TcpStream) -> String {
    let request = read_head(stream);
    let mut lines = request.lines();
    let key = lines.find_map(|line| line.strip_prefix("Sec-WebSocket-Key: "));
    let accept = accept_key(key.unwrap());
    let response = format!(
        "HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\n\r\n"
    );
    stream.write_all(response.as_bytes()).unwrap();
    stream.write_all(&server_frame(0x81, b"welcome")).unwrap();
    request
}

#[test]
fn by_connect() {
    let (address, proxy) = proxy(|mut stream| {
        let connect = read_head(&mut stream);
        stream.write_all(OPEN).unwrap();
        (connect, welcome(&mut stream), stream)
    });
    let client = Client::new("ws://example.invalid/chat");
    let client = client.proxy(&format!("ada:secret@{address}"));
    let mut socket = client.connect().unwrap();
    assert_eq!(text(socket.recv().unwrap()), "welcome");
    assert_eq!(socket.remote_addr(), Some(address));
    let (connect, request, _stream) = proxy.join();
    let expected = "CONNECT example.invalid:80 HTTP/1.1\r\nHost: example.invalid:80\r\n\
                    Proxy-Authorization: Basic YWRhOnNlY3JldA==\r\n\r\n";
    assert_eq!(connect, expected);
    assert!(request.starts_with("GET /chat HTTP/1.1\r\nHost: example.invalid\r\n"));
    assert!(!request.contains("uthorization"), "{request}");
}

#[test]
fn by_socks5() {
    let (address, proxy) = proxy(|mut stream| {
        assert_eq!(read_exactly(&mut stream, 4), b"\x05\x02\x00\x02");
        stream.write_all(b"\x05\x02").unwrap();
        assert_eq!(read_exactly(&mut stream, 12), b"\x01\x03ada\x06secret");
        stream.write_all(b"\x01\x00").unwrap();
        let request = b"\x05\x01\x00\x03\x0fexample.invalid\x00\x51";
        assert_eq!(read_exactly(&mut stream, request.len()), request);
        stream.write_all(b"\x05\x00\x00\x01\0\0\0\0\0\0").unwrap();
        welcome(&mut stream);
        stream
    });
    let client = Client::new("ws://example.invalid:81/");
    let client = client.proxy(&format!("socks5h://ada:secret@{address}"));
    let mut socket = client.connect().unwrap();
    assert_eq!(text(socket.recv().unwrap()), "welcome");
    proxy.join();
}

/// What becomes of a client whose proxy answers this.
fn answered(scheme: &str, answer: impl Into<Vec<u8>>) -> Error {
    let answer = answer.into();
    let (address, _proxy) = proxy(move |mut stream| {
        stream.write_all(&answer).unwrap();
        stream
    });
    let client = Client::new("ws://example.invalid/");
    client
        .proxy(&format!("{scheme}://{address}"))
        .connect()
        .unwrap_err()
}

#[test]
fn what_a_proxy_says() {
    let error = answered("http", b"HTTP/1.1 403 Never\r\n\r\n");
    assert!(error.to_string().contains("403 Never"), "{error}");
    match error {
        Error::Proxy(ProxyError::Refused(response)) => assert_eq!(response.status(), 403),
        other => panic!("{other:?}"),
    }
    let error = answered("socks5", b"\x05\x00\x05\x02");
    assert!(matches!(error, Error::Proxy(ProxyError::Failed(2))));
    let error = answered("http", b"HTTP/1.1 200 OK\r\n\r\nx");
    assert!(matches!(error, Error::Proxy(ProxyError::UnexpectedData)));
    let endless = [b'x'; 100_000];
    let error = answered("http", [&b"HTTP/1.1 200 "[..], &endless].concat());
    let too_large = ProxyError::InvalidAnswer(HandshakeError::HeadTooLarge);
    assert!(matches!(error, Error::Proxy(error) if error == too_large));
}

#[test]
fn the_connect_timeout_is_for_the_proxy_too() {
    let (address, _proxy) = proxy(|mut stream| {
        stream.write_all(b"HTTP/").unwrap();
        stream
    });
    let started = Instant::now();
    let client = Client::new("ws://example.invalid/").proxy(&address.to_string());
    let failed = client.connect_timeout(Duration::from_millis(50)).connect();
    assert!(matches!(failed, Err(Error::ConnectTimeout)), "{failed:?}");
    assert!(started.elapsed() < PATIENCE);
}

/// Giving up ends the conversation with the proxy at once.
#[test]
fn dropping_gives_up_at_once() {
    let (asked, is_asked) = std::sync::mpsc::channel();
    let (address, proxy) = proxy(move |mut stream| {
        read_head(&mut stream);
        asked.send(()).unwrap();
        read_all(&mut stream)
    });
    let client = Client::new("ws://example.invalid/").connect_timeout(LONG);
    let connecting = client.proxy(&address.to_string()).start();
    is_asked.recv_timeout(PATIENCE).unwrap();
    drop(connecting);
    assert_eq!(proxy.join(), b"");
}

#[test]
fn a_proxy_that_is_not_there() {
    let address = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    match Client::new("ws://127.0.0.1:1/")
        .proxy(&address.to_string())
        .connect()
    {
        Err(Error::Io(error)) => {
            assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
            assert!(error.to_string().contains(&address.to_string()), "{error}");
        }
        other => panic!("{other:?}"),
    }
    match Client::new("ws://127.0.0.1:1/")
        .proxy("gopher://proxy")
        .connect()
    {
        Err(Error::Proxy(ProxyError::UnsupportedScheme)) => {}
        other => panic!("{other:?}"),
    }
}

/// In a process of its own, for the variables are the process's.
#[test]
fn as_the_environment_says() {
    if std::env::var_os("MINIWS_TEST_ALONE").is_none() {
        let done = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "as_the_environment_says"])
            .env("MINIWS_TEST_ALONE", "1")
            .env("ws_proxy", "127.0.0.1:1")
            .env("no_proxy", "example.com, 127.0.0.0/8")
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&done.stdout);
        assert!(done.status.success() && said.contains("1 passed"), "{said}");
        return;
    }
    let listener = Server::new().bind("127.0.0.1:0").unwrap();
    let exempt = url(&listener);
    let other = exempt.replace("127.0.0.1", "localhost");
    let serving = spawn(move || [(); 2].map(|()| listener.accept().unwrap().unwrap()));
    // Nobody but root can listen there.
    let error = Client::new(&other).proxy_from_env().connect().unwrap_err();
    assert!(error.to_string().contains("127.0.0.1:1"), "{error}");
    Client::new(&exempt).proxy_from_env().connect().unwrap();
    // Only who asks for it goes through it.
    Client::new(&other).connect().unwrap();
    serving.join();
}
