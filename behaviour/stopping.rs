//! How a server ends.

use std::time::Duration;

use async_channel::{bounded, unbounded};

use super::support::wire::{self, CLOSE};
use super::support::{
    LONG, calm, close, dial, join, listen, once, run, spawn, text, timeout, yield_now,
};
use crate::miniws::{Accept, Event, Message, Server, State, connect};
use crate::runtime::{Instant, TcpStream};

#[test]
fn stop_leaves_connections_alone() {
    run(async {
        let (mut listener, url) = listen(Server::new()).await;
        let stopper = listener.stopper();
        let (server, client) = join(listener.accept(), connect(&url)).await;
        let (mut server, mut client) = (server.unwrap().unwrap(), client.unwrap());

        stopper.stop();
        assert!(listener.accept().await.is_none());
        assert!(listener.accept().await.is_none(), "and it stays so");
        assert!(TcpStream::connect(listener.local_addr()).await.is_err());

        client.send("still there?").await.unwrap();
        assert_eq!(text(server.recv().await.unwrap()), "still there?");
        server.send("yes").await.unwrap();
        assert_eq!(text(client.recv().await.unwrap()), "yes");
        assert_eq!((server.state(), client.state()), (State::Open, State::Open));
    });
}

#[test]
fn stop_ends_a_waiting_accept() {
    run(async {
        let (mut listener, _) = listen(Server::new()).await;
        let stopper = listener.stopper();
        let waiting = spawn(async move { listener.accept().await.is_none() });
        yield_now().await;
        stopper.stop();
        assert!(waiting.await);
    });
}

/// A handshake that is under way is finished.
#[test]
fn stop_lets_handshakes_finish() {
    run(async {
        let (entered, has_entered) = unbounded();
        let (release, released) = bounded(1);
        let server = Server::new().verify(move |_| {
            entered.try_send(()).unwrap();
            let released = released.clone();
            async move {
                released.recv().await.unwrap();
                Ok(Accept::new())
            }
        });
        let (mut listener, url) = listen(server).await;
        let stopper = listener.stopper();
        let client = spawn(async move { connect(&url).await.map(drop) });
        let accepting = spawn(async move {
            let first = listener.accept().await.unwrap().is_ok();
            (first, listener.accept().await.is_none())
        });
        has_entered.recv().await.unwrap();
        stopper.stop();
        release.try_send(()).unwrap();
        assert_eq!(accepting.await, (true, true));
        client.await.unwrap();
    });
}

/// All of them get 1001, and `close_all` returns when the last one has gone.
#[test]
fn close_all_closes_with_1001() {
    run(async {
        let (listener, url) = listen(Server::new()).await;
        let stopper = listener.stopper();
        let serving = spawn(
            listener
                .serve(|mut socket| async move { while let Ok(Some(_)) = socket.recv().await {} }),
        );
        let mut clients = Vec::new();
        for _ in 0..20 {
            clients.push(connect(&url).await.unwrap());
        }
        let closing = stopper.close_all(LONG);
        let seeing = async {
            for mut client in clients {
                assert_eq!(close(client.recv().await.unwrap()), (1001, String::new()));
                assert_eq!(client.recv().await.unwrap(), None);
                assert!(client.close_status().unwrap().clean);
            }
        };
        let start = Instant::now();
        join(closing, seeing).await;
        assert!(start.elapsed() < LONG);
        serving.await;
    });
}

/// The halves of a split connection obey as well.
#[test]
fn close_all_reaches_split_connections() {
    run(async {
        let (listener, url) = listen(Server::new()).await;
        let stopper = listener.stopper();
        let serving = spawn(listener.serve(|socket| async move {
            let (_sender, mut receiver) = socket.split();
            while let Ok(Some(_)) = receiver.recv().await {}
        }));
        let mut client = connect(&url).await.unwrap();
        let (_, event) = join(stopper.close_all(LONG), async {
            let event = client.recv().await.unwrap();
            drop(client);
            event
        })
        .await;
        assert_eq!(close(event).0, 1001);
        serving.await;
    });
}

/// What is queued goes out first.
#[test]
fn close_all_loses_no_message() {
    run(async {
        let (mut listener, url) = listen(Server::new()).await;
        let stopper = listener.stopper();
        let (server, client) = join(listener.accept(), connect(&url)).await;
        let (mut server, mut client) = (server.unwrap().unwrap(), client.unwrap());
        server.feed("the last one").unwrap();
        let serving = spawn(async move { while let Ok(Some(_)) = server.recv().await {} });
        let closing = spawn(async move { stopper.close_all(LONG).await });
        assert_eq!(text(client.recv().await.unwrap()), "the last one");
        assert_eq!(close(client.recv().await.unwrap()).0, 1001);
        drop(client);
        closing.await;
        serving.await;
    });
}

/// A peer that doesn't answer the close is cut off at the deadline, before the close timeout.
#[test]
fn close_all_ends_those_that_do_not_obey() {
    run(async {
        let config = calm().close_timeout(LONG);
        let (mut listener, _) = listen(Server::new().config(config)).await;
        let stopper = listener.stopper();
        let mut peer = dial(listener.local_addr()).await;
        wire::write(&mut peer, wire::request("")).await;
        let mut server = listener.accept().await.unwrap().unwrap();
        let serving = spawn(async move {
            loop {
                match server.recv().await {
                    Ok(Some(_)) => {}
                    ended => return (ended, server.close_status()),
                }
            }
        });
        wire::read_head(&mut peer).await;

        stopper.close_all(Duration::from_millis(50)).await;
        assert_eq!(
            wire::read_frame(&mut peer).await,
            (0x80 | CLOSE, wire::close(1001, ""))
        );
        let (ended, status) = timeout(LONG / 2, serving).await.unwrap();
        assert!(ended.unwrap_err().is_connection_lost());
        assert!(!status.unwrap().clean);
        assert_eq!(wire::read_rest(&mut peer).await, b"", "TCP has ended");
    });
}

/// A connection whose application is busy elsewhere finds out when it comes back.
#[test]
fn close_all_does_not_wait_for_a_busy_application() {
    run(async {
        let (mut listener, url) = listen(Server::new()).await;
        let stopper = listener.stopper();
        let (server, client) = join(listener.accept(), connect(&url)).await;
        let (mut server, _client) = (server.unwrap().unwrap(), client.unwrap());
        stopper.close_all(Duration::from_millis(10)).await;
        assert!(server.recv().await.is_err());
        assert_eq!(server.state(), State::Closed);
    });
}

/// A connection that is made while all are being closed is closed as well.
#[test]
fn close_all_reaches_late_ones() {
    run(async {
        let (mut listener, url) = listen(Server::new()).await;
        let stopper = listener.stopper();
        let client = spawn(async move { connect(&url).await });
        // The connection is there, its handshake is not done.
        while once(listener.accept()).await.is_none() && !client.is_finished() {
            stopper.close_all(Duration::ZERO).await;
            yield_now().await;
        }
        if let Ok(mut client) = client.await {
            drop(listener);
            while let Ok(Some(event)) = client.recv().await {
                assert_eq!(close(Some(event)).0, 1001);
            }
        }
    });
}

#[test]
fn serve_runs_a_task_for_each_connection() {
    run(async {
        let (listener, url) = listen(Server::new()).await;
        let (stopper, address) = (listener.stopper(), listener.local_addr());
        let serving = spawn(listener.serve(|mut socket| async move {
            while let Ok(Some(event)) = socket.recv().await {
                if let Event::Message(message) = event {
                    let _ = socket.send(message).await;
                }
            }
        }));
        let mut idle = connect(&url).await.unwrap();
        // A stranger in between is passed over.
        let mut stranger = dial(address).await;
        wire::write(&mut stranger, "hello\r\n\r\n").await;
        wire::read_rest(&mut stranger).await;

        let mut client = connect(&url).await.unwrap();
        client.send("hello").await.unwrap();
        assert_eq!(
            client.recv().await.unwrap(),
            Some(Event::Message(Message::from("hello")))
        );

        stopper.stop();
        serving.await;
        // The tasks go on.
        idle.send("and I?").await.unwrap();
        assert_eq!(text(idle.recv().await.unwrap()), "and I?");
    });
}
