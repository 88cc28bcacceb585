//! What happens when nothing happens.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod common;

use std::io::Write;
use std::time::{Duration, Instant};

use common::endless::Endless;
use common::on_time::on_time;
use common::*;
use miniws_blocking::{
    CloseCode, Config, Connection, Event, Negotiated, ReceiveErrorKind, State, WebSocket,
};

const SHORT: Duration = Duration::from_millis(50);

#[test]
fn silence_is_pinged_and_the_answer_measured() {
    let (mut server, mut peer) = server_and_peer(Config::default().keep_alive(Some(SHORT)));
    let receiving = spawn(move || {
        let event = server.recv().unwrap();
        (event, server.latency())
    });
    for _ in 0..2 {
        let ping = read_exactly(&mut peer, 10);
        assert_eq!(ping[..2], [0x89, 8]);
        peer.write_all(&client_frame(0x8a, &ping[2..])).unwrap();
    }
    peer.write_all(&client_frame(0x81, b"hi")).unwrap();
    let (event, latency) = receiving.join();
    assert_eq!(text(event), "hi");
    assert!(latency.unwrap() < PATIENCE);
}

#[test]
fn peer_that_stays_silent_is_given_up() {
    let config = Config::default()
        .keep_alive(Some(SHORT))
        .pong_timeout(SHORT);
    let (mut server, mut peer) = server_and_peer(config);
    let started = Instant::now();
    let error = server.recv().unwrap_err();
    assert!((2 * SHORT..PATIENCE / 4).contains(&started.elapsed()));
    assert_eq!(receive_error(error), ReceiveErrorKind::PongTimeout);
    assert_eq!(server.state(), State::Closed);
    drop(server);
    assert_eq!(read_all(&mut peer).len(), 10);
}

#[test]
fn answers_that_waited_in_the_socket_count() {
    on_time(|| {
        let config = Config::default()
            .keep_alive(Some(SHORT))
            .pong_timeout(10 * SHORT);
        let (mut server, mut peer) = server_and_peer(config);
        let mut answering = peer.clone();
        // The application is busy for longer than the pong may take: it has come all the same.
        let pong = spawn(move || {
            let ping = read_exactly(&mut answering, 10);
            answering
                .write_all(&client_frame(0x8a, &ping[2..]))
                .unwrap();
            answering.write_all(&client_frame(0x81, b"here")).unwrap();
        });
        assert_eq!(text(server.recv().unwrap()), "here");
        pong.join();
        std::thread::sleep(13 * SHORT);
        peer.write_all(&client_frame(0x81, b"still here")).unwrap();
        assert_eq!(text(server.recv().unwrap()), "still here");
    });
}

#[test]
fn idle_connection_is_closed_with_1001() {
    let config = Config::default()
        .idle_timeout(Some(SHORT))
        .close_timeout(SHORT);
    let (mut server, mut peer) = server_and_peer(config);
    // Pings are no messages.
    peer.write_all(&client_frame(0x89, b"")).unwrap();
    let started = Instant::now();
    assert_eq!(server.recv().unwrap(), Some(Event::Ping("".into())));
    let error = server.recv().unwrap_err();
    assert!((SHORT..PATIENCE / 4).contains(&started.elapsed()));
    assert_eq!(error.close_code(), Some(CloseCode::GOING_AWAY));
    assert_eq!(receive_error(error), ReceiveErrorKind::IdleTimeout);
    let expected = [server_frame(0x8a, b""), server_frame(0x88, b"\x03\xe9")].concat();
    assert_eq!(read_all(&mut peer), expected);
}

/// There is always something to read, so no read ever waits until the deadline.
#[test]
fn idle_connection_is_closed_while_pings_keep_coming() {
    let config = Config::default()
        .idle_timeout(Some(SHORT))
        .close_timeout(SHORT);
    let connection = Connection::server(config, Negotiated::default());
    let stream = Endless(client_frame(0x89, b"!"));
    let mut server = WebSocket::from_parts(stream, connection, Default::default());
    let receiving = spawn(move || {
        loop {
            match server.recv() {
                Ok(Some(Event::Ping(_))) => {}
                Ok(other) => panic!("expected pings, got {other:?}"),
                Err(error) => break error,
            }
        }
    });
    assert_eq!(
        receive_error(receiving.join()),
        ReceiveErrorKind::IdleTimeout
    );
}

#[test]
fn messages_put_the_idle_timeout_off() {
    on_time(|| {
        let config = Config::default().idle_timeout(Some(4 * SHORT));
        let (mut server, mut peer) = server_and_peer(config);
        let sending = spawn(move || {
            for _ in 0..8 {
                std::thread::sleep(SHORT);
                peer.write_all(&client_frame(0x81, b"hi")).unwrap();
            }
            peer
        });
        for _ in 0..8 {
            assert_eq!(text(server.recv().unwrap()), "hi");
        }
        sending.join();
    });
}

/// Without any deadline, the read waits for ever, and is not woken now and then.
#[test]
fn no_deadline_is_no_timeout() {
    let config = Config::default().keep_alive(None);
    let (mut server, mut client, _listener) = tcp_pair(&config);
    let receiving = spawn(move || {
        let event = server.recv().unwrap();
        (event, server)
    });
    assert!(!receiving.is_done_within(SHORT));
    client.send("at last").unwrap();
    let (event, server) = receiving.join();
    assert_eq!(text(event), "at last");
    assert_eq!(server.get_ref().read_timeout().unwrap(), None);
}

/// Over TCP the timeouts are the system's.
#[test]
fn deadlines_are_kept_over_tcp() {
    let config = Config::default()
        .keep_alive(Some(SHORT))
        .pong_timeout(SHORT);
    let (mut server, client, _listener) = tcp_pair(&config);
    let started = Instant::now();
    let error = server.recv().unwrap_err();
    assert_eq!(receive_error(error), ReceiveErrorKind::PongTimeout);
    assert!((2 * SHORT..PATIENCE / 4).contains(&started.elapsed()));
    drop(client);
}

#[test]
fn stuck_output_is_given_up_while_receiving() {
    let config = Config::default().write_timeout(Some(SHORT));
    let (mut server, mut peer) = narrow(config);
    server.feed(vec![0; 10_000]).unwrap();
    // What the peer sends doesn't count as taking anything.
    let flooding = spawn(move || while peer.write_all(&client_frame(0x89, b"")).is_ok() {});
    let started = Instant::now();
    let error = loop {
        match server.recv() {
            Ok(Some(Event::Ping(_))) => {}
            Ok(other) => panic!("expected pings, got {other:?}"),
            Err(error) => break error,
        }
    };
    assert_eq!(receive_error(error), ReceiveErrorKind::WriteTimeout);
    assert!((SHORT..PATIENCE / 4).contains(&started.elapsed()));
    drop(server);
    flooding.join();
}
