//! What applications test their handlers with.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use super::support::{
    TICK, assert_took, calm, join, kind, run, run_on_test_clock, run_threaded, spawn, text, timeout,
};
use crate::miniws::testing::{self, Peer, Pipe};
use crate::miniws::{
    Accept, Attempt, Client, Config, Error, Event, HandshakeError, Message, ReceiveErrorKind,
    Reply, Server, State, WebSocket,
};
use crate::runtime::Instant;

/// How much the pipe takes.
const CAPACITY: usize = 64 << 10;

async fn echo(mut socket: WebSocket<Pipe>) -> Result<(), Error> {
    while let Some(event) = socket.recv().await? {
        if let Event::Message(message) = event {
            socket.send(message).await?;
        }
    }
    Ok(())
}

/// How the test in `script` fails.
fn failure(script: impl Future<Output = ()>) -> String {
    let failed = catch_unwind(AssertUnwindSafe(|| run_on_test_clock(script))).unwrap_err();
    *failed.downcast().unwrap()
}

/// A server and its peer with other settings than those of `testing::server`.
async fn server(config: Config) -> (WebSocket<Pipe>, Peer) {
    let server = Server::new().config(config);
    let (server, client) = testing::connect(&server, Client::new("ws://test/"))
        .await
        .unwrap();
    (server, client.into())
}

#[test]
fn a_conversation_with_a_server() {
    run(async {
        let (socket, mut peer) = testing::server();
        let echoing = spawn(echo(socket));
        peer.send("hello").await;
        peer.expect("hello").await;
        peer.send(vec![7; 100_000]).await;
        assert_eq!(peer.recv_message().await, Message::from(vec![7; 100_000]));
        peer.ping("are you there?").await;
        assert_eq!(
            peer.recv().await,
            Some(Event::Pong("are you there?".into()))
        );
        peer.close().await;
        echoing.await.unwrap();
        let long = format!("binary b\"{}\"... of 100000 bytes", "\\x07".repeat(80));
        assert_eq!(
            peer.transcript(),
            format!(
                "sent text \"hello\"\ngot text \"hello\"\nsent {long}\ngot {long}\n\
                 sent ping b\"are you there?\"\ngot pong b\"are you there?\"\n\
                 sent close 1000 \"\"\ngot close 1000 \"\"\ngot the end\n"
            )
        );
    });
}

#[test]
fn a_conversation_with_a_client() {
    run(async {
        let (mut socket, mut peer) = testing::client();
        let client = async {
            socket.ping(b"one").await?;
            socket.send("two").await?;
            assert_eq!(socket.recv().await?, Some(Event::Pong("one".into())));
            socket.close_with(4000.into(), "three").await
        };
        let script = async {
            peer.expect("two").await;
            assert_eq!(peer.expect_close(4000).await, "three");
        };
        let (closed, ()) = join(client, script).await;
        assert!(closed.unwrap().clean);
    });
}

#[test]
fn two_websockets() {
    run(async {
        let (mut server, mut client) = testing::pair();
        server.send("down").await.unwrap();
        client.send("up").await.unwrap();
        assert_eq!(text(server.recv().await.unwrap()), "up");
        assert_eq!(text(client.recv().await.unwrap()), "down");
    });
}

#[test]
fn what_the_handshake_agrees_on() {
    run(async {
        let server = Server::new()
            .subprotocols(["chat"])
            .verify(|attempt: Attempt| async move {
                match attempt.request().headers().get("X-Name") {
                    Some(name) => Ok(Accept::new().user_data(Arc::new(name.to_owned()))),
                    None => Err(Reply::new(401).body("who are you?")),
                }
            });
        let client = || Client::new("ws://test/").subprotocol("chat");
        let (server_end, client_end) = testing::connect(&server, client().header("X-Name", "ada"))
            .await
            .unwrap();
        assert_eq!(*server_end.user_data::<String>().unwrap(), "ada");
        assert_eq!(server_end.subprotocol(), Some("chat"));
        assert_eq!(client_end.subprotocol(), Some("chat"));

        let refused = testing::connect(&server, client()).await.unwrap_err();
        let Error::Handshake(HandshakeError::Refused(response)) = refused else {
            panic!("{refused}");
        };
        assert_eq!(
            (response.status(), response.body()),
            (401, &b"who are you?"[..])
        );
    });
}

#[cfg(feature = "deflate")]
#[test]
fn what_is_compressed_is_shown_as_it_was() {
    use crate::miniws::DeflateConfig;
    run(async {
        let config = || calm().deflate(Some(DeflateConfig::default()));
        let server = Server::new().config(config());
        let client = Client::new("ws://test/").config(config());
        let (server, client) = testing::connect(&server, client).await.unwrap();
        assert!(client.deflate().is_some());
        let echoing = spawn(echo(server));
        let mut peer = Peer::from(client);
        peer.send("a".repeat(1000)).await;
        peer.expect("a".repeat(1000)).await;
        peer.close().await;
        echoing.await.unwrap();
    });
}

#[test]
fn what_went_wrong_is_told() {
    let line = line!() + 4;
    let told = failure(async {
        let (mut socket, mut peer) = testing::server();
        socket.send("hallo").await.unwrap();
        peer.expect("hello").await;
    });
    assert!(told.contains(&format!("{}:{line}:", file!())), "{told}");
    assert!(
        told.contains("expected text \"hello\", got text \"hallo\"\n"),
        "{told}"
    );
    assert!(told.ends_with("heard:\ngot text \"hallo\"\n"), "{told}");
}

#[test]
fn each_expectation_can_fail() {
    let fails = "expected a message, got the end";
    with_a_server(fails, async |socket, mut peer| {
        drop(socket);
        peer.recv_message().await;
    });
    let fails = "expected the end, got binary b\"\\x01\\x02\"";
    with_a_server(fails, async |mut socket, mut peer| {
        socket.send(vec![1, 2]).await.unwrap();
        peer.expect_end().await;
    });
    let fails = "expected close 4000, got close 4001 \"so\"";
    with_a_server(fails, async |mut socket, mut peer| {
        let closing = socket.close_with(4001.into(), "so");
        join(closing, peer.expect_close(4000)).await.0.unwrap();
    });
    let fails = "expected to send text \"hello\", got broken pipe";
    with_a_server(fails, async |socket, mut peer| {
        drop(socket);
        peer.send("hello").await;
    });
    let fails = "expected a close frame, got the end without one";
    with_a_server(fails, async |mut socket, mut peer| {
        let gone = async {
            socket.recv().await.unwrap();
            drop(socket);
        };
        peer.send("hello").await;
        join(peer.close(), gone).await;
    });
    let fails = "expected text \"hello\", got nothing for 50ms";
    with_a_server(fails, async |_socket, mut peer| {
        peer.patience(TICK);
        peer.expect("hello").await;
    });
    let fails = "of 70000 bytes, got stuck: the other end has read nothing for 50ms";
    with_a_server(fails, async |_socket, mut peer| {
        peer.patience(TICK);
        peer.send("x".repeat(70_000)).await;
    });
    let fails = "expected nothing for 50ms, got text \"\"";
    with_a_server(fails, async |mut socket, mut peer| {
        socket.send("").await.unwrap();
        peer.expect_silence(TICK).await;
    });
}

/// It is alive, but does not do what is expected.
#[test]
fn pings_do_not_make_a_peer_wait_for_ever() {
    let told = failure(async {
        let (mut socket, mut peer) = server(Config::default().keep_alive(Some(TICK))).await;
        peer.patience(4 * TICK);
        let _ = join(socket.recv(), peer.expect("hello")).await;
    });
    let fails = "expected text \"hello\", got nothing for 200ms";
    assert!(told.contains(fails), "{told}");
}

#[track_caller]
fn with_a_server(fails: &str, script: impl AsyncFnOnce(WebSocket<Pipe>, Peer)) {
    let told = failure(async {
        let (socket, peer) = testing::server();
        script(socket, peer).await;
    });
    assert!(told.contains(fails), "{told}");
}

#[test]
fn bad_frames() {
    run(async {
        for (first, payload, expected, code) in [
            (0x83, &b""[..], ReceiveErrorKind::ReservedOpcode(3), 1002),
            (0x81, b"\xff", ReceiveErrorKind::InvalidUtf8, 1007),
            (0x09, b"", ReceiveErrorKind::FragmentedControl, 1002),
            (0x80, b"", ReceiveErrorKind::UnexpectedContinuation, 1002),
        ] {
            for (mut socket, mut peer) in [testing::server(), testing::client()] {
                let script = async {
                    peer.write_frame(first, payload).await;
                    peer.expect_close(code).await;
                    peer.expect_end().await;
                };
                // Either role: the server ends TCP, the client waits for that.
                let receiving = async {
                    let failed = socket.recv().await;
                    drop(socket);
                    failed
                };
                let (failed, ()) = join(receiving, script).await;
                assert_eq!(kind(failed), expected);
            }
        }
    });
}

#[test]
fn frames_of_every_length_are_in_order() {
    run(async {
        for (mut socket, mut peer) in [testing::server(), testing::client()] {
            for len in [0, 125, 126, 65535, 65536] {
                let payload = vec![b'x'; len];
                let (received, ()) = join(socket.recv(), peer.write_frame(0x81, &payload)).await;
                assert_eq!(text(received.unwrap()).len(), len);
            }
        }
    });
}

#[test]
fn half_a_frame_and_the_end() {
    run(async {
        let (mut socket, mut peer) = testing::server();
        peer.write(b"\x81\x85\0\0").await;
        peer.shutdown();
        assert_eq!(kind(socket.recv().await), ReceiveErrorKind::ConnectionLost);
        assert_eq!(socket.state(), State::Closed);
    });
}

#[test]
fn a_reset() {
    run(async {
        let (mut socket, mut peer) = testing::server();
        peer.send("lost").await;
        peer.reset();
        let Err(Error::Io(error)) = socket.recv().await else {
            panic!("a reset is an error");
        };
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
    });
}

#[test]
fn a_peer_that_does_not_read() {
    run_on_test_clock(async {
        let (mut socket, mut peer) = server(calm().max_queued(1000)).await;
        let large = Message::from(vec![0; CAPACITY]);
        let mut sending = Box::pin(async {
            socket.send(large.clone()).await?;
            socket.send("more").await
        });
        assert!(timeout(TICK, &mut sending).await.is_none());
        let script = async {
            peer.expect(large.clone()).await;
            peer.expect("more").await;
        };
        join(async { sending.await.unwrap() }, script).await;
    });
}

#[test]
fn a_peer_that_does_not_answer() {
    run_on_test_clock(async {
        let config = Config::default().keep_alive(Some(TICK)).pong_timeout(TICK);
        let (mut socket, mut peer) = server(config).await;
        peer.answers(false);
        let (failed, ping) = join(socket.recv(), peer.recv()).await;
        assert_eq!(kind(failed), ReceiveErrorKind::PongTimeout);
        assert!(matches!(ping, Some(Event::Ping(_))));

        let (mut socket, mut peer) = server(calm().close_timeout(TICK)).await;
        peer.answers(false);
        let (failed, _) = join(socket.close(), peer.expect_close(1000)).await;
        assert_eq!(kind(failed), ReceiveErrorKind::CloseTimeout);
    });
}

#[test]
fn pings_are_passed_over_and_answered() {
    run_on_test_clock(async {
        let config = Config::default()
            .keep_alive(Some(TICK))
            .pong_timeout(10 * TICK);
        let (socket, mut peer) = server(config).await;
        let echoing = spawn(echo(socket));
        peer.expect_silence(20 * TICK).await;
        peer.send("still there").await;
        peer.expect("still there").await;
        peer.close().await;
        echoing.await.unwrap();
    });
}

/// No close waits for the close timeout.
#[test]
fn closes_without_a_code_and_from_the_peer() {
    run_on_test_clock(async {
        let start = Instant::now();
        let (mut socket, mut peer) = testing::server();
        let (closed, reason) = join(socket.close_without_code(), peer.expect_close(1005)).await;
        assert!(closed.unwrap().clean && reason.is_empty());

        let (mut socket, mut peer) = testing::client();
        peer.send_close(1012, "soon back").await;
        let Some(Event::Close(Some(frame))) = socket.recv().await.unwrap() else {
            panic!("the peer has closed");
        };
        assert_eq!((frame.code(), frame.reason()), (1012.into(), "soon back"));
        let (ended, ()) = join(socket.recv(), peer.close()).await;
        assert_eq!(ended.unwrap(), None);
        assert_took(start, Duration::ZERO);
    });
}

#[test]
fn a_future_that_is_dropped_loses_nothing() {
    run(async {
        let (mut socket, mut peer) = testing::server();
        let waiting = timeout(TICK, peer.recv());
        assert!(waiting.await.is_none());
        socket.send("late").await.unwrap();
        peer.expect("late").await;
    });
}

#[test]
fn halves_and_a_peer_in_another_task() {
    run_threaded(async {
        let (socket, mut peer) = testing::server();
        let (sender, mut receiver) = socket.split();
        let script = spawn(async move {
            peer.expect("from a half").await;
            peer.send("to the other").await;
            peer.close().await;
        });
        sender.send("from a half").await.unwrap();
        assert_eq!(text(receiver.recv().await.unwrap()), "to the other");
        while receiver.recv().await.unwrap().is_some() {}
        script.await;
    });
}
