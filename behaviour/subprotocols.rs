//! Which subprotocol is agreed to, and by whom.

use super::support::{join, pipe, run, wire};
use crate::miniws::{Accept, Client, Error, HandshakeError, Server, accept};

/// What a server and a client that asks for these agree to.
async fn agreed(server: Server, wanted: &[&str]) -> Result<Option<String>, Error> {
    let (ours, theirs) = pipe(10_000);
    let client = wanted
        .iter()
        .fold(Client::new("ws://in.memory/"), |client, name| {
            client.subprotocol(name)
        });
    let (server, client) = join(server.accept(ours), client.handshake(theirs)).await;
    if let Ok(client) = &client {
        let subprotocol = client.subprotocol().map(str::to_owned);
        assert_eq!(server?.subprotocol().map(str::to_owned), subprotocol);
        return Ok(subprotocol);
    }
    match client {
        Err(Error::Handshake(HandshakeError::Refused(response))) => {
            assert_eq!(response.status(), 500);
        }
        other => panic!("{other:?}"),
    }
    server.map(|_| None)
}

#[test]
fn the_first_that_is_asked_for_and_known() {
    run(async {
        let server = Server::new().subprotocols(["superchat", "chat"]);
        for (wanted, expected) in [
            (&["chat", "superchat"][..], Some("chat")),
            (&["unknown", "superchat"], Some("superchat")),
            (&["unknown"], None),
            (&["CHAT"], None),
            (&[], None),
        ] {
            let agreed = agreed(server.clone(), wanted).await.unwrap();
            assert_eq!(agreed.as_deref(), expected, "{wanted:?}");
        }
        assert_eq!(agreed(Server::new(), &["chat"]).await.unwrap(), None);
    });
}

#[test]
fn the_one_that_the_hook_picks() {
    run(async {
        let last =
            |request: &crate::miniws::Request| request.subprotocols().last().map(str::to_owned);
        let server = Server::new().subprotocols(["a"]).choose_subprotocol(last);
        let picked = agreed(server.clone(), &["a", "b", "c"]).await.unwrap();
        assert_eq!(picked.as_deref(), Some("c"));
        assert_eq!(agreed(server, &[]).await.unwrap(), None);

        let none = Server::new().choose_subprotocol(|_| None);
        assert_eq!(agreed(none, &["a"]).await.unwrap(), None);
    });
}

/// RFC 6455 section 4.2.2: a server can't pick what was not asked for.
#[test]
fn one_that_was_not_asked_for_is_the_servers_mistake() {
    run(async {
        for server in [
            Server::new().choose_subprotocol(|_| Some("b".to_owned())),
            Server::new().verify(|_| async { Ok(Accept::new().subprotocol("b")) }),
        ] {
            for wanted in [&["a"][..], &[], &["a", "B"]] {
                let error = agreed(server.clone(), wanted).await.unwrap_err();
                match error {
                    Error::Handshake(HandshakeError::UnrequestedSubprotocol(name)) => {
                        assert_eq!(&*name, "b");
                    }
                    other => panic!("{other:?}"),
                }
            }
        }
    });
}

#[test]
fn the_verify_hook_has_the_last_word() {
    run(async {
        let server = Server::new()
            .subprotocols(["a"])
            .choose_subprotocol(|_| Some("b".to_owned()))
            .verify(|_| async { Ok(Accept::new().subprotocol("c")) });
        let picked = agreed(server, &["a", "b", "c"]).await.unwrap();
        assert_eq!(picked.as_deref(), Some("c"));
    });
}

/// RFC 6455 section 4.1: the client fails when the server picks what it did not ask for.
#[test]
fn a_client_does_not_put_up_with_another() {
    run(async {
        let (ours, mut theirs) = pipe(10_000);
        let client = Client::new("ws://in.memory/")
            .subprotocol("a")
            .handshake(ours);
        let (client, ()) = join(client, async {
            let request = wire::read_head(&mut theirs).await;
            assert_eq!(wire::header(&request, "Sec-WebSocket-Protocol"), Some("a"));
            let response = wire::switching(&request, "Sec-WebSocket-Protocol: b\r\n");
            wire::write(&mut theirs, response).await;
        })
        .await;
        assert!(matches!(
            client,
            Err(Error::Handshake(HandshakeError::UnofferedSubprotocol))
        ));
    });
}

#[test]
fn a_name_that_cannot_be_one_is_told_when_connecting() {
    run(async {
        for name in ["", "a b", "a,b", "a\r\nX-Evil: 1", "é"] {
            let (ours, _theirs) = pipe(100);
            let failed = Client::new("ws://in.memory/")
                .subprotocol(name)
                .handshake(ours)
                .await;
            assert!(matches!(
                failed,
                Err(Error::Handshake(HandshakeError::InvalidSubprotocol(_)))
            ));
        }
        let (ours, _theirs) = pipe(100);
        let twice = Client::new("ws://in.memory/")
            .subprotocol("a")
            .subprotocol("a");
        assert!(twice.handshake(ours).await.is_err());
    });
}

/// A client that names none gets none, and a server that is asked for none sends no such header.
#[test]
fn without_one_there_is_no_header() {
    run(async {
        let (ours, mut theirs) = pipe(10_000);
        wire::write(&mut theirs, wire::request("")).await;
        let server = accept(ours).await.unwrap();
        assert_eq!(server.subprotocol(), None);
        let head = wire::read_head(&mut theirs).await;
        assert_eq!(wire::header(&head, "Sec-WebSocket-Protocol"), None);
    });
}
