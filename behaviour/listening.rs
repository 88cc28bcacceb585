//! Where a server's connections come from.

use std::io;
use std::time::Duration;

use async_channel::unbounded;
use bytes::BytesMut;

use super::support::wire::{self, TEXT, masked};
use super::support::{dial, join, listen, once, pipe, run, spawn, text, timeout, yield_now};
use crate::miniws::{
    Accept, Client, Error, Event, Headers, Message, Request, Server, accept, connect,
};
use crate::runtime::{TcpListener, TcpStream, tcp};

#[test]
fn a_host_and_a_port() {
    run(async {
        for host in ["127.0.0.1", "::1", "localhost"] {
            let mut listener = Server::new().bind((host, 0)).await.unwrap();
            let address = listener.local_addr();
            assert!(address.ip().is_loopback());
            let url = format!("ws://{address}/");
            let (server, client) = join(listener.accept(), connect(&url)).await;
            let (mut server, mut client) = (server.unwrap().unwrap(), client.unwrap());
            client.send("hello").await.unwrap();
            assert_eq!(text(server.recv().await.unwrap()), "hello");

            let taken = Server::new().bind(address).await.unwrap_err();
            assert_eq!(taken.kind(), io::ErrorKind::AddrInUse);
        }
    });
}

/// Beyond the backlog (Linux takes one more) nobody answers, so a connection that is not there
/// after a while never will be.
#[test]
fn the_backlog_is_the_callers() {
    run(async {
        let listener = Server::new().backlog(3).bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr();
        let mut waiting = Vec::new();
        while waiting.len() < 100 {
            let connected = timeout(Duration::from_millis(300), TcpStream::connect(address));
            match connected.await {
                Some(stream) => waiting.push(stream.unwrap()),
                None => break,
            }
        }
        assert!((1..20).contains(&waiting.len()), "{}", waiting.len());
    });
}

#[test]
fn a_listener_of_the_callers() {
    run(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut listener = Server::new().listen(listener).unwrap();
        assert_eq!(listener.local_addr(), address);
        let url = format!("ws://{address}/");
        let (server, client) = join(listener.accept(), connect(&url)).await;
        let (server, client) = (server.unwrap().unwrap(), client.unwrap());
        assert_eq!(server.remote_addr(), tcp(&client).local_addr().ok());
        assert_eq!(client.remote_addr(), Some(address));
    });
}

#[test]
fn a_pipe() {
    run(async {
        let (ours, theirs) = pipe(100);
        let client = Client::new("ws://in.memory/").handshake(theirs);
        let (server, client) = join(accept(ours), client).await;
        let (mut server, mut client) = (server.unwrap(), client.unwrap());
        client.send("through a pipe").await.unwrap();
        assert_eq!(text(server.recv().await.unwrap()), "through a pipe");
        assert_eq!(server.remote_addr(), None);
    });
}

/// A request as another HTTP stack hands it over.
fn parsed_request() -> Request {
    let mut headers = Headers::new();
    for (name, value) in [
        ("host", "example.org"),
        ("upgrade", "websocket"),
        ("connection", "keep-alive, Upgrade"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ("sec-websocket-protocol", "chat"),
    ] {
        headers.push(name, value).unwrap();
    }
    Request::new("GET", "/chat?room=7", headers)
}

/// The other stack has read the client's first frames along with the request.
#[test]
fn a_request_that_another_http_stack_has_parsed() {
    run(async {
        let frames = masked(TEXT, "early");
        let (read_too_far, rest) = frames.split_at(5);

        let (stream, mut peer) = pipe(1000);
        wire::write(&mut peer, rest).await;
        let mut socket = Server::new()
            .subprotocols(["chat"])
            .accept_request(parsed_request(), stream, BytesMut::from(read_too_far))
            .await
            .unwrap();
        let head = wire::read_head(&mut peer).await;
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
        let accept = wire::header(&head, "Sec-WebSocket-Accept");
        assert_eq!(accept, Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
        assert_eq!(socket.subprotocol(), Some("chat"));
        let event = socket.recv().await.unwrap();
        assert_eq!(event, Some(Event::Message(Message::from("early"))));
    });
}

/// The other stack knows where the request comes from: the hook gets to know it as well.
#[test]
fn the_address_of_a_request_that_another_http_stack_has_parsed() {
    run(async {
        let (seen, has_seen) = unbounded();
        let server = Server::new().verify(move |attempt| {
            seen.try_send(attempt.remote_addr()).unwrap();
            async { Ok(Accept::new()) }
        });
        let address = "[::1]:50000".parse().unwrap();
        for from in [Some(address), None] {
            let (stream, _peer) = pipe(1000);
            let (request, input) = (parsed_request(), BytesMut::new());
            let socket = match from {
                Some(address) => {
                    server
                        .accept_request_from(request, stream, input, address)
                        .await
                }
                None => server.accept_request(request, stream, input).await,
            };
            assert_eq!(socket.unwrap().remote_addr(), from);
            assert_eq!(has_seen.recv().await.unwrap(), from);
        }
    });
}

#[test]
fn a_bad_request_that_another_http_stack_has_parsed_is_answered() {
    run(async {
        let (stream, mut peer) = pipe(1000);
        let request = Request::new("GET", "/", Headers::new());
        let server = Server::new();
        let accepted = server.accept_request(request, stream, BytesMut::new());
        let (accepted, head) = join(accepted, async {
            let head = wire::read_head(&mut peer).await;
            drop(peer);
            head
        })
        .await;
        assert!(head.starts_with("HTTP/1.1 400 "), "{head}");
        assert!(matches!(accepted, Err(Error::Handshake(_))));
    });
}

/// Frames that came with the request, before the server had answered, are not lost.
#[test]
fn frames_right_behind_the_request() {
    run(async {
        let (stream, mut peer) = pipe(1000);
        wire::write(&mut peer, wire::request("")).await;
        wire::write(&mut peer, masked(TEXT, "early")).await;
        let mut server = accept(stream).await.unwrap();
        assert_eq!(text(server.recv().await.unwrap()), "early");
    });
}

#[test]
fn small_messages_are_sent_at_once() {
    run(async {
        for nodelay in [true, false] {
            let server = Server::new().nodelay(nodelay);
            let (mut listener, url) = listen(server).await;
            let client = Client::new(&url).nodelay(nodelay).connect();
            let (server, client) = join(listener.accept(), client).await;
            let (server, client) = (server.unwrap().unwrap(), client.unwrap());
            assert_eq!(server.get_ref().nodelay().unwrap(), nodelay);
            assert_eq!(tcp(&client).nodelay().unwrap(), nodelay);
        }
        let (mut listener, url) = listen(Server::new()).await;
        let (server, client) = join(listener.accept(), connect(&url)).await;
        assert!(server.unwrap().unwrap().get_ref().nodelay().unwrap());
        assert!(tcp(&client.unwrap()).nodelay().unwrap());
    });
}

#[test]
fn a_failed_handshake_is_one_error_and_the_next_goes_on() {
    run(async {
        let (mut listener, url) = listen(Server::new()).await;
        let mut stranger = dial(listener.local_addr()).await;
        wire::write(&mut stranger, "\x16\x03\x01 this is no HTTP").await;
        let (failed, _) = join(listener.accept(), wire::read_rest(&mut stranger)).await;
        assert!(matches!(failed, Some(Err(Error::Handshake(_)))));

        let gone = dial(listener.local_addr()).await;
        drop(gone);
        assert!(matches!(listener.accept().await, Some(Err(_))));

        let (server, client) = join(listener.accept(), connect(&url)).await;
        assert!(server.unwrap().is_ok());
        assert!(client.is_ok());
    });
}

/// Beyond so many handshakes that are not done, connections wait until one of them is.
#[test]
fn no_more_handshakes_than_allowed_at_a_time() {
    run(async {
        let (enter, entered) = unbounded();
        let (release, released) = unbounded();
        let server = Server::new().max_handshakes(2).verify(move |_| {
            enter.try_send(()).unwrap();
            let released = released.clone();
            async move {
                released.recv().await.unwrap();
                Ok(Accept::new())
            }
        });
        let (mut listener, url) = listen(server).await;
        let mut clients = Vec::new();
        for _ in 0..3 {
            let url = url.clone();
            clients.push(spawn(async move { connect(&url).await }));
        }
        let accepting = spawn(async move {
            for _ in 0..3 {
                listener.accept().await.unwrap().unwrap();
            }
        });
        entered.recv().await.unwrap();
        entered.recv().await.unwrap();
        // The third is not asked about before one of the two is done.
        let third = timeout(Duration::from_millis(100), entered.recv()).await;
        assert!(third.is_none());
        release.try_send(()).unwrap();
        entered.recv().await.unwrap();
        release.try_send(()).unwrap();
        release.try_send(()).unwrap();
        accepting.await;
        for client in clients {
            client.await.unwrap();
        }
    });
}

/// A peer that connects and says nothing, or not all of it, holds up nobody.
#[test]
fn slow_handshakes_hold_up_nobody() {
    run(async {
        let (mut listener, url) = listen(Server::new()).await;
        let mut slow = Vec::new();
        for _ in 0..100 {
            let mut peer = dial(listener.local_addr()).await;
            wire::write(&mut peer, "GET / HTTP/1.1\r\nHost:").await;
            slow.push(peer);
        }
        let (server, client) = join(listener.accept(), connect(&url)).await;
        assert!(server.unwrap().is_ok());
        assert!(client.is_ok());
    });
}

/// Dropping the listener ends the handshakes that are not done.
#[test]
fn a_listener_that_is_dropped() {
    run(async {
        let (enter, entered) = unbounded();
        let server = Server::new().verify(move |_| {
            enter.try_send(()).unwrap();
            std::future::pending()
        });
        let (mut listener, _) = listen(server).await;
        let address = listener.local_addr();
        let mut peer = dial(address).await;
        wire::write(&mut peer, wire::request("")).await;
        while entered.is_empty() {
            assert!(once(listener.accept()).await.is_none());
            yield_now().await;
        }
        drop(listener);
        let _ = wire::byte(&mut peer).await.unwrap_err();
        assert!(TcpStream::connect(address).await.is_err());
    });
}
