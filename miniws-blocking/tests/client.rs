//! What a client asks for, and what it makes of the answers.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod common;

use std::net::{IpAddr, Ipv4Addr, TcpListener};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use common::endless::Endless;
use common::*;
use miniws_blocking::{
    Client, Config, Connecting, Error, HandshakeError, IpFamily, Response, Server, State, connect,
};

/// What a raw server gets, and answers with an error, so that nothing goes on.
fn request(client: impl FnOnce(String) -> Client) -> String {
    let (address, server) = answering(|_| b"HTTP/1.1 400 No\r\nContent-Length: 0\r\n\r\n".to_vec());
    assert!(client(address.to_string()).connect().is_err());
    server.join()
}

fn refusal(answer: &'static [u8], config: Config) -> Response {
    let (address, _server) = answering(|_| answer.to_vec());
    let client = Client::new(&format!("ws://{address}/")).config(config);
    match client.connect() {
        Err(Error::Handshake(HandshakeError::Refused(response))) => *response,
        other => panic!("expected a refusal, got {other:?}"),
    }
}

#[test]
fn asks_as_the_url_says() {
    let head = request(|address| Client::new(&format!("ws://{address}/path?query=1")));
    assert!(head.starts_with("GET /path?query=1 HTTP/1.1\r\n"), "{head}");

    let head = request(|address| Client::new(&format!("ws://user:pass%20word@{address}")));
    assert!(
        head.starts_with("GET / HTTP/1.1\r\nHost: 127.0.0.1:"),
        "{head}"
    );
    let credentials = "\r\nAuthorization: Basic dXNlcjpwYXNzIHdvcmQ=\r\n";
    assert!(head.contains(credentials), "{head}");
}

#[test]
fn reaches_an_ipv6_literal() {
    let Ok(listener) = Server::new().bind("[::1]:0") else {
        return; // A machine without IPv6.
    };
    let url = url(&listener);
    assert!(url.starts_with("ws://[::1]:"));
    let client = spawn(move || connect(&url).map(|client| client.remote_addr()));
    let address = listener.local_addr();
    listener.accept().unwrap().unwrap();
    assert_eq!(client.join().unwrap(), Some(address));
}

#[test]
fn state_can_be_looked_at_on_the_way() {
    let listener = Server::new().bind("127.0.0.1:0").unwrap();
    let connecting = Client::new(&url(&listener)).start();
    assert_eq!(connecting.state(), State::Connecting);
    let mut server = listener.accept().unwrap().unwrap();
    let mut client = connecting.wait().unwrap();
    assert_eq!(client.state(), State::Open);
    client.send("hello").unwrap();
    assert_eq!(text(server.recv().unwrap()), "hello");
    // Nothing else holds the socket open.
    drop(client);
    assert!(server.recv().unwrap_err().is_connection_lost());
}

/// Once it is decided, without anyone waiting for it.
fn decided<S>(connecting: &Connecting<S>) -> State {
    let started = Instant::now();
    while connecting.state() == State::Connecting && started.elapsed() < PATIENCE {
        std::thread::yield_now();
    }
    connecting.state()
}

#[test]
fn state_tells_how_it_went() {
    let listener = Server::new().bind("127.0.0.1:0").unwrap();
    let connecting = Client::new(&url(&listener)).start();
    listener.accept().unwrap().unwrap();
    assert_eq!(decided(&connecting), State::Open);

    let (address, _server) = answering(|_| b"HTTP/1.1 404 No\r\n\r\n".to_vec());
    let connecting = Client::new(&format!("ws://{address}/")).start();
    assert_eq!(decided(&connecting), State::Closed);
    match connecting.wait() {
        Err(Error::Handshake(HandshakeError::Refused(response))) => {
            assert_eq!(response.status(), 404);
        }
        other => panic!("expected a refusal, got {other:?}"),
    }
    let wrong = Client::new("http://x/").start();
    assert_eq!(decided(&wrong), State::Closed);
    assert!(matches!(wrong.wait(), Err(Error::Handshake(_))));
}

#[test]
fn panic_of_a_hook_reaches_who_waits() {
    let listener = Server::new().bind("127.0.0.1:0").unwrap();
    let connecting = Client::new(&url(&listener))
        .on_response(|_| panic!("a hook that panics"))
        .start();
    listener.accept().unwrap().unwrap();
    assert_eq!(decided(&connecting), State::Closed);
    let waiting = AssertUnwindSafe(|| connecting.wait().map(drop));
    let panic = catch_unwind(waiting).unwrap_err();
    assert_eq!(panic.downcast_ref(), Some(&"a hook that panics"));
}

/// In the midst of the handshake, and when it is done already.
#[test]
fn dropping_gives_up_at_once() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ws://{}/", listener.local_addr().unwrap());
    let config = Config::default().handshake_timeout(LONG);
    let connecting = Client::new(&url).config(config).start();
    let (mut server, _) = listener.accept().unwrap();
    server.set_read_timeout(Some(PATIENCE)).unwrap();
    read_head(&mut server);
    assert_eq!(connecting.state(), State::Connecting);
    drop(connecting);
    assert_eq!(read_all(&mut server), b"");

    let listener = Server::new().bind("127.0.0.1:0").unwrap();
    let connecting = Client::new(&common::url(&listener)).start();
    let mut server = listener.accept().unwrap().unwrap();
    assert_eq!(decided(&connecting), State::Open);
    drop(connecting);
    assert!(server.recv().unwrap_err().is_connection_lost());
}

#[test]
fn tells_what_is_wrong_with_a_url() {
    let error = |url| connect(url).unwrap_err();
    assert!(matches!(
        error("http://x/"),
        Error::Handshake(HandshakeError::UnsupportedScheme)
    ));
    assert!(matches!(
        error("ws://x/#f"),
        Error::Handshake(HandshakeError::FragmentInUrl)
    ));
    assert!(matches!(error("ws:///"), Error::Handshake(_)));
}

#[cfg(not(feature = "rustls"))]
#[test]
fn tls_is_the_callers_to_make() {
    let secure = connect("wss://localhost/").unwrap_err();
    assert!(secure.to_string().contains("TLS stream"), "{secure}");
    assert!(secure.to_string().contains("Client::handshake"), "{secure}");
}

#[test]
fn sends_subprotocols_and_headers_as_given() {
    let head = request(|address| {
        Client::new(&format!("ws://{address}/"))
            .subprotocol("b")
            .subprotocol("a")
            .origin("https://example.org")
            .header("X-lower-UPPER", "Some Value")
            .header("X-Twice", "1")
            .header("X-Twice", "2")
    });
    for line in [
        "Sec-WebSocket-Protocol: b, a",
        "Origin: https://example.org",
        "X-lower-UPPER: Some Value",
        "X-Twice: 1\r\nX-Twice: 2",
    ] {
        assert!(head.contains(&format!("\r\n{line}\r\n")), "{head}");
    }
}

#[test]
fn refuses_to_send_what_is_no_header() {
    let client = |client: Client| client.connect().unwrap_err();
    // Nobody listens there: it is told before anything is sent.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ws://{}/", listener.local_addr().unwrap());
    for error in [
        client(Client::new(&url).header("X", "a\r\nY: b")),
        client(Client::new(&url).header("no name", "a")),
        client(Client::new(&url).header("Upgrade", "h2c")),
        client(Client::new(&url).subprotocol("a,b")),
        client(Client::new(&url).subprotocol("a").subprotocol("a")),
    ] {
        assert!(matches!(error, Error::Handshake(_)), "{error:?}");
    }
}

/// All of 127.0.0.0/8 is this machine on Linux.
#[cfg(target_os = "linux")]
#[test]
fn connects_from_the_local_address() {
    let listener = Server::new().bind("127.0.0.1:0").unwrap();
    let local = Ipv4Addr::new(127, 0, 0, 9);
    let client = Client::new(&url(&listener)).local_address(local.into());
    let client = spawn(|| client.connect().unwrap());
    let server = listener.accept().unwrap().unwrap();
    assert_eq!(server.remote_addr().unwrap().ip(), IpAddr::from(local));
    client.join();
}

#[test]
fn uses_the_address_family() {
    let listener = Server::new().bind("127.0.0.1:0").unwrap();
    let client = || Client::new(&url(&listener));
    let error = client().ip_family(IpFamily::V6).connect().unwrap_err();
    assert!(matches!(error, Error::Io(_)), "{error:?}");
    let client = client().ip_family(IpFamily::V4);
    let client = spawn(|| client.connect().map(drop));
    listener.accept().unwrap().unwrap();
    client.join().unwrap();
}

/// A listener whose queue is full answers nobody on Linux.
#[cfg(target_os = "linux")]
#[test]
fn gives_up_connecting() {
    let full = Server::new().backlog(1).bind("127.0.0.1:0").unwrap();
    let timeout = Duration::from_millis(100);
    let _queue: Vec<_> = (0..4)
        .map(|_| std::net::TcpStream::connect_timeout(&full.local_addr(), timeout))
        .collect();
    let started = Instant::now();
    let client = Client::new(&url(&full)).connect_timeout(timeout);
    assert!(matches!(client.connect(), Err(Error::ConnectTimeout)));
    // The system counts in milliseconds.
    assert!((timeout / 2..PATIENCE).contains(&started.elapsed()));
}

#[test]
fn gives_up_the_handshake() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let timeout = Duration::from_millis(100);
    let started = Instant::now();
    let error = Client::new(&format!("ws://{}/", listener.local_addr().unwrap()))
        .config(Config::default().handshake_timeout(timeout))
        .connect()
        .unwrap_err();
    assert!(
        matches!(error, Error::Handshake(HandshakeError::Timeout)),
        "{error:?}"
    );
    assert!((timeout..PATIENCE).contains(&started.elapsed()));
}

/// What keeps coming puts the deadline off no more than silence does: here no read ever waits.
#[test]
fn gives_up_an_endless_answer() {
    let config = Config::default()
        .handshake_timeout(Duration::from_millis(50))
        .max_head_size(usize::MAX);
    let client = Client::new("ws://in.memory/").config(config);
    let connecting = spawn(move || client.handshake(Endless(b"HTTP/".to_vec())).map(drop));
    let error = connecting.join().unwrap_err();
    assert!(matches!(error, Error::Handshake(HandshakeError::Timeout)));
}

#[test]
fn host_that_is_not_there_is_an_io_error() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ws://{}/", listener.local_addr().unwrap());
    drop(listener);
    let error = connect(&url).unwrap_err();
    assert!(error.is_connection_lost(), "{error:?}");
    assert!(matches!(error, Error::Io(_)));
}

/// `localhost` may have addresses of both families, and only one of them is listened on.
#[test]
fn finds_the_address_that_answers() {
    let listener = Server::new().bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().port();
    let client = spawn(move || connect(&format!("ws://localhost:{port}/")).map(drop));
    listener.accept().unwrap().unwrap();
    client.join().unwrap();
}

#[test]
fn hook_aborts() {
    let listener = Server::new().bind("127.0.0.1:0").unwrap();
    for verdict in [true, false] {
        let client = Client::new(&url(&listener)).on_response(move |response| {
            assert_eq!(response.status(), 101);
            verdict
        });
        let client = spawn(|| client.connect());
        listener.accept().unwrap().unwrap();
        match client.join() {
            Ok(client) => assert!(verdict && client.state() == State::Open),
            Err(error) => assert!(!verdict && matches!(error, Error::Aborted)),
        }
    }
}

#[test]
fn refusal_brings_the_response() {
    let response = refusal(
        b"HTTP/1.1 503 Too Busy\r\nRetry-After: 7\r\nContent-Length: 9\r\n\r\ncome back and more",
        Config::default(),
    );
    assert_eq!((response.status(), response.reason()), (503, "Too Busy"));
    assert_eq!(response.headers().get("retry-after"), Some("7"));
    assert_eq!(response.body(), b"come back");
}

#[test]
fn body_of_a_refusal_is_bounded() {
    let config = Config::default().max_body_size(4);
    let response = refusal(
        b"HTTP/1.1 500 No\r\nContent-Length: 9\r\n\r\ncome back",
        config,
    );
    assert_eq!(response.body(), b"come");
}

#[test]
fn wrong_answers_are_errors() {
    for (answer, expected) in [
        ("", HandshakeError::ConnectionLost),
        ("HTTP/1.1 101 Yes\r\n\r\n", HandshakeError::MissingUpgrade),
        (
            "HTTP/1.1 101 Yes\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
            HandshakeError::WrongAccept,
        ),
    ] {
        let (address, _server) = answering(move |_| answer.as_bytes().to_vec());
        match connect(&format!("ws://{address}/")) {
            Err(Error::Handshake(error)) => assert_eq!(error, expected),
            other => panic!("expected {expected:?}, got {other:?}"),
        }
    }
}

/// What comes with the response is not lost.
#[test]
fn first_message_may_come_with_the_response() {
    let key = "\r\nSec-WebSocket-Key: ";
    let (address, _server) = answering(move |request| {
        let key = request.split(key).nth(1).unwrap().split("\r\n").next();
        let accept = miniws_blocking::negotiate::accept_key(key.unwrap());
        let head = format!(
            "HTTP/1.1 101 Yes\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: {accept}\r\n\r\n"
        );
        [head.into_bytes(), server_frame(0x81, b"welcome")].concat()
    });
    let mut client = connect(&format!("ws://{address}/")).unwrap();
    assert_eq!(text(client.recv().unwrap()), "welcome");
}

#[test]
fn debug_does_not_show_the_password() {
    let client = Client::new("ws://user:secret@example.org/");
    assert!(!format!("{client:?}").contains("secret"));
}
