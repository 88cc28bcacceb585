//! What a server's application decides, and what bad requests get.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod common;

use std::io::Write;
use std::net::{SocketAddr, TcpListener};
use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::BytesMut;
use common::endless::Endless;
use common::*;
use miniws_blocking::{
    Accept, Attempt, Client, Config, Error, HandshakeError, Headers, Reply, Request, Response,
    Server, bytes, connect,
};

/// What the client of this server gets when it is refused.
fn refused(server: Server, client: impl FnOnce(Client) -> Client) -> Response {
    let listener = server.bind("127.0.0.1:0").unwrap();
    let client = client(Client::new(&url(&listener)));
    let connecting = spawn(|| client.connect().map(drop));
    assert!(listener.accept().unwrap().is_err());
    match connecting.join() {
        Err(Error::Handshake(HandshakeError::Refused(response))) => *response,
        other => panic!("expected a refusal, got {other:?}"),
    }
}

/// What the server answers to raw bytes, and with which error.
fn answer(server: Server, request: &str) -> (String, Error) {
    let listener = server.bind("127.0.0.1:0").unwrap();
    let mut client = dial(listener.local_addr());
    client.write_all(request.as_bytes()).unwrap();
    let accepting = spawn(move || listener.accept().unwrap().unwrap_err());
    let answer = String::from_utf8(read_all(&mut client)).unwrap();
    drop(client);
    (answer, accepting.join())
}

#[test]
fn binds_a_host_and_port() {
    let listener = Server::new().bind(("localhost", 0)).unwrap();
    let client = spawn({
        let port = listener.local_addr().port();
        move || connect(&format!("ws://localhost:{port}/")).map(drop)
    });
    listener.accept().unwrap().unwrap();
    client.join().unwrap();
    assert!(Server::new().bind("localhost:notaport").is_err());
    assert!(Server::new().bind(listener.local_addr()).is_err());
}

/// Linux puts one connection more than the backlog into the queue, and drops what comes then.
#[cfg(target_os = "linux")]
#[test]
fn backlog_bounds_what_waits() {
    let reached = |backlog| {
        let listener = Server::new().backlog(backlog).bind("127.0.0.1:0").unwrap();
        let connect = || {
            let timeout = Duration::from_millis(100);
            std::net::TcpStream::connect_timeout(&listener.local_addr(), timeout)
        };
        let streams: Vec<_> = (0..6)
            .map(|_| connect())
            .take_while(Result::is_ok)
            .collect();
        streams.len()
    };
    assert_eq!((reached(2), reached(100)), (3, 6));
}

#[test]
fn takes_over_a_listener() {
    let own = TcpListener::bind("127.0.0.1:0").unwrap();
    own.set_nonblocking(true).unwrap();
    let address = own.local_addr().unwrap();
    let listener = Server::new().listen(own).unwrap();
    assert_eq!(listener.local_addr(), address);
    let client = spawn(move || connect(&format!("ws://{address}/")).map(drop));
    listener.accept().unwrap().unwrap();
    client.join().unwrap();
}

#[test]
fn accepts_over_a_stream_of_the_callers() {
    let (ours, theirs) = pipe::pair();
    let client = spawn(|| Client::new("ws://a.pipe/").handshake(theirs).map(drop));
    let seen = Arc::new(Mutex::new(None));
    let server = Server::new().verify({
        let seen = seen.clone();
        move |attempt| {
            *seen.lock().unwrap() = attempt.remote_addr();
            Ok(Accept::new())
        }
    });
    let address: SocketAddr = "192.0.2.7:80".parse().unwrap();
    let socket = server.accept_from(ours, address).unwrap();
    assert_eq!(socket.remote_addr(), Some(address));
    assert_eq!(*seen.lock().unwrap(), Some(address));
    client.join().unwrap();
}

/// A request as another HTTP stack hands it over.
fn parsed_request() -> Request {
    let mut headers = Headers::new();
    for (name, value) in [
        ("Host", "example.org"),
        ("Upgrade", "websocket"),
        ("Connection", "Upgrade"),
        ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ] {
        headers.push(name, value).unwrap();
    }
    Request::new("GET", "/", headers)
}

#[test]
fn accepts_a_request_that_another_stack_parsed() {
    let (ours, mut theirs) = pipe::pair();
    let too_far = BytesMut::from(&client_frame(0x81, b"early")[..]);
    let mut socket = Server::new()
        .accept_request(parsed_request(), ours, too_far)
        .unwrap();
    let head = read_head(&mut theirs);
    assert!(head.contains("\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
    assert_eq!(text(socket.recv().unwrap()), "early");

    let (ours, mut theirs) = pipe::pair();
    let reject = Server::new().verify(|_| Err(Reply::new(404)));
    theirs.end();
    let error = reject
        .accept_request(parsed_request(), ours, BytesMut::new())
        .unwrap_err();
    assert!(matches!(error, Error::Declined { status: 404 }));
    assert!(read_head(&mut theirs).starts_with("HTTP/1.1 404 "));
}

/// The other stack knows where the request comes from: the hook gets to know it as well.
#[test]
fn hook_sees_the_address_of_a_request_that_another_stack_parsed() {
    let (report, seen) = mpsc::channel();
    let server = Server::new().verify(move |attempt: Attempt| {
        report.send(attempt.remote_addr()).unwrap();
        Ok(Accept::new())
    });
    let address: SocketAddr = "192.0.2.7:80".parse().unwrap();
    let (ours, _theirs) = pipe::pair();
    let socket = server
        .accept_request_from(parsed_request(), ours, BytesMut::new(), address)
        .unwrap();
    assert_eq!(socket.remote_addr(), Some(address));
    assert_eq!(seen.recv().unwrap(), Some(address));
}

#[test]
fn hook_sees_who_asks_for_what() {
    let (report, seen) = mpsc::channel();
    let listener = Server::new()
        .verify(move |attempt: Attempt| {
            report.send(attempt).unwrap();
            Ok(Accept::new().header("X-Greeting", "hello"))
        })
        .bind("127.0.0.1:0")
        .unwrap();
    let mut client = dial(listener.local_addr());
    client
        .write_all(
            upgrade_request(
                "Origin: https://example.org\r\nSec-WebSocket-Protocol: b, a\r\n\
                 Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits, x; y=\"12\"\r\n\
                 X-Other: 1\r\n",
            )
            .as_bytes(),
        )
        .unwrap();
    let server = listener.accept().unwrap().unwrap();
    assert!(read_head(&mut client).contains("\r\nX-Greeting: hello\r\n"));

    let attempt = seen.recv_timeout(PATIENCE).unwrap();
    assert_eq!(attempt.remote_addr(), client.local_addr().ok());
    assert_eq!(server.remote_addr(), client.local_addr().ok());
    assert_eq!(attempt.origin(), Some("https://example.org"));
    assert_eq!(attempt.subprotocols().collect::<Vec<_>>(), ["b", "a"]);
    let extensions: Vec<_> = attempt
        .extensions()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(extensions.len(), 2);
    assert_eq!(extensions[0], "permessage-deflate; client_max_window_bits");
    let request = attempt.request();
    assert_eq!((request.method(), request.path()), ("GET", "/chat"));
    assert_eq!(request.query(), Some("room=7"));
    assert_eq!(request.headers().get("x-other"), Some("1"));
}

#[test]
fn hook_sees_the_extensions_parsed() {
    let (report, seen) = mpsc::channel();
    let server = Server::new().verify(move |attempt: Attempt| {
        report.send(attempt.extensions()).unwrap();
        Ok(Accept::new())
    });
    let (ours, mut theirs) = pipe::pair();
    let request = upgrade_request(
        "Sec-WebSocket-Extensions: mux; max-channels=4; flow-control, deflate-stream\r\n\
         Sec-WebSocket-Extensions: application-extension; version=\"1.1.4\"\r\n",
    );
    theirs.write_all(request.as_bytes()).unwrap();
    server.accept(ours).unwrap();
    let extensions = seen.recv_timeout(PATIENCE).unwrap();
    let parsed: Vec<_> = extensions
        .iter()
        .map(|extension| (extension.name(), extension.params().collect::<Vec<_>>()))
        .collect();
    let expected = [
        (
            "mux",
            vec![("max-channels", Some("4")), ("flow-control", None)],
        ),
        ("deflate-stream", vec![]),
        ("application-extension", vec![("version", Some("1.1.4"))]),
    ];
    assert_eq!(parsed, expected);
}

#[test]
fn hook_rejects_with_403_or_what_it_likes() {
    let response = refused(Server::new().verify(|_| Err(Reply::default())), |client| {
        client
    });
    assert_eq!(response.status(), 403);

    let reply = || {
        Reply::new(401)
            .header("WWW-Authenticate", "Basic realm=\"x\"")
            .body("who are you?")
    };
    let response = refused(Server::new().verify(move |_| Err(reply())), |client| client);
    assert_eq!(response.status(), 401);
    assert_eq!(
        response.headers().get("www-authenticate"),
        Some("Basic realm=\"x\"")
    );
    assert_eq!(response.body(), b"who are you?");
}

#[test]
fn hook_may_wait_while_others_shake_hands() {
    let (let_go, held) = mpsc::channel::<()>();
    let held = Mutex::new(held);
    let listener = Server::new()
        .verify(move |attempt: Attempt| {
            if attempt.request().path() == "/slow" {
                held.lock().unwrap().recv_timeout(PATIENCE).unwrap();
            }
            Ok(Accept::new())
        })
        .bind("127.0.0.1:0")
        .unwrap();
    let address = listener.local_addr();
    let slow = spawn(move || connect(&format!("ws://{address}/slow")).map(drop));
    let quick = spawn(move || connect(&format!("ws://{address}/quick")));
    listener.accept().unwrap().unwrap();
    quick.join().unwrap();
    let_go.send(()).unwrap();
    listener.accept().unwrap().unwrap();
    slow.join().unwrap();
}

#[test]
fn hook_that_panics_costs_only_its_client() {
    let listener = Server::new()
        .verify(|attempt: Attempt| match attempt.request().path() {
            "/bad" => panic!("as a test of what happens"),
            _ => Ok(Accept::new()),
        })
        .bind("127.0.0.1:0")
        .unwrap();
    let address = listener.local_addr();
    let bad = spawn(move || connect(&format!("ws://{address}/bad")).map(drop));
    assert!(matches!(listener.accept(), Some(Err(Error::Io(_)))));
    assert!(bad.join().is_err());
    let good = spawn(move || connect(&format!("ws://{address}/good")).map(drop));
    listener.accept().unwrap().unwrap();
    good.join().unwrap();
}

#[test]
fn agrees_to_the_first_subprotocol_it_knows() {
    for (server, expected) in [
        (Server::new(), None),
        (Server::new().subprotocols(["x", "a", "b"]), Some("b")),
        (Server::new().subprotocols(["x"]), None),
        (
            Server::new()
                .choose_subprotocol(|request| request.subprotocols().last().map(str::to_owned)),
            Some("a"),
        ),
        (
            Server::new()
                .subprotocols(["a"])
                .choose_subprotocol(|_| None),
            None,
        ),
        (
            Server::new()
                .subprotocols(["b"])
                .verify(|_| Ok(Accept::new().subprotocol("a"))),
            Some("a"),
        ),
    ] {
        let listener = server.bind("127.0.0.1:0").unwrap();
        let client = Client::new(&url(&listener))
            .subprotocol("b")
            .subprotocol("a");
        let client = spawn(|| client.connect().unwrap());
        let socket = listener.accept().unwrap().unwrap();
        assert_eq!(socket.subprotocol(), expected);
        assert_eq!(client.join().subprotocol(), expected);
    }
}

#[test]
fn never_agrees_to_a_subprotocol_nobody_asked_for() {
    let server = Server::new().choose_subprotocol(|_| Some("c".to_owned()));
    let response = refused(server, |client| client.subprotocol("a"));
    assert_eq!(response.status(), 500);
    let server = Server::new().verify(|_| Ok(Accept::new().subprotocol("c")));
    let response = refused(server, |client| client.subprotocol("a"));
    assert_eq!(response.status(), 500);
}

#[test]
fn bad_requests_get_an_answer() {
    let upgrade = |line: &str, other: &str| upgrade_request("").replace(line, other);
    for (request, status, line) in [
        ("GET / HTTP/1.1\r\n\r\n".to_owned(), 400, ""),
        ("nonsense\r\n\r\n".to_owned(), 400, ""),
        (upgrade("GET", "POST"), 405, "Allow: GET"),
        (
            upgrade("Version: 13", "Version: 8"),
            426,
            "Sec-WebSocket-Version: 13",
        ),
        (
            upgrade("Upgrade: websocket\r\n", ""),
            426,
            "Upgrade: websocket",
        ),
        (upgrade_request(&"X-Y: z\r\n".repeat(200)), 431, ""),
        (
            upgrade_request(&format!("X: {}\r\n", "y".repeat(20_000))),
            431,
            "",
        ),
    ] {
        let (answer, error) = answer(Server::new(), &request);
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{head}");
        assert!(head.contains(line), "{head}");
        // The answer to another method has no body: it may be HEAD.
        assert!((1..200).contains(&body.len()) || status == 405, "{answer}");
        assert!(!error.to_string().is_empty());
        assert!(
            matches!(error, Error::Handshake(_) | Error::Declined { status: 426 }),
            "{error:?}"
        );
    }
}

#[test]
fn silence_gets_408() {
    let config = Config::default().handshake_timeout(Duration::from_millis(50));
    let (answer, error) = answer(Server::new().config(config), "GET / HTTP/1.1\r\n");
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(matches!(error, Error::Handshake(HandshakeError::Timeout)));
}

/// What keeps coming puts the deadline off no more than silence does: here no read ever waits.
#[test]
fn endless_request_is_given_up() {
    let config = Config::default()
        .handshake_timeout(Duration::from_millis(50))
        .max_head_size(usize::MAX);
    let server = Server::new().config(config);
    let accepting = spawn(move || server.accept(Endless(b"HTTP/".to_vec())).map(drop));
    let error = accepting.join().unwrap_err();
    assert!(matches!(error, Error::Handshake(HandshakeError::Timeout)));
}

#[test]
fn plain_requests_get_a_page() {
    let server = Server::new().plain(|request| {
        Reply::new(200)
            .header("Content-Type", "text/html")
            .body(format!("<p>{}</p>", request.path()))
    });
    let (answer, error) = answer(server, "GET /page HTTP/1.1\r\nHost: x\r\n\r\n");
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert!(answer.ends_with("\r\n\r\n<p>/page</p>"), "{answer}");
    assert!(matches!(error, Error::Declined { status: 200 }));
}

/// A client that is still sending when it is refused must not lose the answer to a reset.
#[test]
fn answer_survives_what_the_client_still_sends() {
    let body = "x".repeat(30_000);
    let request = format!("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 30000\r\n\r\n{body}");
    let (answer, _) = answer(Server::new(), &request);
    assert!(answer.starts_with("HTTP/1.1 4"), "{answer}");
}
