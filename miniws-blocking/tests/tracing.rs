//! What a subscriber of `tracing` is told. Threads have no subscriber but the process's, so each test has
//! a span of its own, and looks at what is within.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;
#[allow(dead_code)]
#[path = "../../behaviour/support/recorder.rs"]
mod recorder;

use std::io::{self, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::LazyLock;
use std::thread;
use std::time::Duration;

use common::{LONG, dial, pipe, server_and_peer, server_frame, spawn, url};
use miniws_blocking::reconnect::{Backoff, Reconnecting, Update};
use miniws_blocking::{Accept, Client, CloseCode, Config, Error, Listen, Reply, Server};
use recorder::{Entry, Records};
use tracing::{Level, Span, info, info_span};

static RECORDS: LazyLock<Records> = LazyLock::new(|| {
    let records = Records::default();
    tracing::subscriber::set_global_default(records.recorder(Level::TRACE)).unwrap();
    records
});

/// A span for a test.
fn begin(test: &'static str) -> Span {
    LazyLock::force(&RECORDS);
    info_span!("test", test)
}

/// What was told within a test's span.
fn told_in(test: &str) -> Vec<Entry> {
    let entries = RECORDS.entries();
    let is_within = |mut at: usize| loop {
        if entries[at].field("test") == test {
            return true;
        }
        match entries[at].parent {
            Some(parent) => at = parent,
            None => return false,
        }
    };
    let within = (0..entries.len()).filter(|at| is_within(*at));
    within.skip(1).map(|at| entries[at].clone()).collect()
}

/// The events among that, in the span of a connection of this kind, or of none.
fn story(test: &str, kind: &str) -> Vec<String> {
    let told = told_in(test);
    let entries = RECORDS.entries();
    let is_of_kind = |entry: &&Entry| {
        let parent = entry.parent.map_or("", |at| entries[at].field("otel.kind"));
        entry.is_event && entry.target == "miniws" && parent == kind
    };
    let events = told.iter().filter(is_of_kind);
    events
        .map(|event| format!("{} {} {}", event.level, event.name, event.fields()))
        .map(|line| line.trim_end().to_owned())
        .collect()
}

fn closed(error_type: &str, code: u16, initiator: &str) -> String {
    format!(
        "closed error.type={error_type} websocket.close.clean=false \
         websocket.close.code={code} websocket.close.initiator={initiator}"
    )
}

/// A listener, the handshake in a thread of its own, a handler, the close.
#[test]
fn a_connection_from_its_listener_to_the_close() {
    let test = begin("life");
    let within = test.clone().entered();
    let server = Server::new().subprotocols(["chat"]).verify(|_| {
        info!("verified");
        Ok(Accept::new())
    });
    let listener = server.bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr();
    let (url, stopper) = (url(&listener) + "room?token=canary", listener.stopper());
    let serving = test.clone();
    let serving = spawn(move || {
        serving.in_scope(|| {
            listener.serve(|mut socket| {
                info!("handled");
                while let Ok(Some(_)) = socket.recv() {}
            });
        });
    });
    let mut client = Client::new(&url)
        .subprotocol("chat")
        .header("Cookie", "canary")
        .start()
        .wait()
        .unwrap();
    client.send("canary").unwrap();
    client.ping(b"canary").unwrap();
    assert!(
        client
            .close_with(CloseCode::from(4000), "canary")
            .unwrap()
            .clean
    );
    let client_span = client.span();
    drop(client);
    stopper.close_all(LONG);
    serving.join();
    drop((within, client_span));

    let end = "DEBUG closed websocket.close.clean=true websocket.close.code=4000 \
               websocket.close.initiator=";
    assert_eq!(
        story("life", "server"),
        ["DEBUG accepted", "DEBUG open", &format!("{end}remote")]
    );
    assert_eq!(
        story("life", "client"),
        ["DEBUG connecting", "DEBUG open", &format!("{end}local")]
    );
    let told = told_in("life");
    for said in ["verified", "handled"] {
        let said = told.iter().find(|entry| entry.name == said).unwrap();
        let span = RECORDS.parent(said).unwrap();
        assert_eq!(span.field("otel.kind"), "server");
        assert_eq!(span.field("network.peer.address"), "127.0.0.1");
        assert_eq!(
            (span.field("url.path"), span.field("websocket.subprotocol")),
            ("/room", "chat")
        );
    }
    let client = told
        .iter()
        .find(|entry| entry.field("otel.kind") == "client");
    assert_eq!(
        client.unwrap().fields(),
        format!(
            "network.peer.address=127.0.0.1 network.peer.port={0} otel.kind=client \
             server.address=127.0.0.1 server.port={0} url.path=/room url.scheme=ws \
             websocket.subprotocol=chat",
            address.port()
        )
    );
    assert!(!format!("{told:?}").contains("canary"), "{told:?}");
}

#[test]
fn how_a_connection_can_end() {
    let ends = begin("ends");
    ends.in_scope(|| {
        let brief = || Config::default().close_timeout(Duration::from_millis(10));
        let (mut server, mut peer) = server_and_peer(brief());
        peer.write_all(&server_frame(0x81, b"canary")).unwrap();
        server.recv().unwrap_err();

        let (mut server, peer) = server_and_peer(brief());
        drop(peer);
        server.recv().unwrap_err();

        let (mut server, _peer) = server_and_peer(brief());
        server.close().unwrap_err();
        drop(server);

        let (server, _peer) = server_and_peer(brief());
        let (sender, receiver) = server.split();
        drop((sender, receiver));
    });
    let ended = story("ends", "server");
    let ended: Vec<_> = ended
        .iter()
        .filter(|line| line.contains("closed"))
        .collect();
    assert_eq!(
        ended,
        [
            &format!("WARN {}", closed("UnmaskedFrame", 1002, "local")),
            &format!("DEBUG {}", closed("ConnectionLost", 1006, "remote")),
            &format!("DEBUG {}", closed("CloseTimeout", 1006, "local")),
            &format!("DEBUG {}", closed("Dropped", 1006, "local")),
        ]
    );
}

#[test]
fn handshakes_that_fail() {
    let fail = begin("fail");
    fail.in_scope(|| {
        let (ours, mut peer) = pipe::pair();
        peer.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
        let reading = spawn(move || drop(common::read_head(&mut peer)));
        Server::new().accept(ours).err().unwrap();
        reading.join();

        let server = Server::new().verify(|_| Err(Reply::new(401)));
        let listener = server.bind("127.0.0.1:0").unwrap();
        let (url, fail) = (url(&listener), fail.clone());
        let client = spawn(move || fail.in_scope(|| Client::new(&url).connect().err()));
        listener.accept().unwrap().err().unwrap();
        client.join().unwrap();
    });
    assert_eq!(
        story("fail", "server"),
        [
            "DEBUG accepted",
            "WARN not opened error.type=MissingHost http.response.status_code=400",
            "DEBUG accepted",
            "DEBUG not opened error.type=Declined http.response.status_code=401",
        ]
    );
    assert_eq!(
        story("fail", "client"),
        [
            "DEBUG connecting",
            "DEBUG not opened error.type=Refused http.response.status_code=401",
        ]
    );
    // The client tells who has refused it.
    let told = told_in("fail");
    let client = told
        .iter()
        .find(|entry| entry.field("otel.kind") == "client");
    let client = client.unwrap();
    assert_eq!(client.field("network.peer.address"), "127.0.0.1");
    assert_eq!(
        client.field("network.peer.port"),
        client.field("server.port")
    );
}

/// A listener whose connections are gone when their options are set.
struct Gone(TcpListener);

impl Listen for Gone {
    type Stream = TcpStream;
    type Address = SocketAddr;

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }

    fn accept(&self) -> io::Result<(TcpStream, Option<SocketAddr>)> {
        Listen::accept(&self.0)
    }

    fn wake(&self) -> io::Result<()> {
        self.0.wake()
    }

    fn set_nodelay(_: &TcpStream, _: bool) -> io::Result<()> {
        Err(io::ErrorKind::NotConnected.into())
    }
}

#[test]
fn a_connection_that_has_gone() {
    let gone = begin("gone");
    gone.in_scope(|| {
        let listener = Gone(TcpListener::bind("127.0.0.1:0").unwrap());
        let listener = Server::new().listen(listener).unwrap();
        let _client = dial(listener.local_addr());
        listener.accept().unwrap().err().unwrap();
    });
    assert_eq!(
        story("gone", "server"),
        ["DEBUG accepted", "DEBUG not opened error.type=NotConnected"]
    );
}

#[test]
fn a_server_that_is_full_and_stops() {
    let stop = begin("stop");
    let _within = stop.enter();
    let listener = Server::new().max_handshakes(1).bind("127.0.0.1:0").unwrap();
    let stopper = listener.stopper();
    let (address, url) = (listener.local_addr(), url(&listener));
    let client = spawn(move || Client::new(&url).connect().unwrap());
    let mut server = listener.accept().unwrap().unwrap();
    let client = client.join();
    let receiving = spawn(move || while let Ok(Some(_)) = server.recv() {});

    // It never finishes its handshake.
    let stalled = dial(address);
    while !story("stop", "").contains(&"WARN max_handshakes reached websocket.handshakes=1".into())
    {
        thread::yield_now();
    }
    drop(stalled);
    listener.accept().unwrap().err().unwrap();
    // The client does not receive, so it does not close either.
    stopper.stop();
    stopper.close_all(Duration::from_millis(20));
    receiving.join();
    drop(client);
    assert_eq!(
        story("stop", "")
            .iter()
            .rev()
            .take(3)
            .rev()
            .collect::<Vec<_>>(),
        [
            "INFO stopping",
            "INFO closing all websocket.connections=1",
            "WARN ending all websocket.connections=1",
        ]
    );
    let stopped = format!("DEBUG {}", closed("Stopped", 1006, "local"));
    assert!(story("stop", "server").contains(&stopped));
}

#[test]
fn gaps_and_attempts() {
    let stay = begin("stay");
    stay.in_scope(|| {
        let mut attempts = 0;
        let mut client = Reconnecting::new(|| {
            attempts += 1;
            match attempts {
                2 => Ok(common::client_and_peer(Config::default()).0), // It is lost at once.
                _ => Err(Error::from(io::Error::from(
                    io::ErrorKind::ConnectionRefused,
                ))),
            }
        })
        .backoff(
            Backoff::default()
                .first(Duration::from_millis(1))
                .jitter(0.0)
                .retries(Some(2)),
        );
        assert!(matches!(client.recv(), Ok(Some(Update::Lost { .. }))));
        assert!(matches!(client.recv(), Ok(Some(Update::Connected(_)))));
        assert!(matches!(client.recv(), Ok(Some(Update::Lost { .. }))));
        client.recv().err().unwrap();
    });
    let mut told = story("stay", "");
    assert!(
        told.remove(1)
            .starts_with("INFO reconnected websocket.gap=0.")
    );
    assert_eq!(
        told,
        [
            "INFO lost error.type=ConnectionRefused websocket.retry=1 websocket.retry.delay=0.001",
            "INFO lost error.type=ConnectionLost websocket.retry=2 websocket.retry.delay=0.002",
            "WARN gave up error.type=ConnectionRefused",
        ]
    );
}
