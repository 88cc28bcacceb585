//! What a connection has counted.

use super::support::{pair, run, text};
use crate::miniws::CloseCode;

#[test]
fn both_ends_count_the_same() {
    run(async {
        let (mut server, mut client) = pair();
        client.send("hello").await.unwrap();
        client.ping(b"!").await.unwrap();
        assert_eq!(text(server.recv().await.unwrap()), "hello");
        server.recv().await.unwrap();
        let (sent, received) = (client.stats().sent, server.stats().received);
        assert_eq!(sent, received);
        assert_eq!((sent.messages, sent.message_bytes), (1, 5));
        assert_eq!((sent.data_frames, sent.control_frames), (1, 1));
        assert_eq!(sent.bytes, 6 + 5 + 6 + 1);
    });
}

#[test]
fn what_is_fed_waits() {
    run(async {
        let (mut server, _client) = pair();
        server.feed("hello").unwrap();
        assert_eq!(server.stats().queued, 2 + 5);
        assert_eq!(server.stats().sent.bytes, 0);
        server.flush().await.unwrap();
        assert_eq!(server.stats().queued, 0);
        assert_eq!(server.stats().sent.bytes, 2 + 5);
    });
}

/// Every half sees both directions, and the counts outlive the connection.
#[test]
fn halves_see_all_of_it() {
    run(async {
        let (mut server, client) = pair();
        let (sender, mut receiver) = client.split();
        sender.send("to the server").await.unwrap();
        server.recv().await.unwrap();
        server.send("to the client").await.unwrap();
        receiver.recv().await.unwrap();
        let stats = sender.clone().stats();
        assert_eq!(stats, receiver.stats());
        assert_eq!((stats.sent.messages, stats.received.messages), (1, 1));

        let closing = server.close_with(CloseCode::NORMAL, "");
        let (closed, _) = super::support::join(closing, async {
            while let Ok(Some(_)) = receiver.recv().await {}
            drop((sender, receiver));
        })
        .await;
        assert!(closed.unwrap().clean);
        assert_eq!(server.stats().received.control_frames, 1);
        assert_eq!(server.stats().sent.messages, 1);
    });
}
