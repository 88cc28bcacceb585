//! What is never told.

use tracing::Level;

use super::super::support::{calm, join, pipe, run, wire};
use super::{brief, record, story};
use crate::miniws::reconnect::Reconnecting;
use crate::miniws::{Accept, Client, CloseCode, Reply, Server, connect};

/// "canary", and what it is in base64, as a part of credentials.
const CANARIES: [&str; 3] = ["canary", "Y2FuYXJ5", "CANARY"];

/// A server that answers with secrets, to a client that asks with some.
fn server() -> Server {
    Server::new().config(calm()).verify(|attempt| async move {
        assert!(attempt.request().target().contains("canary"));
        match attempt.request().path() {
            "/refused" => Err(Reply::new(403).header("X-Why", "canary").body("canary")),
            _ => Ok(Accept::new().header("Set-Cookie", "id=canary")),
        }
    })
}

fn client(path: &str) -> Client {
    Client::new(&format!("ws://canary:canary@in.memory/{path}?token=canary"))
        .header("Cookie", "id=canary")
        .header("X-Token", "canary")
        .config(calm())
}

#[test]
fn nothing_that_may_be_secret() {
    let (records, _guard) = record(Level::TRACE);
    run(async {
        // All goes well.
        let (ours, theirs) = pipe(64 << 10);
        let (server_side, client_side) =
            join(server().accept(ours), client("").handshake(theirs)).await;
        let (mut server_side, mut client_side) = (server_side.unwrap(), client_side.unwrap());
        client_side.send("canary").await.unwrap();
        client_side.ping(b"canary").await.unwrap();
        server_side.send(b"canary".to_vec()).await.unwrap();
        let closing = server_side.close_with(CloseCode::from(4000), "canary");
        let (closed, ()) = join(closing, async {
            while client_side.recv().await.unwrap().is_some() {}
        })
        .await;
        closed.unwrap();

        // It is refused.
        let (ours, theirs) = pipe(64 << 10);
        let (refused, failed) =
            join(server().accept(ours), client("refused").handshake(theirs)).await;
        assert!(refused.is_err() && failed.is_err());

        // The peer breaks the protocol, in words.
        for bytes in [
            wire::unmasked(wire::TEXT, "canary"),
            wire::masked(wire::CLOSE, wire::close(1005, "canary")),
            wire::masked(wire::TEXT, b"canary\xff"),
        ] {
            let (ours, mut peer) = pipe(64 << 10);
            wire::write(&mut peer, wire::request("Cookie: id=canary\r\n")).await;
            wire::write(&mut peer, bytes).await;
            let server = Server::new().config(brief());
            let mut socket = server.accept(ours).await.unwrap();
            while let Ok(Some(_)) = socket.recv().await {}
        }
        for request in [
            "canary\r\n\r\n",
            "GET /?canary HTTP/1.1\r\nHost: x\r\ncanary\r\n\r\n",
            "GET /?canary HTTP/1.1\r\nHost: canary canary\r\n\r\n",
        ] {
            let (ours, mut peer) = pipe(64 << 10);
            wire::write(&mut peer, request).await;
            let (failed, ()) = join(Server::new().accept(ours), async {
                wire::read_head(&mut peer).await;
                drop(peer);
            })
            .await;
            failed.err().unwrap();
        }

        // The application asks for what cannot be.
        connect("ws://canary canary/").await.err().unwrap();
        let (ours, _peer) = pipe(64 << 10);
        let wrong = client("").header("canary canary", "canary");
        wrong.handshake(ours).await.err().unwrap();

        // A client that stays connected gives up.
        let mut staying = Reconnecting::new(|| {
            let (ours, _peer) = pipe(64 << 10);
            client("").header("canary canary", "").handshake(ours)
        });
        staying.recv().await.err().unwrap();
    });
    assert!(records.entries().len() > 30, "{}", records.entries().len());
    let told = format!("{:?}", records.entries());
    for canary in CANARIES {
        assert!(!told.contains(canary), "{canary} in {told}");
    }
    story(&records, "server");
}
