//! Silence, and what is done about it.

use bytes::Bytes;

use super::support::wire::{self, CLOSE, PING, PONG, TEXT, masked};
use super::support::{
    LONG, TICK, assert_took, calm, client_and_peer, kind, once, pipe, run_on_test_clock, server,
    server_and_peer, spawn, text, timeout,
};
use crate::miniws::{CloseCode, Config, Error, Event, ReceiveErrorKind, SendError, State};
use crate::runtime::{AsyncReadExt, Instant, LATE, sleep};

fn keeping_alive() -> Config {
    Config::default().keep_alive(Some(TICK)).pong_timeout(LONG)
}

/// Again and again, each time after a while without a byte.
#[test]
fn a_silent_peer_is_pinged() {
    run_on_test_clock(async {
        let (mut server, mut peer) = server_and_peer(keeping_alive());
        let start = Instant::now();
        let peering = spawn(async move {
            for round in 1..=3_u32 {
                let (first, payload) = wire::read_frame(&mut peer).await;
                assert_eq!(first, 0x80 | PING);
                assert_took(start, TICK * round);
                wire::write(&mut peer, masked(PONG, payload)).await;
            }
            wire::write(&mut peer, masked(TEXT, "enough")).await;
            peer
        });
        // The application sees nothing of it.
        assert_eq!(text(server.recv().await.unwrap()), "enough");
        peering.await;
    });
}

/// It is the receiver that does so, and a client does it as well.
#[test]
fn halves_and_clients_ping_too() {
    run_on_test_clock(async {
        let (client, mut peer) = client_and_peer(keeping_alive());
        let (_sender, mut receiver) = client.split();
        let start = Instant::now();
        let receiving = spawn(async move { receiver.recv().await });
        assert_eq!(wire::read_frame(&mut peer).await.0, 0x80 | PING);
        assert_took(start, TICK);
        drop(peer);
        assert!(receiving.await.is_err());
    });
}

/// The timer that was set before goes off early then, and is set again.
#[test]
fn traffic_puts_the_ping_off() {
    run_on_test_clock(async {
        let (mut server, mut peer) = server_and_peer(keeping_alive());
        let receiving = spawn(async move { while let Ok(Some(_)) = server.recv().await {} });
        assert_eq!(wire::read_frame(&mut peer).await.0, 0x80 | PING);
        sleep(TICK / 2).await;
        let start = Instant::now();
        wire::write(&mut peer, masked(TEXT, "here")).await;
        // One ping is under way and has not been answered; the next comes a while after the answer.
        wire::write(&mut peer, masked(PONG, 1_u64.to_be_bytes())).await;
        assert_eq!(wire::read_frame(&mut peer).await.0, 0x80 | PING);
        assert_took(start, TICK);
        drop(peer);
        receiving.await;
    });
}

#[test]
fn it_can_be_turned_off() {
    run_on_test_clock(async {
        let (mut server, mut peer) = server_and_peer(calm());
        let receiving = spawn(async move { server.recv().await });
        assert!(timeout(3 * TICK, wire::byte(&mut peer)).await.is_none());
        wire::write(&mut peer, masked(TEXT, "still there")).await;
        assert_eq!(text(receiving.await.unwrap()), "still there");
    });
}

#[test]
fn the_round_trip_is_measured() {
    run_on_test_clock(async {
        let (mut server, mut peer) = server_and_peer(keeping_alive());
        assert_eq!(server.latency(), None);
        let peering = spawn(async move {
            let (_, payload) = wire::read_frame(&mut peer).await;
            sleep(TICK).await;
            wire::write(&mut peer, masked(PONG, payload)).await;
            // The next ping: the answer to the first has been seen.
            wire::read_frame(&mut peer).await;
            wire::write(&mut peer, masked(TEXT, "done")).await;
            peer
        });
        assert_eq!(text(server.recv().await.unwrap()), "done");
        let latency = server.latency().unwrap();
        assert!(latency >= TICK && latency - TICK <= LATE, "{latency:?}");
        let (_, receiver) = server.split();
        assert_eq!(receiver.latency(), Some(latency));
        peering.await;
    });
}

/// A pong with other content answers nothing, and is shown.
#[test]
fn another_pong_is_no_answer() {
    run_on_test_clock(async {
        let (mut server, mut peer) = server_and_peer(keeping_alive());
        let peering = spawn(async move {
            wire::read_frame(&mut peer).await;
            wire::write(&mut peer, masked(PONG, "something else")).await;
            peer
        });
        let event = server.recv().await.unwrap();
        assert_eq!(event, Some(Event::Pong(Bytes::from("something else"))));
        assert_eq!(server.latency(), None);
        peering.await;
    });
}

/// After a ping without a byte, the connection is over, and nothing is sent to say so.
#[test]
fn no_pong_ends_the_connection() {
    run_on_test_clock(async {
        let (mut server, mut peer) = server_and_peer(keeping_alive().pong_timeout(TICK));
        let start = Instant::now();
        let error = server.recv().await.unwrap_err();
        assert_took(start, 2 * TICK);
        assert!(error.to_string().contains("pong_timeout"), "{error}");
        assert_eq!(kind::<()>(Err(error)), ReceiveErrorKind::PongTimeout);
        assert_eq!(server.close_status().unwrap().code, CloseCode::ABNORMAL);
        assert_eq!(server.state(), State::Closed);
        drop(server);
        assert_eq!(wire::read_frame(&mut peer).await.0, 0x80 | PING);
        assert_eq!(wire::read_rest(&mut peer).await, b"");
    });
}

/// A peer that answers pings but says nothing is sent away with 1001, if that is configured.
#[test]
fn an_idle_connection_is_closed() {
    run_on_test_clock(async {
        let config = keeping_alive().idle_timeout(Some(4 * TICK));
        let (mut server, mut peer) = server_and_peer(config);
        let start = Instant::now();
        let peering = spawn(async move {
            loop {
                let (first, payload) = wire::read_frame(&mut peer).await;
                if first == 0x80 | CLOSE {
                    assert_took(start, 4 * TICK);
                    return payload;
                }
                wire::write(&mut peer, masked(PONG, payload)).await;
            }
        });
        let error = server.recv().await.unwrap_err();
        assert_eq!(error.close_code(), Some(CloseCode::GOING_AWAY));
        assert_eq!(kind::<()>(Err(error)), ReceiveErrorKind::IdleTimeout);
        assert_eq!(peering.await, wire::close(1001, ""));
    });
}

/// A peer that takes nothing is given up, whoever waits.
#[test]
fn a_peer_that_does_not_read_is_given_up() {
    run_on_test_clock(async {
        for by_recv in [true, false] {
            let (ours, _peer) = pipe(100);
            let mut server = server(ours, calm().write_timeout(Some(TICK)));
            let start = Instant::now();
            let error = if by_recv {
                server.feed("x".repeat(1000)).unwrap();
                server.recv().await.unwrap_err()
            } else {
                server.send("x".repeat(1000)).await.unwrap_err()
            };
            assert_took(start, TICK);
            assert_eq!(kind::<()>(Err(error)), ReceiveErrorKind::WriteTimeout);
            assert_eq!(server.state(), State::Closed);
            assert_eq!(kind(server.recv().await), ReceiveErrorKind::WriteTimeout);
            let failed = server.send("more").await;
            assert!(matches!(failed, Err(Error::Send(SendError::Closed))));
        }
    });
}

/// One that reads slowly is not: the deadline is for each step, not for the message.
#[test]
fn a_peer_that_reads_slowly_is_waited_for() {
    run_on_test_clock(async {
        let limit = 20 * TICK;
        let (ours, mut peer) = pipe(10);
        let mut server = server(ours, calm().write_timeout(Some(limit)));
        let sending = spawn(async move { server.send("x".repeat(100)).await });
        let start = Instant::now();
        let mut read = 0;
        while read < 102 {
            sleep(limit / 10).await;
            let mut bytes = [0; 8];
            read += peer.read(&mut bytes).await.unwrap();
        }
        assert!(start.elapsed() > limit);
        sending.await.unwrap();
    });
}

/// However much an application feeds to a peer that never reads: it is stopped at the mark.
#[test]
fn a_peer_that_never_reads_does_not_make_the_queue_grow() {
    run_on_test_clock(async {
        let (ours, _peer) = pipe(100);
        let mut server = server(ours, calm().max_queued(10_000));
        let mut fed = 0;
        for _ in 0..10_000 {
            match server.feed(vec![0; 500]) {
                Ok(()) => fed += 500,
                Err(Error::Send(SendError::Full(Some(message)))) => assert_eq!(message.len(), 500),
                Err(error) => panic!("{error}"),
            }
            let _ = once(server.flush()).await;
        }
        assert!(fed <= 11_000, "{fed}");
    });
}

/// A close to a peer that takes nothing has the close timeout, not the write timeout.
#[test]
fn a_close_to_a_peer_that_does_not_read() {
    run_on_test_clock(async {
        let (ours, _peer) = pipe(100);
        let config = calm().close_timeout(TICK).write_timeout(Some(LONG));
        let mut server = server(ours, config);
        server.feed("x".repeat(1000)).unwrap();
        let start = Instant::now();
        assert!(server.close().await.is_err());
        assert_took(start, TICK);
    });
}
