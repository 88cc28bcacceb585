//! What a connection has counted.

#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use common::*;
use miniws_blocking::Config;

#[test]
fn both_ends_count_the_same() {
    let (mut server, client, _listener) = tcp_pair(&Config::default());
    let (sender, mut receiver) = client.split();
    sender.feed("hello").unwrap();
    assert_eq!(sender.stats().queued, 6 + 5);
    sender.flush().unwrap();
    assert_eq!(text(server.recv().unwrap()), "hello");
    server.send("and back").unwrap();
    assert_eq!(text(receiver.recv().unwrap()), "and back");

    let (server, client) = (server.stats(), receiver.stats());
    assert_eq!(client, sender.stats());
    assert_eq!(client.sent, server.received);
    assert_eq!(client.received, server.sent);
    assert_eq!((client.sent.messages, client.sent.bytes), (1, 6 + 5));
    assert_eq!((client.received.message_bytes, client.queued), (8, 0));
}
