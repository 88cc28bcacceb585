//! Two threads at one stream of TLS, and its deadlines.

use std::time::Duration;

use crate::miniws::{Config, Event, Message, ReceiveErrorKind, SharedStream, WebSocket};
use crate::{Error, PATIENCE, Running, pair, run, spawn};

/// Sends and receives large messages at the same time.
fn exchange<S: SharedStream + 'static>(socket: WebSocket<S>) -> Running<()> {
    let (sender, mut receiver) = socket.split();
    let sending = spawn(move || {
        for number in 0..10 {
            sender.send(vec![number; 1 << 20]).unwrap();
        }
        sender
    });
    spawn(move || {
        for number in 0..10 {
            let Some(Event::Message(Message::Binary(bytes))) = receiver.recv().unwrap() else {
                panic!("no message");
            };
            assert!(bytes.len() == 1 << 20 && bytes.iter().all(|byte| *byte == number));
        }
        drop(sending.join());
    })
}

/// Both sides send far more than the sockets between them hold.
#[test]
fn full_duplex() {
    run(|| {
        let (server, client, _listener) = pair(&Config::default());
        let (one, other) = (exchange(server), exchange(client));
        one.join();
        other.join();
    });
}

/// The same without halves: who sends reads as well when the peer takes nothing.
#[test]
fn both_send_before_they_receive() {
    run(|| {
        let (mut server, mut client, _listener) = pair(&Config::default());
        let serving = spawn(move || {
            server.feed(vec![1; 8 << 20]).unwrap();
            assert!(matches!(server.recv().unwrap(), Some(Event::Message(_))));
            while server.recv().unwrap().is_some() {}
        });
        client.feed(vec![2; 8 << 20]).unwrap();
        assert!(matches!(client.recv().unwrap(), Some(Event::Message(_))));
        assert!(client.close().unwrap().clean);
        serving.join();
    });
}

/// A half that waits to receive does not keep the other one from sending, nor from closing.
#[test]
fn sending_while_the_other_half_waits() {
    run(|| {
        let (mut server, client, _listener) = pair(&Config::default().keep_alive(None));
        let (sender, mut receiver) = client.split();
        let receiving = spawn(move || {
            while receiver.recv().unwrap().is_some() {}
            receiver.close_status().unwrap().clean
        });
        assert!(!receiving.is_done_within(Duration::from_millis(50)));
        for message in ["one", "two"] {
            sender.send(message).unwrap();
            let received = server.recv().unwrap();
            assert_eq!(received, Some(Event::Message(message.into())));
        }
        let ending = spawn(move || while server.recv().unwrap().is_some() {});
        sender.close().unwrap();
        assert!(receiving.join());
        ending.join();
    });
}

/// A half that waits to send to a peer who takes nothing does not keep the other from receiving.
#[test]
fn receiving_while_the_other_half_waits() {
    run(|| {
        let (server, client, _listener) = pair(&Config::default());
        let (sender, mut receiver) = client.split();
        let sending = spawn(move || sender.send(vec![0; 16 << 20]));
        assert!(!sending.is_done_within(Duration::from_millis(50)));
        let (their_sender, mut their_receiver) = server.split();
        their_sender.send("hello").unwrap();
        let received = receiver.recv().unwrap();
        assert_eq!(received, Some(Event::Message("hello".into())));
        assert!(matches!(
            their_receiver.recv().unwrap(),
            Some(Event::Message(_))
        ));
        sending.join().unwrap();
    });
}

#[test]
fn a_peer_that_takes_nothing_is_given_up() {
    run(|| {
        let config = Config::default().write_timeout(Some(Duration::from_millis(300)));
        let (_silent, mut client, _listener) = pair(&config);
        let error = client.send(vec![0; 16 << 20]).unwrap_err();
        let Error::Receive(error) = error else {
            panic!("{error}");
        };
        assert_eq!(error.kind(), ReceiveErrorKind::WriteTimeout);
    });
}

#[test]
fn a_silent_peer_is_given_up() {
    run(|| {
        let config = Config::default()
            .keep_alive(Some(Duration::from_millis(50)))
            .pong_timeout(Duration::from_millis(50))
            .close_timeout(Duration::from_millis(50));
        let (mut server, _silent, _listener) = pair(&config);
        let receiving = spawn(move || server.recv().unwrap_err());
        assert!(receiving.is_done_within(PATIENCE));
        let Error::Receive(error) = receiving.join() else {
            panic!();
        };
        assert_eq!(error.kind(), ReceiveErrorKind::PongTimeout);
    });
}
