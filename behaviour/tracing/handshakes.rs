//! Handshakes that fail, and what is told from within them.

use tracing::{Level, info};

use super::super::support::recorder::Records;
use super::super::support::{TICK, join, once, pipe, run, wire};
use super::{record, story};
use crate::miniws::{Accept, Client, Config, Error, Reply, Server, accept, connect};
use crate::runtime::TcpListener;

/// What a server tells of a request.
fn told_of(server: &Server, request: &str) -> Vec<String> {
    let (records, _guard) = record(Level::TRACE);
    run(async {
        let (ours, mut peer) = pipe(64 << 10);
        wire::write(&mut peer, request).await;
        let (failed, ()) = join(server.accept(ours), async {
            wire::read_head(&mut peer).await;
            drop(peer);
        })
        .await;
        failed.err().unwrap();
    });
    story(&records, "server")
}

#[test]
fn a_server_tells_what_was_wrong_and_what_it_has_answered() {
    let hasty = Server::new().config(Config::default().handshake_timeout(TICK));
    let picky = Server::new().verify(|_| async { Err(Reply::new(401)) });
    let upgrade = wire::request("");
    for (server, request, expected) in [
        (
            &hasty,
            "GET / HTTP/1.1\r\n\r\n",
            "WARN not opened error.type=MissingHost http.response.status_code=400",
        ),
        (
            &hasty,
            "\0\r\n\r\n",
            "WARN not opened error.type=ControlByte http.response.status_code=400",
        ),
        (
            &hasty,
            "GET / HTTP/1.1\r\n",
            "DEBUG not opened error.type=Timeout http.response.status_code=408",
        ),
        (
            &hasty,
            "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
            "DEBUG not opened error.type=Declined http.response.status_code=426",
        ),
        (
            &picky,
            &upgrade,
            "DEBUG not opened error.type=Declined http.response.status_code=401",
        ),
    ] {
        assert_eq!(told_of(server, request), ["DEBUG accepted", expected]);
    }
}

#[test]
fn a_client_tells_of_the_refusal() {
    let (records, _guard) = record(Level::TRACE);
    run(async {
        let (ours, mut peer) = pipe(64 << 10);
        wire::write(&mut peer, "HTTP/1.1 503 x\r\nContent-Length: 0\r\n\r\n").await;
        let refused = Client::new("ws://in.memory/").handshake(ours).await;
        assert!(matches!(refused, Err(Error::Handshake(_))));
    });
    assert_eq!(
        story(&records, "client"),
        [
            "DEBUG connecting",
            "DEBUG not opened error.type=Refused http.response.status_code=503",
        ]
    );
    let span = records.one("websocket");
    assert_eq!(
        (span.field("error.type"), span.field("otel.status_code")),
        ("Refused", "ERROR")
    );
}

#[test]
fn a_client_tells_of_a_response_that_is_wrong() {
    let (records, _guard) = record(Level::TRACE);
    run(async {
        let (ours, mut peer) = pipe(64 << 10);
        let client = Client::new("ws://in.memory/").handshake(ours);
        let (failed, ()) = join(client, async {
            wire::read_head(&mut peer).await;
            let other = wire::request("");
            wire::write(&mut peer, wire::switching(&other, "")).await;
        })
        .await;
        failed.err().unwrap();
    });
    assert_eq!(
        story(&records, "client")[1..],
        ["WARN not opened error.type=WrongAccept"]
    );
}

#[test]
fn a_client_tells_of_where_it_cannot_go() {
    let (records, _guard) = record(Level::TRACE);
    run(async {
        let closed = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("ws://{}/", closed.local_addr().unwrap());
        drop(closed);
        connect(&url).await.err().unwrap();
        connect("ws://a b/").await.err().unwrap();
    });
    assert_eq!(
        story(&records, "client"),
        [
            "DEBUG connecting",
            "DEBUG not opened error.type=ConnectionRefused",
            "DEBUG connecting",
            "DEBUG not opened error.type=InvalidUrl",
        ]
    );
}

/// Whom it has reached, as a host may have many addresses.
#[test]
fn a_client_tells_who_has_refused_it() {
    let (records, _guard) = record(Level::TRACE);
    let port = run(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (refused, ()) = join(connect(&format!("ws://{address}/")), async {
            let (mut stream, _) = listener.accept().await.unwrap();
            wire::read_head(&mut stream).await;
            wire::write(&mut stream, "HTTP/1.1 503 x\r\nContent-Length: 0\r\n\r\n").await;
        })
        .await;
        refused.err().unwrap();
        address.port().to_string()
    });
    let span = records.one("websocket");
    assert_eq!(span.field("network.peer.address"), "127.0.0.1");
    assert_eq!(span.field("network.peer.port"), port);
}

#[test]
fn a_client_tells_where_it_is_sent() {
    let (records, _guard) = record(Level::TRACE);
    let port = run(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let client = Client::new(&format!("ws://{address}/old?token=7")).max_redirects(1);
        let (opened, ()) = join(client.connect(), async {
            let (mut stream, _) = listener.accept().await.unwrap();
            wire::read_head(&mut stream).await;
            let redirect = "HTTP/1.1 307 x\r\nLocation: /new?token=8\r\nContent-Length: 0\r\n\r\n";
            wire::write(&mut stream, redirect).await;
            let (mut stream, _) = listener.accept().await.unwrap();
            let request = wire::read_head(&mut stream).await;
            wire::write(&mut stream, wire::switching(&request, "")).await;
        })
        .await;
        opened.unwrap();
        address.port()
    });
    let story = story(&records, "client");
    assert_eq!(
        story[..3],
        ["DEBUG connecting", "DEBUG redirected", "DEBUG open"]
    );
    assert_eq!(
        records.one("websocket").fields(),
        format!(
            "error.type=Dropped network.peer.address=127.0.0.1 network.peer.port={port} \
             otel.kind=client otel.status_code=ERROR server.address=127.0.0.1 \
             server.port={port} url.path=/new url.scheme=ws"
        )
    );
}

#[test]
fn one_that_is_given_up() {
    let (records, _guard) = record(Level::TRACE);
    run(async {
        let (ours, _theirs) = pipe(64 << 10);
        assert!(once(accept(ours)).await.is_none());
        let (ours, _theirs) = pipe(64 << 10);
        assert!(
            once(Client::new("ws://in.memory/").handshake(ours))
                .await
                .is_none()
        );
    });
    assert_eq!(
        story(&records, "server"),
        ["DEBUG accepted", "DEBUG not opened error.type=Dropped"]
    );
    assert_eq!(
        story(&records, "client"),
        ["DEBUG connecting", "DEBUG not opened error.type=Dropped"]
    );
}

#[test]
fn hooks_are_within_the_span() {
    let (records, _guard) = record(Level::TRACE);
    run(async {
        let server = Server::new()
            .choose_subprotocol(|_| {
                info!("chosen");
                None
            })
            .verify(|_| {
                info!("looked at");
                async {
                    info!("verified");
                    Ok(Accept::new())
                }
            });
        let (ours, theirs) = pipe(64 << 10);
        let client = Client::new("ws://in.memory/").handshake(theirs);
        let (server, client) = join(server.accept(ours), client).await;
        drop((server.unwrap(), client.unwrap()));

        let server = Server::new().plain(|_| {
            info!("a page");
            Reply::new(200)
        });
        let (ours, mut peer) = pipe(64 << 10);
        wire::write(&mut peer, "GET / HTTP/1.1\r\nHost: x\r\n\r\n").await;
        let (failed, ()) = join(server.accept(ours), async {
            wire::read_head(&mut peer).await;
            drop(peer);
        })
        .await;
        failed.err().unwrap();
    });
    for said in ["chosen", "looked at", "verified", "a page"] {
        assert_eq!(kind_of_parent(&records, said), "server");
    }
}

fn kind_of_parent(records: &Records, event: &str) -> String {
    let parent = records.parent(&records.one(event)).unwrap();
    parent.field("otel.kind").to_owned()
}
