//! What concerns a listening server as a whole.

use std::future::pending;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_channel::unbounded;
use tracing::{Instrument, Level, info_span};

use super::super::support::recorder::entered;
use super::super::support::{Pipe, TICK, dial, join, listen, once, pipe, run, timeout, yield_now};
use super::{record, story};
use crate::miniws::{Listen, Server, connect};

#[test]
fn connections_are_within_the_span_that_waits_for_them() {
    let (records, _guard) = record(Level::TRACE);
    run(async {
        let (mut listener, url) = listen(Server::new()).await;
        let accepting = listener.accept().instrument(info_span!("ours"));
        let (server, client) = join(accepting, connect(&url)).await;
        let (server, client) = (server.unwrap().unwrap(), client.unwrap());
        let spans = records.all("websocket");
        let span = spans
            .iter()
            .find(|span| span.field("otel.kind") == "server");
        let span = span.unwrap();
        assert_eq!(records.parent(span).unwrap().name, "ours");
        let port = server.remote_addr().unwrap().port().to_string();
        assert_eq!(span.field("network.peer.address"), "127.0.0.1");
        assert_eq!(span.field("network.peer.port"), port);
        drop((server, client));
    });
    let story = story(&records, "server");
    assert_eq!(story[..2], ["DEBUG accepted", "DEBUG open"]);
}

/// Whatever thread they run on.
#[test]
fn handlers_are_within_the_span() {
    let (records, _guard) = record(Level::TRACE);
    run(async {
        let (listener, url) = listen(Server::new()).await;
        let stopper = listener.stopper();
        let (tell, told) = unbounded();
        let serving = listener.serve(move |socket| {
            tell.try_send(entered()).unwrap();
            let tell = tell.clone();
            async move {
                tell.try_send(entered()).unwrap();
                drop(socket);
            }
        });
        let asking = async {
            let _client = connect(&url).await.unwrap();
            let within = [told.recv().await.unwrap(), told.recv().await.unwrap()];
            stopper.stop();
            within
        };
        let ((), within) = join(serving, asking).await;
        for within in within {
            assert_eq!(
                records.entries()[within.unwrap()].field("otel.kind"),
                "server"
            );
        }
    });
}

/// Once, however many come, and again when there was room in between.
#[test]
fn as_many_handshakes_as_there_may_be() {
    let (records, _guard) = record(Level::TRACE);
    run(async {
        let (mut listener, _) = listen(Server::new().max_handshakes(4)).await;
        for times in 1..=2 {
            let mut peers = Vec::new();
            for _ in 0..6 {
                peers.push(dial(listener.local_addr()).await);
            }
            while records.all("max_handshakes reached").len() < times {
                assert!(once(listener.accept()).await.is_none());
                yield_now().await;
            }
            // One after the other, so that the places of those that go are taken at once.
            for peer in peers {
                drop(peer);
                listener.accept().await.unwrap().unwrap_err();
            }
            assert!(once(listener.accept()).await.is_none());
        }
    });
    let told = records.all("max_handshakes reached");
    assert_eq!(told.len(), 2);
    assert_eq!(told[0].level, Level::WARN);
    assert_eq!(told[0].fields(), "websocket.handshakes=4");
    story(&records, "server");
}

#[test]
fn a_server_that_stops() {
    let (records, _guard) = record(Level::TRACE);
    run(async {
        let (mut listener, url) = listen(Server::new()).await;
        let stopper = listener.stopper();
        let (server, client) = join(listener.accept(), connect(&url)).await;
        let (mut server, client) = (server.unwrap().unwrap(), client.unwrap());
        let ours = info_span!("ours");
        ours.in_scope(|| stopper.stop());
        stopper.stop();
        assert_eq!(
            records.parent(&records.one("stopping")).unwrap().name,
            "ours"
        );
        assert_eq!(records.one("stopping").level, Level::INFO);

        // The client does not receive, so it does not close either.
        join(stopper.close_all(TICK), async {
            while let Ok(Some(_)) = server.recv().await {}
            drop(server);
        })
        .await;
        drop(client);
    });
    for (event, level) in [("closing all", Level::INFO), ("ending all", Level::WARN)] {
        let event = records.one(event);
        assert_eq!(
            (event.level, &*event.fields()),
            (level, "websocket.connections=1")
        );
    }
    assert_eq!(
        story(&records, "server")[2..],
        [
            "DEBUG closed error.type=Stopped websocket.close.clean=false \
          websocket.close.code=1006 websocket.close.initiator=local"
        ]
    );
}

/// A listener that fails three times.
struct Broken(AtomicUsize);

impl Listen for Broken {
    type Stream = Pipe;
    type Address = ();

    fn local_addr(&self) -> io::Result<()> {
        Ok(())
    }

    async fn accept(&self) -> io::Result<(Pipe, Option<SocketAddr>)> {
        match self.0.fetch_add(1, Ordering::SeqCst) {
            0..3 => Err(io::ErrorKind::OutOfMemory.into()),
            _ => pending().await,
        }
    }
}

#[test]
fn a_machine_that_has_no_more() {
    let (records, _guard) = record(Level::TRACE);
    run(async {
        let broken = Broken(AtomicUsize::new(0));
        let mut listener = Server::new().listen(broken).unwrap();
        assert!(timeout(8 * TICK, listener.accept()).await.is_none());
    });
    let told = records.one("accepting failed");
    assert_eq!(
        (told.level, &*told.fields()),
        (Level::WARN, "error.type=OutOfMemory")
    );
    story(&records, "server");
}

/// A listener of one connection, which is gone when its options are set.
struct Gone(AtomicUsize);

impl Listen for Gone {
    type Stream = Pipe;
    type Address = ();

    fn local_addr(&self) -> io::Result<()> {
        Ok(())
    }

    async fn accept(&self) -> io::Result<(Pipe, Option<SocketAddr>)> {
        match self.0.fetch_add(1, Ordering::SeqCst) {
            0 => Ok((pipe(1).0, None)),
            _ => pending().await,
        }
    }

    fn set_nodelay(_: &Pipe, _: bool) -> io::Result<()> {
        Err(io::ErrorKind::NotConnected.into())
    }
}

#[test]
fn a_connection_that_has_gone() {
    let (records, _guard) = record(Level::TRACE);
    run(async {
        let gone = Gone(AtomicUsize::new(0));
        let mut listener = Server::new().listen(gone).unwrap();
        listener.accept().await.unwrap().err().unwrap();
    });
    assert_eq!(
        story(&records, "server"),
        ["DEBUG accepted", "DEBUG not opened error.type=NotConnected"]
    );
}
