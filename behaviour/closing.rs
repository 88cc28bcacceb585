//! How a connection ends.

use std::io;

use super::support::scripted::scripted;
use super::support::wire::{self, CLOSE, TEXT, masked, unmasked};
use super::support::{
    self, TICK, assert_took, calm, client, client_and_peer, close, join, kind, once, pair, run,
    run_on_test_clock, server, server_and_peer, spawn, tcp_pair, text,
};
use crate::miniws::{CloseCode, Error, ReceiveErrorKind, State};
use crate::runtime::{AsyncWriteExt, Instant, TcpListener, TcpStream, end, sleep};

/// The two ends of a TCP connection, without a WebSocket.
async fn tcp() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (accepted, connected) = join(listener.accept(), TcpStream::connect(address)).await;
    (accepted.unwrap().0, connected.unwrap())
}

/// When the event comes, the answer is out: the application may leave at once.
#[test]
fn a_server_that_leaves_on_seeing_the_close_has_answered() {
    run(async {
        let (ours, mut peer) = tcp().await;
        let mut server = server(ours, calm());
        wire::write(&mut peer, masked(CLOSE, wire::close(1000, "bye"))).await;
        assert_eq!(
            close(server.recv().await.unwrap()),
            (1000, "bye".to_owned())
        );
        drop(server);
        assert_eq!(
            wire::read_frame(&mut peer).await,
            (0x80 | CLOSE, wire::close(1000, ""))
        );
        assert_eq!(wire::read_rest(&mut peer).await, b"");
    });
}

#[test]
fn a_client_that_leaves_on_seeing_the_close_has_answered() {
    run(async {
        let (ours, mut peer) = tcp().await;
        let mut client = client(ours, calm());
        wire::write(&mut peer, unmasked(CLOSE, wire::close(1001, ""))).await;
        assert_eq!(close(client.recv().await.unwrap()).0, 1001);
        drop(client);
        assert_eq!(
            wire::read_frame(&mut peer).await,
            (0x80 | CLOSE, wire::close(1001, ""))
        );
        assert_eq!(wire::read_rest(&mut peer).await, b"");
    });
}

#[test]
fn both_ends_of_a_clean_close() {
    run(async {
        let (mut server, mut client) = tcp_pair().await;
        let closing = client.close_with(CloseCode::from(4000), "done");
        let serving = async {
            let event = server.recv().await.unwrap();
            assert_eq!(server.recv().await.unwrap(), None);
            (close(event), server.close_status().unwrap())
        };
        let (closed, (seen, status)) = join(closing, serving).await;
        let closed = closed.unwrap();
        assert_eq!(seen, (4000, "done".to_owned()));
        assert!(closed.clean && status.clean);
        assert_eq!(u16::from(closed.code), 4000, "the echo has the same code");
        assert_eq!(
            (server.state(), client.state()),
            (State::Closed, State::Closed)
        );
    });
}

/// Both at the same time: each takes the other's close for the answer to its own.
#[test]
fn both_close_at_once() {
    run(async {
        let (mut server, mut client) = tcp_pair().await;
        let (server, client) = join(
            server.close_with(CloseCode::from(4001), "server"),
            client.close_with(CloseCode::from(4002), "client"),
        )
        .await;
        let (server, client) = (server.unwrap(), client.unwrap());
        assert_eq!(
            (u16::from(server.code), u16::from(client.code)),
            (4002, 4001)
        );
        assert!(server.clean && client.clean);
    });
}

/// RFC 6455 section 7.1.1: the server ends TCP first, once both closes are through.
#[test]
fn the_server_shuts_down_first() {
    run(async {
        let (mut server, mut peer) = server_and_peer(calm());
        let closing = spawn(async move { server.close().await });
        assert_eq!(
            wire::read_frame(&mut peer).await,
            (0x80 | CLOSE, wire::close(1000, ""))
        );
        assert!(
            once(wire::byte(&mut peer)).await.is_none(),
            "not before the peer's close"
        );
        wire::write(&mut peer, masked(CLOSE, wire::close(1000, ""))).await;
        // It ends its side although ours is still open, and then waits for ours.
        assert_eq!(wire::read_rest(&mut peer).await, b"");
        assert!(!closing.is_finished());
        drop(peer);
        assert!(closing.await.unwrap().clean);
    });
}

#[test]
fn the_client_waits_for_the_server() {
    run_on_test_clock(async {
        let (mut client, mut peer) = client_and_peer(calm());
        let closing = spawn(async move { client.close().await });
        assert_eq!(
            wire::read_frame(&mut peer).await,
            (0x80 | CLOSE, wire::close(1000, ""))
        );
        wire::write(&mut peer, unmasked(CLOSE, wire::close(1000, ""))).await;
        let early = support::timeout(TICK, wire::byte(&mut peer)).await;
        assert!(early.is_none() && !closing.is_finished());
        end(&mut peer).await.unwrap();
        assert!(closing.await.unwrap().clean);
        assert_eq!(wire::read_rest(&mut peer).await, b"");
    });
}

/// A peer that never answers costs the close timeout.
#[test]
fn a_close_that_is_not_answered_ends_at_the_deadline() {
    run_on_test_clock(async {
        let start = Instant::now();
        let (mut server, mut peer) = server_and_peer(calm().close_timeout(TICK));
        assert_eq!(kind(server.close().await), ReceiveErrorKind::CloseTimeout);
        assert_took(start, TICK);
        let status = server.close_status().unwrap();
        assert_eq!((status.code, status.clean), (CloseCode::ABNORMAL, false));
        assert_eq!(server.state(), State::Closed);
        drop(server);
        assert_eq!(wire::read_frame(&mut peer).await.0, 0x80 | CLOSE);
        assert_eq!(wire::read_rest(&mut peer).await, b"");
    });
}

/// One that does answer, but never ends TCP, costs no more, and it was a clean close.
#[test]
fn an_end_that_does_not_come_is_not_waited_for() {
    run_on_test_clock(async {
        for by_server in [true, false] {
            let start = Instant::now();
            let config = calm().close_timeout(TICK);
            let (status, _peer) = if by_server {
                let (mut server, mut peer) = server_and_peer(config);
                wire::write(&mut peer, masked(CLOSE, wire::close(1000, ""))).await;
                (server.close().await, peer)
            } else {
                let (mut client, mut peer) = client_and_peer(config);
                wire::write(&mut peer, unmasked(CLOSE, wire::close(1000, ""))).await;
                (client.close().await, peer)
            };
            assert!(status.unwrap().clean);
            assert_took(start, TICK);
        }
    });
}

/// A peer that goes on sending instead of answering does not put the deadline off.
#[test]
fn chatter_does_not_put_the_deadline_off() {
    run_on_test_clock(async {
        let (mut server, mut peer) = server_and_peer(calm().close_timeout(TICK));
        let chatter = spawn(async move {
            while peer
                .write_all(&masked(TEXT, "and another thing"))
                .await
                .is_ok()
            {
                sleep(TICK / 50).await;
            }
        });
        let start = Instant::now();
        assert_eq!(kind(server.close().await), ReceiveErrorKind::CloseTimeout);
        assert_took(start, TICK);
        drop(server);
        chatter.await;
    });
}

/// Nor does one whose bytes never run dry after both closes.
#[test]
fn a_flood_does_not_put_the_deadline_off() {
    run(async {
        let config = calm().close_timeout(TICK);
        let (mut server, mut peer) = server_and_peer(config);
        wire::write(&mut peer, masked(CLOSE, wire::close(1000, ""))).await;
        let flood = spawn(async move { while peer.write_all(&[0; 10_000]).await.is_ok() {} });
        assert!(server.close().await.unwrap().clean);
        drop(server);
        flood.await;
    });
}

/// Messages that come while a close is under way are delivered by `recv`, and dropped by `close`.
#[test]
fn messages_during_a_close() {
    run(async {
        let (mut server, mut peer) = server_and_peer(calm());
        assert!(once(server.close()).await.is_none());
        wire::write(&mut peer, masked(TEXT, "last words")).await;
        assert_eq!(text(server.recv().await.unwrap()), "last words");
        wire::write(&mut peer, masked(TEXT, "unheard")).await;
        wire::write(&mut peer, masked(CLOSE, wire::close(1000, ""))).await;
        wire::write(&mut peer, masked(TEXT, "after the close")).await;
        drop(peer);
        assert!(server.close().await.unwrap().clean);
    });
}

/// Closing again only waits, and tells the same.
#[test]
fn closing_twice() {
    run(async {
        let (mut server, mut client) = pair();
        let (first, ()) = join(client.close(), async {
            while let Ok(Some(_)) = server.recv().await {}
        })
        .await;
        let first = first.unwrap();
        assert_eq!(client.close().await.unwrap(), first);
        let second = client.close_with(CloseCode::GOING_AWAY, "again").await;
        assert_eq!(second.unwrap(), first);
        assert_eq!(server.close().await.unwrap().code, CloseCode::NORMAL);
    });
}

#[test]
fn terminating_is_1006_for_the_peer() {
    run(async {
        for drop_only in [true, false] {
            let (server, mut client) = tcp_pair().await;
            if drop_only {
                drop(server);
            } else {
                server.terminate();
            }
            assert!(client.recv().await.unwrap_err().is_connection_lost());
            let status = client.close_status().unwrap();
            assert_eq!((status.code, status.clean), (CloseCode::ABNORMAL, false));

            let (mut server, client) = tcp_pair().await;
            client.terminate();
            assert!(server.recv().await.unwrap_err().is_connection_lost());
        }
    });
}

/// Windows and some middleboxes reset a connection that is over anyway.
#[test]
fn a_reset_after_a_finished_close_is_no_error() {
    run(async {
        let reads = [
            Ok(masked(CLOSE, wire::close(1000, ""))),
            Err(io::ErrorKind::ConnectionReset),
        ];
        let mut server = server(scripted(reads.clone(), Ok(())), calm());
        assert_eq!(close(server.recv().await.unwrap()).0, 1000);
        assert_eq!(server.recv().await.unwrap(), None);
        assert!(server.close_status().unwrap().clean);

        let mut server = support::server(scripted(reads, Ok(())), calm());
        assert!(server.close().await.unwrap().clean);

        let reads = [
            Ok(unmasked(CLOSE, wire::close(1000, ""))),
            Err(io::ErrorKind::ConnectionReset),
        ];
        let mut client = client(scripted(reads, Ok(())), calm());
        assert!(client.close().await.unwrap().clean);
    });
}

/// The peer has closed and gone. Our next write fails, but its close is there to be read.
#[test]
fn a_write_error_does_not_hide_the_peers_close() {
    run(async {
        let reads = [
            Ok(masked(TEXT, "before")),
            Ok(masked(CLOSE, wire::close(4000, "gone fishing"))),
        ];
        let mut server = server(scripted(reads, Err(io::ErrorKind::BrokenPipe)), calm());
        let failed = server.send("hello").await;
        assert!(matches!(failed, Err(Error::Io(_))), "{failed:?}");
        assert_eq!(text(server.recv().await.unwrap()), "before");
        let event = server.recv().await.unwrap();
        assert_eq!(close(event), (4000, "gone fishing".to_owned()));
        assert_eq!(server.recv().await.unwrap(), None);
    });
}

/// The same when it is `recv` that writes, and over TCP.
#[test]
fn nor_does_one_within_recv() {
    run(async {
        let reads = [Ok(masked(CLOSE, wire::close(4000, "")))];
        let mut server = server(scripted(reads, Err(io::ErrorKind::BrokenPipe)), calm());
        server.feed("hello").unwrap();
        assert_eq!(close(server.recv().await.unwrap()).0, 4000);

        let (ours, mut peer) = tcp().await;
        let mut server = support::server(ours, calm());
        wire::write(&mut peer, masked(CLOSE, wire::close(4000, ""))).await;
        drop(peer);
        // Some of these may still be taken; then the peer's system answers with a reset.
        for _ in 0..3 {
            if server.send("hello").await.is_err() {
                break;
            }
        }
        match server.recv().await {
            Ok(event) => assert_eq!(close(event).0, 4000),
            // A reset that came in first has thrown away what was not read yet.
            Err(error) => assert!(error.is_connection_lost(), "{error}"),
        }
    });
}

/// Without a close from the peer, the cause of the failed write is told.
#[test]
fn a_write_error_is_told() {
    run(async {
        let mut server = server(scripted([], Err(io::ErrorKind::BrokenPipe)), calm());
        server.feed("hello").unwrap();
        match server.recv().await {
            Err(Error::Io(error)) => assert_eq!(error.kind(), io::ErrorKind::BrokenPipe),
            other => panic!("{other:?}"),
        }
        assert_eq!(server.state(), State::Closed);
        assert!(server.recv().await.is_err());
        assert!(server.send("again").await.is_err());
    });
}
