//! The hook that sees a request before it is answered.

use std::sync::Arc;

use async_channel::{Receiver, Sender, bounded, unbounded};
use futures_lite::FutureExt;

use super::support::wire::{self, header};
use super::support::{TICK, dial, join, listen, once, pipe, run, run_on_test_clock, spawn};
use crate::miniws::{
    Accept, Attempt, Client, Config, Error, HandshakeError, Reply, Request, Response, Server,
    connect,
};
use crate::runtime::sleep;

/// What is asked for, in the words of RFC 6455 section 9.1.
const ADDITIONAL: &str = "Origin: https://example.org\r\n\
    Sec-WebSocket-Protocol: chat, superchat\r\n\
    Sec-WebSocket-Extensions: mux; max-channels=4; flow-control, deflate-stream\r\n\
    Sec-WebSocket-Extensions: application-extension; version=\"1.1.4\"\r\n\
    X-Trace: 7\r\n";

/// An attempt, and where to say what becomes of it.
type Asked = (Attempt, Sender<Result<Accept, Reply>>);

/// A server that hands each attempt to the test, and waits for what it decides.
fn asking() -> (Server, Receiver<Asked>) {
    let (ask, asked) = unbounded();
    let server = Server::new().verify(move |attempt| {
        let (decide, decision) = bounded(1);
        ask.try_send((attempt, decide)).unwrap();
        async move { decision.recv().await.unwrap() }
    });
    (server, asked)
}

#[test]
fn it_sees_everything_before_anything_is_answered() {
    run(async {
        let (server, asked) = asking();
        let (stream, mut peer) = pipe(10_000);
        let remote_addr = "192.0.2.7:4321".parse().unwrap();
        let accepted = spawn(async move { server.accept_from(stream, remote_addr).await });
        wire::write(&mut peer, wire::request(ADDITIONAL)).await;

        let (attempt, decide) = asked.recv().await.unwrap();
        assert_eq!(attempt.remote_addr(), Some(remote_addr));
        assert_eq!(attempt.origin(), Some("https://example.org"));
        let subprotocols: Vec<_> = attempt.subprotocols().collect();
        assert_eq!(subprotocols, ["chat", "superchat"]);

        let request = attempt.request();
        assert_eq!(request.method(), "GET");
        assert_eq!(request.target(), "/chat");
        assert_eq!(request.host(), Some("example.org"));
        assert_eq!(request.headers().get("x-trace"), Some("7"));
        let names: Vec<_> = request.headers().iter().map(|(name, _)| name).collect();
        assert_eq!(names[..3], ["Host", "Upgrade", "Connection"]);
        assert_eq!(names.len(), 10);

        assert!(once(wire::read_head(&mut peer)).await.is_none());
        decide.try_send(Ok(Accept::new())).ok().unwrap();
        let head = wire::read_head(&mut peer).await;
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
        let socket = accepted.await.unwrap();
        assert_eq!(socket.remote_addr(), Some(remote_addr));
    });
}

#[test]
fn it_sees_the_extensions_parsed() {
    run(async {
        let (server, asked) = asking();
        let (stream, mut peer) = pipe(10_000);
        spawn(async move { server.accept(stream).await });
        wire::write(&mut peer, wire::request(ADDITIONAL)).await;

        let (attempt, _decide) = asked.recv().await.unwrap();
        assert_eq!(attempt.remote_addr(), None, "a pipe doesn't tell");
        let extensions = attempt.extensions();
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
    });
}

#[test]
fn it_sees_the_address_of_a_tcp_connection() {
    run(async {
        let (server, asked) = asking();
        let (mut listener, _) = listen(server).await;
        let mut peer = dial(listener.local_addr()).await;
        wire::write(&mut peer, wire::request("")).await;
        let accepting = async { panic!("{:?}", listener.accept().await) };
        let (attempt, _decide) = asked.recv().or(accepting).await.unwrap();
        assert_eq!(attempt.remote_addr(), peer.local_addr().ok());
    });
}

/// The answer that a server whose hook decides so gives to a plain peer, to its end.
async fn answer(decision: Result<Accept, Reply>) -> (Result<(), Error>, String) {
    let (server, asked) = asking();
    let (stream, mut peer) = pipe(10_000);
    let accepted = spawn(async move { server.accept(stream).await.map(drop) });
    wire::write(&mut peer, wire::request("Sec-WebSocket-Protocol: chat\r\n")).await;
    let (_, decide) = asked.recv().await.unwrap();
    decide.try_send(decision).ok().unwrap();
    // It must see the end although its own side is open.
    let answer = wire::read_rest(&mut peer).await;
    drop(peer);
    (accepted.await, String::from_utf8(answer).unwrap())
}

#[test]
fn it_rejects_with_403() {
    run(async {
        let (accepted, answer) = answer(Err(Reply::default())).await;
        assert!(answer.starts_with("HTTP/1.1 403 Forbidden\r\n"), "{answer}");
        assert!(answer.ends_with("\r\n\r\n"), "{answer}");
        assert!(matches!(accepted, Err(Error::Declined { status: 403 })));
    });
}

#[test]
fn it_rejects_with_a_status_headers_and_a_body() {
    run(async {
        let reply = Reply::new(401)
            .header("WWW-Authenticate", "Basic realm=\"chat\"")
            .header("X-Reason", "1")
            .body("who are you?");
        let (accepted, answer) = answer(Err(reply)).await;
        assert!(
            answer.starts_with("HTTP/1.1 401 Unauthorized\r\n"),
            "{answer}"
        );
        assert_eq!(
            header(&answer, "WWW-Authenticate"),
            Some("Basic realm=\"chat\"")
        );
        assert_eq!(header(&answer, "X-Reason"), Some("1"));
        assert_eq!(header(&answer, "Content-Length"), Some("12"));
        assert!(answer.ends_with("\r\n\r\nwho are you?"), "{answer}");
        assert!(matches!(accepted, Err(Error::Declined { status: 401 })));
    });
}

#[test]
fn what_it_hands_on_comes_with_the_connection() {
    run(async {
        let server = Server::new().verify(|attempt: Attempt| async move {
            Ok(Accept::new().user_data(attempt.request().clone()))
        });
        let (ours, theirs) = pipe(10_000);
        let accepted = spawn(async move { server.accept(theirs).await });
        let client = Client::new("ws://in.memory/rooms/blue?as=ada").handshake(ours);
        let client = client.await.unwrap();
        let server = accepted.await.unwrap();
        let is_it = |request: Option<Arc<Request>>| {
            request.is_some_and(|request| request.target() == "/rooms/blue?as=ada")
        };
        assert!(is_it(server.user_data()));
        assert!(server.user_data::<String>().is_none(), "of another type");
        assert!(client.user_data::<Request>().is_none());
        let (sender, receiver) = server.split();
        assert!(is_it(sender.user_data()));
        assert!(is_it(receiver.user_data()));
    });
}

#[test]
fn it_accepts_with_headers_and_a_subprotocol() {
    run(async {
        let accept = Accept::new()
            .subprotocol("chat")
            .header("Set-Cookie", "a=b");
        let (accepted, answer) = answer(Ok(accept)).await;
        assert!(answer.starts_with("HTTP/1.1 101 "), "{answer}");
        assert_eq!(header(&answer, "Sec-WebSocket-Protocol"), Some("chat"));
        assert_eq!(header(&answer, "Set-Cookie"), Some("a=b"));
        assert!(accepted.is_ok());
    });
}

/// Whatever the application puts in, it can't make the response say something else.
#[test]
fn it_cannot_inject_a_header() {
    run(async {
        for decision in [
            Ok(Accept::new().header("X-Room", "1\r\nX-Evil: 1")),
            Ok(Accept::new().header("X-Room\r\nX-Evil", "1")),
            Ok(Accept::new().header("Sec-WebSocket-Accept", "1")),
            Ok(Accept::new().subprotocol("chat\r\nX-Evil: 1")),
            Err(Reply::new(403).header("X-Room", "1\r\nX-Evil: 1")),
            Err(Reply::new(99)),
        ] {
            let (accepted, answer) = answer(decision).await;
            assert!(answer.starts_with("HTTP/1.1 500 "), "{answer}");
            assert!(!answer.contains("Evil"), "{answer}");
            assert!(matches!(accepted, Err(Error::Handshake(_))), "{accepted:?}");
        }
    });
}

#[test]
fn what_it_awaits_holds_up_nobody_else() {
    run(async {
        let (entered, slow_has_entered) = unbounded();
        let (release, released) = bounded(1);
        let server = Server::new().verify(move |attempt| {
            let (entered, released) = (entered.clone(), released.clone());
            async move {
                if attempt.request().path() == "/slow" {
                    entered.try_send(()).unwrap();
                    released.recv().await.unwrap();
                }
                Ok(Accept::new())
            }
        });
        let (mut listener, url) = listen(server).await;
        let slow_url = format!("{url}slow");
        let slow = spawn(async move { connect(&slow_url).await.map(drop) });
        let serving = spawn(async move {
            let mut sockets = Vec::new();
            while sockets.len() < 3 {
                sockets.push(listener.accept().await.unwrap().unwrap());
            }
        });
        slow_has_entered.recv().await.unwrap();
        for _ in 0..2 {
            connect(&url).await.unwrap();
        }
        assert!(!slow.is_finished());
        release.try_send(()).unwrap();
        slow.await.unwrap();
        serving.await;
    });
}

/// A hook that takes longer than the peer may is not the peer's fault.
#[test]
fn it_may_take_longer_than_a_handshake() {
    run_on_test_clock(async {
        let limit = 20 * TICK;
        let config = Config::default().handshake_timeout(limit);
        let server = Server::new().config(config).verify(move |_| async move {
            sleep(limit + TICK).await;
            Ok(Accept::new())
        });
        // The answer does not fit into the pipe at once, so it takes time as well.
        let (stream, mut peer) = pipe(20);
        let (accepted, head) = join(server.accept(stream), async {
            wire::write(&mut peer, wire::request("")).await;
            wire::read_head(&mut peer).await
        })
        .await;
        assert!(accepted.is_ok());
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    });
}

/// A hook that panics is the loss of the one client.
#[test]
fn its_panic_is_contained() {
    run(async {
        let server = Server::new().verify(|attempt| async move {
            assert_ne!(attempt.request().path(), "/panic");
            Ok(Accept::new())
        });
        let (mut listener, url) = listen(server).await;
        let serving = spawn(async move {
            assert!(listener.accept().await.unwrap().is_err());
            listener.accept().await.unwrap().unwrap();
        });
        assert!(connect(&format!("{url}panic")).await.is_err());
        assert!(connect(&url).await.is_ok());
        serving.await;
    });
}

/// Over TCP a server that closes with unread input resets the connection, and whatever of the answer
/// is on its way is lost. So it has to read on for a while.
#[test]
fn a_rejected_client_that_sends_on_sees_the_answer() {
    run(async {
        let page = vec![b'x'; 3 << 20];
        let server = Server::new().verify(move |_| {
            let reply = Reply::new(429).body(page.clone());
            async { Err(reply) }
        });
        let (mut listener, _) = listen(server).await;
        let mut peer = dial(listener.local_addr()).await;
        wire::write(&mut peer, wire::request("")).await;
        wire::write(&mut peer, vec![0; 20_000]).await;
        let (accepted, answer) = join(listener.accept(), async {
            let answer = wire::read_rest(&mut peer).await;
            drop(peer);
            answer
        })
        .await;
        assert!(answer.starts_with(b"HTTP/1.1 429 "));
        assert!(answer.len() > 3 << 20, "{}", answer.len());
        assert!(matches!(
            accepted,
            Some(Err(Error::Declined { status: 429 }))
        ));
    });
}

#[test]
fn a_refused_client_has_the_whole_response() {
    run(async {
        let server = Server::new()
            .verify(|_| async { Err(Reply::new(403).header("X-Why", "full").body("no room")) });
        let (mut listener, url) = listen(server).await;
        let (_, refused) = join(listener.accept(), Client::new(&url).connect()).await;
        let response: Response = match refused.unwrap_err() {
            Error::Handshake(HandshakeError::Refused(response)) => *response,
            other => panic!("{other:?}"),
        };
        assert_eq!(response.status(), 403);
        assert_eq!(response.headers().get("X-Why"), Some("full"));
        assert_eq!(response.body(), b"no room");
    });
}
