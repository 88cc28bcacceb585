//! Staying connected.

use std::time::Duration;

use super::support::{
    LONG, Pipe, TICK, assert_took, calm, join, listen, once, remade, run, run_on_test_clock, spawn,
    text, timeout, zeros,
};
use crate::miniws::reconnect::{Backoff, Cause, Reconnecting, Update};
use crate::miniws::{Client, CloseCode, Error, Event, Reply, Server, WebSocket};
use crate::runtime::Instant;

/// Waits that are the whole of what they may be.
fn exact() -> Backoff {
    Backoff::default().jitter(0.0)
}

fn quick() -> Backoff {
    exact()
        .first(Duration::from_millis(1))
        .most(Duration::from_millis(5))
}

/// The cause, the number of the next attempt, and the wait before it.
fn lost<W>(update: Result<Option<Update<W>>, Cause>) -> (Cause, u32, Duration) {
    match update {
        Ok(Some(Update::Lost {
            cause,
            retry,
            delay,
        })) => (cause, retry, delay),
        Ok(Some(Update::Event(event))) => panic!("expected a loss, not {event:?}"),
        Ok(Some(_)) => panic!("expected a loss, not a connection"),
        Ok(None) => panic!("expected a loss, not the end"),
        Err(cause) => panic!("expected a loss, not the end: {cause}"),
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

async fn nobody() -> Result<WebSocket<Pipe>, Error> {
    Err(std::io::Error::from(std::io::ErrorKind::ConnectionRefused).into())
}

#[test]
fn waits_are_as_long_as_they_should_be() {
    run_on_test_clock(async {
        let mut client = Reconnecting::new(nobody)
            .backoff(exact().first(TICK).most(4 * TICK).retries(Some(4)))
            .entropy(zeros);
        let start = Instant::now();
        let mut expected = Duration::ZERO;
        for (number, wait) in [(1, TICK), (2, 2 * TICK), (3, 4 * TICK), (4, 4 * TICK)] {
            let (_, retry, delay) = lost(client.recv().await);
            assert_eq!((retry, delay), (number, wait));
            assert_took(start, expected);
            expected += wait;
        }
        assert!(matches!(client.recv().await, Err(Cause::Connect(_))));
        assert_took(start, expected);
        assert!(client.recv().await.unwrap().is_none());
    });
}

#[test]
fn a_server_that_is_killed_and_comes_back_on_its_port() {
    run(async {
        let (mut listener, url) = listen(Server::new().config(calm())).await;
        let address = listener.local_addr();
        let mut client =
            Reconnecting::new(|| Client::new(&url).config(calm()).connect()).backoff(quick());
        let (sender, server) = join(client.recv(), listener.accept()).await;
        let (sender, mut server) = (connected(sender), server.unwrap().unwrap());
        sender.send("before").await.unwrap();
        assert_eq!(text(server.recv().await.unwrap()), "before");

        drop(server);
        drop(listener);
        let (cause, retry, _) = lost(client.recv().await);
        assert!(matches!(cause, Cause::Broken(_)), "{cause}");
        assert_eq!(retry, 1);
        assert!(sender.send("to nobody").await.is_err());
        let (cause, retry, _) = lost(client.recv().await);
        assert!(matches!(cause, Cause::Connect(Error::Io(_))), "{cause}");
        assert_eq!(retry, 2);

        let again = Server::new().config(calm()).bind(address).await;
        let mut listener = again.unwrap();
        let accepting = async {
            let mut server = listener.accept().await.unwrap().unwrap();
            assert_eq!(text(server.recv().await.unwrap()), "after");
            server.close_with(CloseCode::NORMAL, "done").await.unwrap();
        };
        let receiving = async {
            let mut updates = client.recv().await;
            while let Ok(Some(Update::Lost { .. })) = updates {
                updates = client.recv().await;
            }
            connected(updates).send("after").await.unwrap();
            assert!(client.recv().await.unwrap().is_none());
        };
        timeout(LONG, join(accepting, receiving)).await.unwrap();
    });
}

#[test]
fn a_server_that_is_busy_twice_and_one_that_forbids() {
    run(async {
        let answers = std::sync::Mutex::new(vec![403, 503, 503]);
        let server = Server::new().verify(move |_| {
            let status = answers.lock().unwrap().pop().unwrap();
            async move { Err(Reply::new(status)) }
        });
        let (mut listener, url) = listen(server).await;
        spawn(async move { while listener.accept().await.is_some() {} });
        let mut client = Reconnecting::new(|| Client::new(&url).connect()).backoff(quick());
        for number in [1, 2] {
            let (cause, retry, _) = lost(client.recv().await);
            assert_eq!(
                cause.response().map(|response| response.status()),
                Some(503)
            );
            assert_eq!(retry, number);
        }
        let cause = client.recv().await.err().unwrap();
        assert_eq!(
            cause.response().map(|response| response.status()),
            Some(403)
        );
        assert!(client.recv().await.unwrap().is_none());
    });
}

#[test]
fn a_close_of_the_peer_is_the_cause() {
    run(async {
        let (mut listener, url) = listen(Server::new().config(calm())).await;
        let mut client =
            Reconnecting::new(|| Client::new(&url).config(calm()).connect()).backoff(quick());
        for code in [CloseCode::GOING_AWAY, CloseCode::from(4000)] {
            let (sender, server) = join(client.recv(), listener.accept()).await;
            let (_sender, mut server) = (connected(sender), server.unwrap().unwrap());
            let (_, update) = join(server.close_with(code, "so"), client.recv()).await;
            let (cause, retry, _) = lost(update);
            assert!(
                matches!(&cause, Cause::Closed(status) if status.code == code),
                "{cause}"
            );
            assert!(retry <= 2);
        }
        let (sender, server) = join(client.recv(), listener.accept()).await;
        let (_sender, mut server) = (connected(sender), server.unwrap().unwrap());
        let refusing = server.close_with(CloseCode::POLICY_VIOLATION, "not you");
        let (_, update) = join(refusing, client.recv()).await;
        assert!(matches!(update, Err(Cause::Closed(_))));
    });
}

#[test]
fn closing_is_for_good() {
    run(async {
        let (mut listener, url) = listen(Server::new().config(calm())).await;
        let mut client =
            Reconnecting::new(|| Client::new(&url).config(calm()).connect()).backoff(quick());
        let (sender, server) = join(client.recv(), listener.accept()).await;
        let (_sender, mut server) = (connected(sender), server.unwrap().unwrap());
        // Even when nobody waits for it to the end.
        assert!(once(client.close()).await.is_none());
        let heard = async {
            assert!(matches!(server.recv().await, Ok(Some(Event::Close(_)))));
            drop(server);
        };
        let ((), update) = join(heard, client.recv()).await;
        assert!(update.unwrap().is_none());

        let mut client = Reconnecting::new(nobody).backoff(exact().first(LONG));
        lost(client.recv().await);
        assert!(client.close().await.unwrap().is_none());
        assert!(client.recv().await.unwrap().is_none());
    });
}

/// While it connects, receives, and waits.
#[test]
fn recv_dropped_at_every_poll() {
    run(async {
        let (mut listener, url) = listen(Server::new().config(calm())).await;
        spawn(async move {
            for _ in 0..2 {
                let mut server = listener.accept().await.unwrap().unwrap();
                for number in 0..20 {
                    server.send(format!("{number}")).await.unwrap();
                }
                let _ = server.close_with(CloseCode::GOING_AWAY, "").await;
            }
        });
        let mut attempts = 0;
        let mut client = Reconnecting::new(|| {
            attempts += 1;
            Client::new(&url).config(calm()).connect()
        })
        .backoff(quick());
        for _ in 0..2 {
            let _sender = connected(remade!(client.recv()));
            for number in 0..20 {
                match remade!(client.recv()) {
                    Ok(Some(Update::Event(event))) => {
                        assert_eq!(text(Some(event)), format!("{number}"))
                    }
                    _ => panic!("expected {number}"),
                }
            }
            assert!(matches!(lost(remade!(client.recv())).0, Cause::Closed(_)));
        }
        drop(client);
        assert_eq!(attempts, 2);
    });
}
