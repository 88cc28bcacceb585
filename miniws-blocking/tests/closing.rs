//! How connections end.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod common;

use std::io::{Read, Write};
use std::net::Shutdown;
use std::time::{Duration, Instant};

use common::endless::Endless;
use common::*;
use miniws_blocking::{
    CloseCode, Config, Event, Message, ReceiveErrorKind, SendError, SharedStream, State, Stream,
    WebSocket,
};

/// The application does nothing but see the event and drop the WebSocket.
#[test]
fn peers_close_is_answered_before_it_is_told() {
    let (mut server, mut peer) = server_and_peer(Config::default());
    peer.write_all(&client_frame(0x88, b"\x03\xe9bye")).unwrap();
    let frame = close_frame(server.recv().unwrap()).unwrap();
    assert_eq!(frame.code(), CloseCode::GOING_AWAY);
    assert_eq!(peer.unread(), 0);
    assert_eq!(server.get_ref().unread(), 4);
    drop(server);
    assert_eq!(read_all(&mut peer), server_frame(0x88, b"\x03\xe9"));
}

#[test]
fn dropping_on_the_close_event_is_a_clean_end_over_tcp() {
    let (server, client, _listener) = tcp_pair(&Config::default());
    close_and_drop(server, client);
    let (server, client, _listener) = tcp_pair(&Config::default());
    close_and_drop(client, server);
}

fn close_and_drop<C, D>(mut closer: WebSocket<C>, mut closed: WebSocket<D>)
where
    C: Stream,
    D: SharedStream + 'static,
{
    let seeing = spawn(move || close_frame(closed.recv().unwrap()).unwrap().code());
    let status = closer.close_with(CloseCode::from(4001), "").unwrap();
    assert_eq!((status.code, status.clean), (CloseCode::from(4001), true));
    assert_eq!(closer.state(), State::Closed);
    assert_eq!(seeing.join(), CloseCode::from(4001));
}

#[test]
fn our_close_ends_with_the_peers() {
    let (mut client, mut peer) = client_and_peer(Config::default());
    let closing = spawn(move || {
        let status = client.close().unwrap();
        (status, client.state(), client.recv().unwrap())
    });
    assert_eq!(read_exactly(&mut peer, 8), client_frame(0x88, b"\x03\xe8"));
    peer.write_all(&server_frame(0x88, b"\x03\xe8done"))
        .unwrap();
    // RFC 6455 section 7.1.1: the client waits for the server to end TCP.
    assert!(!closing.is_done_within(Duration::from_millis(50)));
    drop(peer);
    let (status, state, event) = closing.join();
    assert_eq!((status.code, &*status.reason), (CloseCode::NORMAL, "done"));
    assert!(status.clean);
    assert_eq!((state, event), (State::Closed, None));
}

#[test]
fn server_ends_tcp_first() {
    let (mut server, mut peer) = server_and_peer(Config::default());
    let closing = spawn(move || server.close());
    assert_eq!(read_exactly(&mut peer, 4), server_frame(0x88, b"\x03\xe8"));
    peer.write_all(&client_frame(0x88, b"\x03\xe8")).unwrap();
    // Its end comes although ours has not.
    assert_eq!(peer.read(&mut [0]).unwrap(), 0);
    assert!(!closing.is_done_within(Duration::from_millis(50)));
    drop(peer);
    assert!(closing.join().unwrap().clean);
}

#[test]
fn messages_count_until_the_peers_close() {
    let (server, mut peer) = server_and_peer(Config::default());
    let (sender, mut receiver) = server.split();
    sender.close().unwrap();
    peer.write_all(&client_frame(0x81, b"on its way")).unwrap();
    peer.write_all(&client_frame(0x88, b"")).unwrap();
    peer.write_all(&client_frame(0x81, b"nothing")).unwrap();
    peer.end();
    assert_eq!(text(receiver.recv().unwrap()), "on its way");
    assert_eq!(close_frame(receiver.recv().unwrap()), None);
    assert_eq!(receiver.recv().unwrap(), None);
}

#[test]
fn peer_that_does_not_answer_our_close_is_given_up() {
    let timeout = Duration::from_millis(100);
    let (mut server, _peer) = server_and_peer(Config::default().close_timeout(timeout));
    let started = Instant::now();
    let error = server.close().unwrap_err();
    assert!((timeout..PATIENCE / 4).contains(&started.elapsed()));
    assert_eq!(receive_error(error), ReceiveErrorKind::CloseTimeout);
    let status = server.close_status().unwrap();
    assert_eq!((status.code, status.clean), (CloseCode::ABNORMAL, false));
}

/// A peer that answers, but never ends TCP, is clean all the same.
#[test]
fn peer_that_does_not_end_tcp_is_given_up() {
    let timeout = Duration::from_millis(100);
    let (mut client, mut peer) = client_and_peer(Config::default().close_timeout(timeout));
    peer.write_all(&server_frame(0x88, b"\x03\xe8")).unwrap();
    let started = Instant::now();
    assert!(client.close().unwrap().clean);
    assert!((timeout..PATIENCE / 4).contains(&started.elapsed()));
}

/// What keeps coming must not keep us.
#[test]
fn peer_that_goes_on_sending_is_given_up() {
    for answers in [true, false] {
        let timeout = Duration::from_millis(100);
        let (mut server, mut peer) = server_and_peer(Config::default().close_timeout(timeout));
        let flooding = spawn(move || {
            if answers {
                peer.write_all(&client_frame(0x88, b"")).unwrap();
            }
            while peer.write_all(&client_frame(0x81, b"more")).is_ok() {}
        });
        let started = Instant::now();
        let closed = server.close();
        assert!((timeout..PATIENCE / 4).contains(&started.elapsed()));
        assert_eq!(closed.is_ok(), answers, "{closed:?}");
        drop(server);
        flooding.join();
    }
}

#[test]
fn deadline_is_kept_without_a_pause() {
    let config = Config::default().close_timeout(Duration::from_millis(100));
    let connection =
        miniws_blocking::Connection::server(config, miniws_blocking::Negotiated::default());
    let mut server = miniws_blocking::WebSocket::from_parts(
        Endless(client_frame(0x81, b"")),
        connection,
        Default::default(),
    );
    let closing = spawn(move || server.close().unwrap_err());
    assert_eq!(
        receive_error(closing.join()),
        ReceiveErrorKind::CloseTimeout
    );
}

/// Nothing but the close can be written, and not even that.
#[test]
fn peer_that_takes_no_close_is_given_up() {
    let (ours, _peer) = pipe::pair_of(100, usize::MAX);
    let config = Config::default().close_timeout(Duration::from_millis(100));
    let connection =
        miniws_blocking::Connection::server(config, miniws_blocking::Negotiated::default());
    let mut server = miniws_blocking::WebSocket::from_parts(ours, connection, Default::default());
    server.feed(vec![0; 1000]).unwrap();
    let error = server.close().unwrap_err();
    assert_eq!(receive_error(error), ReceiveErrorKind::CloseTimeout);
}

#[test]
fn both_close_at_once() {
    let (mut server, mut client, _listener) = tcp_pair(&Config::default());
    let closing = spawn(move || server.close_with(CloseCode::from(4002), ""));
    let status = client.close_with(CloseCode::from(4001), "").unwrap();
    assert!(status.clean);
    assert!(closing.join().unwrap().clean);
}

#[test]
fn closing_again_only_waits() {
    let (mut server, mut peer) = server_and_peer(Config::default());
    peer.write_all(&client_frame(0x88, b"\x0f\xa1")).unwrap();
    peer.end();
    close_frame(server.recv().unwrap());
    for _ in 0..2 {
        let status = server.close().unwrap();
        assert_eq!((status.code, status.clean), (CloseCode::from(4001), true));
    }
}

#[test]
fn terminate_and_drop_end_without_a_close() {
    for terminate in [true, false] {
        let (server, mut client, _listener) = tcp_pair(&Config::default());
        match terminate {
            true => server.terminate(),
            false => drop(server),
        }
        let error = client.recv().unwrap_err();
        assert!(error.is_connection_lost());
        assert_eq!(client.close_status().unwrap().code, CloseCode::ABNORMAL);
    }
}

/// The write fails, but what the peer sent before it went is still there.
#[test]
fn failing_write_does_not_hide_the_peers_close() {
    let (mut server, mut peer) = server_and_peer(Config::default());
    peer.write_all(&client_frame(0x81, b"last words")).unwrap();
    peer.write_all(&client_frame(0x88, b"\x03\xe8")).unwrap();
    drop(peer);
    assert!(server.send("x").is_err());
    assert_eq!(text(server.recv().unwrap()), "last words");
    assert_eq!(
        close_frame(server.recv().unwrap()).unwrap().code(),
        CloseCode::NORMAL
    );
    assert_eq!(server.recv().unwrap(), None);
}

/// The peer reads no more, but has not ended either: its close is told all the same, and at once.
#[test]
fn close_that_cannot_be_answered_is_told() {
    let (mut server, mut peer) = server_and_peer(Config::default().close_timeout(LONG));
    peer.write_all(&client_frame(0x88, b"\x03\xe8")).unwrap();
    peer.shutdown_shared(Shutdown::Read).unwrap();
    let receiving = spawn(move || close_frame(server.recv().unwrap()));
    assert_eq!(receiving.join().unwrap().code(), CloseCode::NORMAL);
}

/// A reset after both closes is how some peers end TCP.
#[test]
fn reset_after_the_close_is_no_error() {
    let (mut server, mut client, _listener) = tcp_pair(&Config::default());
    server.feed("unread").unwrap();
    let closing = spawn(move || server.close());
    // The client reads up to the close, which it answers, and drops the rest: none.
    assert_eq!(text(client.recv().unwrap()), "unread");
    close_frame(client.recv().unwrap());
    socket2::SockRef::from(client.get_ref().tcp().unwrap())
        .set_linger(Some(Duration::ZERO))
        .unwrap();
    drop(client);
    assert!(closing.join().unwrap().clean);
}

#[test]
fn states() {
    let (mut server, mut peer) = server_and_peer(Config::default());
    assert_eq!((server.state(), server.close_status()), (State::Open, None));
    peer.write_all(&client_frame(0x88, b"")).unwrap();
    close_frame(server.recv().unwrap());
    assert_eq!(server.state(), State::Closing);
    peer.end();
    assert_eq!(server.recv().unwrap(), None);
    assert_eq!(server.state(), State::Closed);
}

#[test]
fn feeding_a_closed_connection_says_so() {
    let (mut server, peer) = server_and_peer(Config::default());
    drop(peer);
    assert!(server.recv().is_err());
    let error = server.feed(Message::from("x")).unwrap_err();
    assert!(matches!(
        error,
        miniws_blocking::Error::Send(SendError::Closed)
    ));
    assert!(!matches!(server.recv(), Ok(Some(Event::Message(_)))));
}
