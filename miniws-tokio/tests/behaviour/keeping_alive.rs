//! Silence, and what is done about it, on a clock that jumps.

use std::time::Duration;

use bytes::Bytes;
use miniws_tokio::{CloseCode, Config, Error, Event, ReceiveErrorKind, SendError, State};
use tokio::io::AsyncReadExt;
use tokio::time::{Instant, sleep};

use crate::support::wire::{self, CLOSE, PING, PONG, TEXT, masked};
use crate::support::{calm, client_and_peer, kind, run_paused, server, server_and_peer, text};

const SECOND: Duration = Duration::from_secs(1);

/// By default after 30 seconds without a byte, and again after 30 more.
#[test]
fn a_silent_peer_is_pinged() {
    run_paused(async {
        let (mut server, mut peer) = server_and_peer(Config::default());
        let start = Instant::now();
        let peering = tokio::spawn(async move {
            for round in 1..=3_u32 {
                let (first, payload) = wire::read_frame(&mut peer).await;
                assert_eq!(first, 0x80 | PING);
                assert_eq!(start.elapsed(), 30 * SECOND * round);
                wire::write(&mut peer, masked(PONG, payload)).await;
            }
            wire::write(&mut peer, masked(TEXT, "enough")).await;
            peer
        });
        // The application sees nothing of it.
        assert_eq!(text(server.recv().await.unwrap()), "enough");
        peering.await.unwrap();
    });
}

/// It is the receiver that does so, and a client does it as well.
#[test]
fn halves_and_clients_ping_too() {
    run_paused(async {
        let (client, mut peer) = client_and_peer(Config::default().keep_alive(Some(SECOND)));
        let (_sender, mut receiver) = client.split();
        let receiving = tokio::spawn(async move { receiver.recv().await });
        let start = Instant::now();
        assert_eq!(wire::read_frame(&mut peer).await.0, 0x80 | PING);
        assert_eq!(start.elapsed(), SECOND);
        drop(peer);
        assert!(receiving.await.unwrap().is_err());
    });
}

#[test]
fn traffic_puts_the_ping_off() {
    run_paused(async {
        let (mut server, mut peer) = server_and_peer(Config::default());
        let start = Instant::now();
        let receiving = tokio::spawn(async move { while let Ok(Some(_)) = server.recv().await {} });
        sleep(20 * SECOND).await;
        wire::write(&mut peer, masked(TEXT, "here")).await;
        assert_eq!(wire::read_frame(&mut peer).await.0, 0x80 | PING);
        assert_eq!(start.elapsed(), 50 * SECOND);
        drop(peer);
        receiving.await.unwrap();
    });
}

#[test]
fn it_can_be_turned_off() {
    run_paused(async {
        let (mut server, mut peer) = server_and_peer(calm());
        let receiving = tokio::spawn(async move { server.recv().await });
        tokio::select! {
            byte = peer.read_u8() => panic!("{byte:?}"),
            () = sleep(Duration::from_secs(1_000_000)) => {}
        }
        wire::write(&mut peer, masked(TEXT, "still there")).await;
        assert_eq!(text(receiving.await.unwrap().unwrap()), "still there");
    });
}

#[test]
fn the_round_trip_is_measured() {
    run_paused(async {
        let (mut server, mut peer) = server_and_peer(Config::default());
        assert_eq!(server.latency(), None);
        let peering = tokio::spawn(async move {
            let (_, payload) = wire::read_frame(&mut peer).await;
            sleep(Duration::from_millis(120)).await;
            wire::write(&mut peer, masked(PONG, payload)).await;
            sleep(SECOND).await;
            wire::write(&mut peer, masked(TEXT, "done")).await;
            peer
        });
        assert_eq!(text(server.recv().await.unwrap()), "done");
        assert_eq!(server.latency(), Some(Duration::from_millis(120)));
        let (_, receiver) = server.split();
        assert_eq!(receiver.latency(), Some(Duration::from_millis(120)));
        peering.await.unwrap();
    });
}

/// A pong with other content answers nothing, and is shown.
#[test]
fn another_pong_is_no_answer() {
    run_paused(async {
        let (mut server, mut peer) = server_and_peer(Config::default());
        let peering = tokio::spawn(async move {
            wire::read_frame(&mut peer).await;
            wire::write(&mut peer, masked(PONG, "something else")).await;
            peer
        });
        let event = server.recv().await.unwrap();
        assert_eq!(event, Some(Event::Pong(Bytes::from("something else"))));
        assert_eq!(server.latency(), None);
        peering.await.unwrap();
    });
}

/// 20 seconds after a ping without a byte, the connection is over, and nothing is sent to say so.
#[test]
fn no_pong_ends_the_connection() {
    run_paused(async {
        let (mut server, mut peer) = server_and_peer(Config::default());
        let start = Instant::now();
        let error = server.recv().await.unwrap_err();
        assert_eq!(start.elapsed(), 50 * SECOND);
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
    run_paused(async {
        let config = Config::default().idle_timeout(Some(100 * SECOND));
        let (mut server, mut peer) = server_and_peer(config);
        let start = Instant::now();
        let peering = tokio::spawn(async move {
            loop {
                let (first, payload) = wire::read_frame(&mut peer).await;
                if first == 0x80 | CLOSE {
                    assert_eq!(start.elapsed(), 100 * SECOND);
                    return payload;
                }
                wire::write(&mut peer, masked(PONG, payload)).await;
            }
        });
        let error = server.recv().await.unwrap_err();
        assert_eq!(error.close_code(), Some(CloseCode::GOING_AWAY));
        assert_eq!(kind::<()>(Err(error)), ReceiveErrorKind::IdleTimeout);
        assert_eq!(peering.await.unwrap(), wire::close(1001, ""));
    });
}

/// A peer that takes nothing for 30 seconds is given up, whoever waits.
#[test]
fn a_peer_that_does_not_read_is_given_up() {
    run_paused(async {
        for by_recv in [true, false] {
            let (ours, _peer) = tokio::io::duplex(100);
            let mut server = server(ours, calm());
            let start = Instant::now();
            let error = if by_recv {
                server.feed("x".repeat(1000)).unwrap();
                server.recv().await.unwrap_err()
            } else {
                server.send("x".repeat(1000)).await.unwrap_err()
            };
            assert_eq!(start.elapsed(), 30 * SECOND);
            assert_eq!(kind::<()>(Err(error)), ReceiveErrorKind::WriteTimeout);
            assert_eq!(server.state(), State::Closed);
            assert_eq!(kind(server.recv().await), ReceiveErrorKind::WriteTimeout);
            assert!(matches!(
                server.send("more").await,
                Err(Error::Send(SendError::Closed))
            ));
        }
    });
}

/// One that reads slowly is not.
#[test]
fn a_peer_that_reads_slowly_is_waited_for() {
    run_paused(async {
        let (ours, mut peer) = tokio::io::duplex(10);
        let mut server = server(ours, calm());
        let sending = tokio::spawn(async move { server.send("x".repeat(100)).await });
        let mut read = 0;
        while read < 102 {
            sleep(29 * SECOND).await;
            let mut bytes = [0; 5];
            read += peer.read(&mut bytes).await.unwrap();
        }
        sending.await.unwrap().unwrap();
    });
}

/// However much an application feeds to a peer that never reads: it is stopped at the mark.
#[test]
fn a_peer_that_never_reads_does_not_make_the_queue_grow() {
    run_paused(async {
        let (ours, _peer) = tokio::io::duplex(100);
        let mut server = server(ours, calm().max_queued(10_000));
        let mut fed = 0;
        for _ in 0..10_000 {
            match server.feed(vec![0; 500]) {
                Ok(()) => fed += 500,
                Err(Error::Send(SendError::Full(Some(message)))) => assert_eq!(message.len(), 500),
                Err(error) => panic!("{error}"),
            }
            let _ = crate::support::once(server.flush()).await;
        }
        assert!(fed <= 11_000, "{fed}");
    });
}

/// A close to a peer that takes nothing has the close timeout, not the write timeout.
#[test]
fn a_close_to_a_peer_that_does_not_read() {
    run_paused(async {
        let (ours, _peer) = tokio::io::duplex(100);
        let mut server = server(ours, calm());
        server.feed("x".repeat(1000)).unwrap();
        let start = Instant::now();
        assert!(server.close().await.is_err());
        assert_eq!(start.elapsed(), 5 * SECOND);
    });
}
