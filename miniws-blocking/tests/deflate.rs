//! Compression, as an application asks for it.

#![cfg(feature = "deflate")]
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod common;

use std::io::Write;

use common::*;
use miniws_blocking::{
    Client, Compression, Config, DeflateConfig, Event, Message, MessageKind, PreparedMessage,
    ReceiveErrorKind, Server, accept,
};

fn compressing(deflate: DeflateConfig) -> Config {
    Config::default().deflate(Some(deflate.threshold(0)))
}

#[test]
fn what_was_agreed_on_is_told() {
    let (server, client, _listener) = tcp_pair(&compressing(DeflateConfig::default()));
    let params = server.deflate().unwrap().to_string();
    assert!(params.starts_with("permessage-deflate"), "{params}");
    assert_eq!(client.deflate().unwrap().to_string(), params);

    let (server, client, _listener) = tcp_pair(&Config::default());
    assert_eq!((server.deflate(), client.deflate()), (None, None));
}

/// One side alone can't.
#[test]
fn both_have_to_want_it() {
    let config = compressing(DeflateConfig::default());
    let (ours, theirs) = pipe::pair();
    let client = spawn(|| Client::new("ws://a.pipe/").config(config).handshake(theirs));
    assert_eq!(accept(ours).unwrap().deflate(), None);
    assert_eq!(client.join().unwrap().deflate(), None);
}

/// Whichever way it is sent, on its own or through a half.
#[test]
fn messages_choose_whether_they_are_compressed() {
    let server = Server::new().config(compressing(DeflateConfig::default()));
    let (ours, mut peer) = pipe::pair();
    let request = upgrade_request("Sec-WebSocket-Extensions: permessage-deflate\r\n");
    peer.write_all(request.as_bytes()).unwrap();
    let mut server = server.accept(ours).unwrap();
    read_head(&mut peer);

    let text = "x".repeat(100);
    let mut frames = 0;
    let mut expect = |first: u8| {
        let header = read_exactly(&mut peer, 2);
        assert_eq!(header[0], first);
        let len = usize::from(header[1]);
        assert_eq!(len < text.len(), first == 0xc1, "{len}");
        read_exactly(&mut peer, len);
        frames += 1;
    };
    server.send(text.as_str()).unwrap();
    expect(0xc1);
    let kind = MessageKind::Text;
    let choices = [
        (Compression::Never, 0x81),
        (Compression::Always, 0xc1),
        (Compression::Auto, 0xc1),
    ];
    for (choice, first) in choices {
        let prepared = PreparedMessage::new(text.as_str()).compression(choice);
        let piece = || text.clone();
        server.send_with(piece(), choice).unwrap();
        server.send_prepared(&prepared).unwrap();
        server.send_chunk_with(kind, piece(), true, choice).unwrap();
        server.feed_with(piece(), choice).unwrap();
        server.feed_prepared(&prepared).unwrap();
        server.feed_chunk_with(kind, piece(), true, choice).unwrap();
        server.flush().unwrap();
        (0..6).for_each(|_| expect(first));
    }
    let (sender, _receiver) = server.split();
    for (choice, first) in choices {
        let prepared = PreparedMessage::new(text.as_str()).compression(choice);
        let piece = || text.clone();
        sender.send_with(piece(), choice).unwrap();
        sender.send_prepared(&prepared).unwrap();
        sender.send_chunk_with(kind, piece(), true, choice).unwrap();
        sender.feed_with(piece(), choice).unwrap();
        sender.feed_prepared(&prepared).unwrap();
        sender.feed_chunk_with(kind, piece(), true, choice).unwrap();
        sender.flush().unwrap();
        (0..6).for_each(|_| expect(first));
    }
    assert_eq!(frames, 37);
}

/// With and without takeover; an empty message after another one is where peers hang.
#[test]
fn messages_come_back() {
    let large: String = (0..20_000).map(|number| format!("{number} ")).collect();
    for takeover in [false, true] {
        let deflate = DeflateConfig::default()
            .send_takeover(takeover)
            .receive_takeover(takeover);
        let (server, mut client, _listener) = tcp_pair(&compressing(deflate));
        let echoing = spawn(move || echo(server));
        for message in ["hello", "", "hello", &large, ""] {
            client.feed(message).unwrap();
            let expected = Some(Event::Message(Message::from(message)));
            assert!(client.recv().unwrap() == expected);
        }
        assert!(client.close().unwrap().clean);
        echoing.join().unwrap();
    }
}

#[test]
fn bomb_is_stopped_at_the_limit() {
    let config = compressing(DeflateConfig::default());
    let (server, mut client, _listener) = tcp_pair(&config.max_message_size(100_000));
    let receiving = spawn(move || {
        let mut server = server;
        server.recv().unwrap_err()
    });
    client.feed(vec![0; 1_000_000]).unwrap();
    let closed = client.recv();
    assert_eq!(
        close_frame(closed.unwrap()).unwrap().code(),
        miniws_blocking::CloseCode::MESSAGE_TOO_BIG
    );
    drop(client);
    assert_eq!(
        receive_error(receiving.join()),
        ReceiveErrorKind::MessageTooLarge
    );
}
