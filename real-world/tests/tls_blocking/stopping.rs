//! A server that stops, and its connections over TLS.

use std::time::Duration;

use crate::miniws::{CloseCode, Config, Event, NetStream, WebSocket};
use crate::{PATIENCE, pair, run, spawn};

fn is_told_of_the_end(client: &mut WebSocket<NetStream>) {
    let Some(Event::Close(Some(frame))) = client.recv().unwrap() else {
        panic!("no close");
    };
    assert_eq!(frame.code(), CloseCode::GOING_AWAY);
    assert!(client.recv().unwrap().is_none());
}

/// The server's thread waits to receive.
#[test]
fn closes_who_waits() {
    run(|| {
        let (mut server, mut client, listener) = pair(&Config::default().keep_alive(None));
        let serving = spawn(move || {
            while server.recv().unwrap().is_some() {}
            server.close_status().unwrap().clean
        });
        assert!(!serving.is_done_within(Duration::from_millis(50)));
        let receiving = spawn(move || is_told_of_the_end(&mut client));
        listener.stopper().close_all(PATIENCE);
        assert!(serving.join());
        receiving.join();
        assert!(listener.accept().is_none());
    });
}

#[test]
fn closes_a_half_that_waits() {
    run(|| {
        let (server, mut client, listener) = pair(&Config::default().keep_alive(None));
        let (sender, mut receiver) = server.split();
        let serving = spawn(move || while receiver.recv().unwrap().is_some() {});
        assert!(!serving.is_done_within(Duration::from_millis(50)));
        drop(sender);
        let receiving = spawn(move || is_told_of_the_end(&mut client));
        listener.stopper().close_all(PATIENCE);
        serving.join();
        receiving.join();
    });
}

/// At the deadline, whether the thread waits to receive or to send.
#[test]
fn ends_who_does_not_answer() {
    run(|| {
        let config = Config::default().keep_alive(None);
        let (mut server, _silent, listener) = pair(&config);
        let receiving = spawn(move || server.recv().unwrap_err());
        listener.stopper().close_all(Duration::from_millis(100));
        assert!(receiving.join().is_connection_lost());

        let (mut server, _silent, listener) = pair(&config);
        let sending = spawn(move || server.send(vec![0; 16 << 20]).unwrap_err());
        assert!(!sending.is_done_within(Duration::from_millis(50)));
        listener.stopper().close_all(Duration::from_millis(100));
        sending.join();
    });
}
