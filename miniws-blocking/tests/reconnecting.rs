//! Staying connected.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::io;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use common::pipe::Pipe;
use common::{LONG, spawn, url};
use miniws_blocking::reconnect::{Backoff, Cause, Reconnecting, Update};
use miniws_blocking::{Client, CloseCode, Error, Event, Message, Reply, Server, WebSocket};

fn quick() -> Backoff {
    let backoff = Backoff::default().first(Duration::from_millis(1));
    backoff.most(Duration::from_millis(5)).jitter(0.0)
}

fn nobody() -> Result<WebSocket<Pipe>, Error> {
    Err(io::Error::from(io::ErrorKind::ConnectionRefused).into())
}

/// The cause, and the number of the next attempt.
fn lost<W>(update: Result<Option<Update<W>>, Cause>) -> (Cause, u32) {
    match update {
        Ok(Some(Update::Lost { cause, retry, .. })) => (cause, retry),
        Err(cause) => panic!("expected a loss, not the end: {cause}"),
        Ok(_) => panic!("expected a loss"),
    }
}

fn connected<W>(update: Result<Option<Update<W>>, Cause>) -> W {
    match update {
        Ok(Some(Update::Connected(sender))) => sender,
        Ok(Some(Update::Lost { cause, .. })) | Err(cause) => {
            panic!("expected a connection, not {cause}")
        }
        Ok(_) => panic!("expected a connection"),
    }
}

#[test]
fn a_server_that_is_killed_and_comes_back_on_its_port() {
    let listener = Server::new().bind("127.0.0.1:0").unwrap();
    let (address, url) = (listener.local_addr(), url(&listener));
    let server = spawn(move || {
        let mut server = listener.accept().unwrap().unwrap();
        assert_eq!(
            server.recv().unwrap(),
            Some(Event::Message(Message::from("before")))
        );
    });
    let mut client = Reconnecting::new(|| Client::new(&url).connect()).backoff(quick());
    let sender = connected(client.recv());
    sender.send("before").unwrap();
    server.join();
    let (cause, retry) = lost(client.recv());
    assert!(matches!(cause, Cause::Broken(_)), "{cause}");
    assert_eq!(retry, 1);
    assert!(sender.send("to nobody").is_err());
    let (cause, retry) = lost(client.recv());
    assert!(matches!(cause, Cause::Connect(Error::Io(_))), "{cause}");
    assert_eq!(retry, 2);

    let listener = Server::new().bind(address).unwrap();
    let server = spawn(move || {
        let mut server = listener.accept().unwrap().unwrap();
        assert_eq!(
            server.recv().unwrap(),
            Some(Event::Message(Message::from("after")))
        );
        server.close_with(CloseCode::NORMAL, "done").unwrap();
    });
    let mut update = client.recv();
    while let Ok(Some(Update::Lost { .. })) = update {
        update = client.recv();
    }
    connected(update).send("after").unwrap();
    assert!(client.recv().unwrap().is_none());
    server.join();
}

#[test]
fn a_server_that_is_busy_twice_and_one_that_forbids() {
    let answers = Mutex::new(vec![403, 503, 503]);
    let server =
        Server::new().verify(move |_| Err(Reply::new(answers.lock().unwrap().pop().unwrap())));
    let listener = server.bind("127.0.0.1:0").unwrap();
    let url = url(&listener);
    spawn(move || while listener.accept().is_some() {});
    let mut client = Reconnecting::new(|| Client::new(&url).connect()).backoff(quick());
    for number in [1, 2] {
        let (cause, retry) = lost(client.recv());
        assert_eq!(
            cause.response().map(|response| response.status()),
            Some(503)
        );
        assert_eq!(retry, number);
    }
    let cause = client.recv().err().unwrap();
    assert_eq!(
        cause.response().map(|response| response.status()),
        Some(403)
    );
    assert!(client.recv().unwrap().is_none());
}

#[test]
fn it_waits_and_gives_up() {
    let wait = Duration::from_millis(20);
    let backoff = Backoff::default().first(wait).jitter(0.0);
    let mut client = Reconnecting::new(nobody).backoff(backoff.retries(Some(2)));
    let start = Instant::now();
    assert_eq!(lost(client.recv()).1, 1);
    assert_eq!(lost(client.recv()).1, 2);
    assert!(matches!(client.recv(), Err(Cause::Connect(_))));
    assert!(start.elapsed() >= 3 * wait);
}

#[test]
fn closing_ends_a_wait() {
    let backoff = Backoff::default().first(LONG).jitter(0.0);
    let mut client = Reconnecting::new(nobody).backoff(backoff);
    lost(client.recv());
    let closer = client.closer();
    let waiting = spawn(move || client.recv().unwrap().is_none());
    closer.close();
    assert!(waiting.join());
}

#[test]
fn closing_ends_a_connection() {
    let listener = Server::new().bind("127.0.0.1:0").unwrap();
    let url = url(&listener);
    let server = spawn(move || {
        let mut server = listener.accept().unwrap().unwrap();
        let event = server.recv().unwrap();
        assert!(matches!(event, Some(Event::Close(_))), "{event:?}");
    });
    let mut client = Reconnecting::new(move || Client::new(&url).connect()).backoff(quick());
    let closer = client.closer();
    let _sender = connected(client.recv());
    let receiving = spawn(move || client.recv().unwrap().is_none());
    closer.close();
    closer.close();
    assert!(receiving.join());
    server.join();
}

/// Whoever may close it keeps nothing open.
#[test]
fn dropping_it_ends_the_connection() {
    let listener = Server::new().bind("127.0.0.1:0").unwrap();
    let url = url(&listener);
    let server = spawn(move || {
        let mut server = listener.accept().unwrap().unwrap();
        server.recv().unwrap_err()
    });
    let mut client = Reconnecting::new(|| Client::new(&url).connect());
    let closer = client.closer();
    drop(connected(client.recv()));
    drop(client);
    assert!(server.join().is_connection_lost());
    closer.close();
}
