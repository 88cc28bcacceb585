//! Compression, as an application asks for it.

#![cfg(feature = "deflate")]
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod common;

use std::io::Write;
use std::time::Duration;

use common::pipe::Pipe;
use common::*;
use miniws_blocking::{
    Client, Compression, Config, DeflateConfig, Event, Message, MessageKind, PreparedMessage,
    ReceiveErrorKind, Server, WebSocket, accept,
};

fn compressing(deflate: DeflateConfig) -> Config {
    Config::default().deflate(Some(deflate.threshold(0)))
}

/// A server that compresses, and a raw peer.
fn compressing_server(config: Config) -> (WebSocket<Pipe>, Pipe) {
    let (ours, mut peer) = pipe::pair();
    let request = upgrade_request("Sec-WebSocket-Extensions: permessage-deflate\r\n");
    peer.write_all(request.as_bytes()).unwrap();
    let server = Server::new().config(config).accept(ours).unwrap();
    read_head(&mut peer);
    (server, peer)
}

/// The first byte of a short frame, and its payload.
fn read_frame(peer: &mut Pipe) -> (u8, Vec<u8>) {
    let header = read_exactly(peer, 2);
    (header[0], read_exactly(peer, header[1].into()))
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
    let (mut server, mut peer) = compressing_server(compressing(DeflateConfig::default()));
    let text = "x".repeat(100);
    let mut frames = 0;
    let mut expect = |first: u8| {
        let (header, payload) = read_frame(&mut peer);
        assert_eq!(header, first);
        assert_eq!(payload.len() < text.len(), first == 0xc1, "{payload:?}");
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

/// What has been sent stays in view until the connection has been idle for long enough.
#[test]
fn window_is_released_when_idle() {
    const SHORT: Duration = Duration::from_millis(50);
    let deflate = DeflateConfig::default()
        .send_takeover(true)
        .release_after(Some(SHORT));
    let config = compressing(deflate).keep_alive(Some(2 * SHORT));
    let (mut server, mut peer) = compressing_server(config);
    let message: String = (1..20).map(|n| (n * 7919 % 1000).to_string()).collect();

    server.send(message.as_str()).unwrap();
    let (_, alone) = read_frame(&mut peer);
    server.send(message.as_str()).unwrap();
    let (_, again) = read_frame(&mut peer);
    assert!(again.len() < alone.len() / 2);

    let waiting = spawn(move || {
        let event = server.recv().unwrap();
        server.send(message).unwrap();
        event
    });
    // Between two pings is more than the time after which the window goes.
    for _ in 0..2 {
        let (first, payload) = read_frame(&mut peer);
        assert_eq!(first, 0x89);
        peer.write_all(&client_frame(0x8a, &payload)).unwrap();
    }
    peer.write_all(&client_frame(0x81, b"go on")).unwrap();
    assert_eq!(text(waiting.join()), "go on");
    assert_eq!(read_frame(&mut peer), (0xc1, alone));
}

/// A half that waits looks up from time to time where the other one may get a compressor meanwhile.
#[test]
fn half_waits_undisturbed_unless_a_compressor_may_be_released() {
    let deflate = DeflateConfig::default;
    for (deflate, is_disturbed) in [
        (deflate(), false),
        (deflate().send_takeover(true).release_after(None), false),
        (deflate().send_takeover(true), true),
    ] {
        let config = compressing(deflate).keep_alive(None);
        let (server, mut peer) = compressing_server(config);
        let stream = server.get_ref().clone();
        let (_sender, mut receiver) = server.split();
        peer.write_all(&client_frame(0x81, b"hi")).unwrap();
        assert_eq!(text(receiver.recv().unwrap()), "hi");
        assert_eq!(stream.read_timeout().is_some(), is_disturbed);
    }
}
