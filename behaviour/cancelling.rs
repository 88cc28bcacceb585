//! Every asynchronous method, dropped at every poll, over a stream that gives and takes a byte at a
//! time and then is not ready: nothing is lost, doubled or torn.

use std::collections::VecDeque;
use std::future::Future;

use bytes::Bytes;

use super::support::wire::{self, BINARY, CLOSE, PING, TEXT, masked, unmasked};
use super::support::{
    LONG, Pipe, SlowPipe, calm, client, join, listen, once, remade, run, server, slow_pipe,
    slow_pipes, spawn, text, yield_now,
};
use crate::miniws::{
    Client, CloseCode, Compression, Event, Message, MessageKind, PreparedMessage, Server, State,
    WebSocket, connect,
};
use crate::runtime::{end, split};

/// A server over a stream that takes its time, and the peer's end.
fn slow_server() -> (WebSocket<SlowPipe>, Pipe) {
    let (ours, theirs) = slow_pipe(1 << 20);
    (server(ours, calm()), theirs)
}

/// A client over a stream that takes its time, and the peer's end.
fn slow_client() -> (WebSocket<SlowPipe>, Pipe) {
    let (ours, theirs) = slow_pipe(1 << 20);
    (client(ours, calm()), theirs)
}

/// What a peer sends, and the events that it makes.
fn script(frame: impl Fn(u8, &[u8]) -> Vec<u8>) -> (Vec<u8>, Vec<Event>) {
    let long = vec![b'l'; 70_000];
    let mut fragment = frame(TEXT, b"in ");
    fragment[0] &= 0x7f;
    let mut bytes = Vec::new();
    for part in [
        frame(TEXT, b"one"),
        frame(BINARY, b""),
        fragment,
        frame(PING, b"p"),
        frame(0, b"two"),
        frame(BINARY, &long),
        frame(CLOSE, &wire::close(1000, "done")),
    ] {
        bytes.extend_from_slice(&part);
    }
    let events = vec![
        Event::Message(Message::from("one")),
        Event::Message(Message::Binary(Bytes::new())),
        Event::Ping(Bytes::from("p")),
        Event::Message(Message::from("in two")),
        Event::Message(Message::from(long)),
    ];
    (bytes, events)
}

#[test]
fn recv_of_a_server() {
    run(async {
        let (mut server, mut peer) = slow_server();
        let (bytes, expected) = script(|opcode, payload| masked(opcode, payload));
        wire::write(&mut peer, bytes).await;
        end(&mut peer).await.unwrap();
        let mut events = Vec::new();
        while let Some(event) = remade!(server.recv()).unwrap() {
            events.push(event);
        }
        assert!(matches!(events.pop(), Some(Event::Close(Some(_)))));
        assert!(events == expected);
        let written = wire::read_rest(&mut peer).await;
        assert_eq!(written, b"\x8a\x01p\x88\x02\x03\xe8");
    });
}

#[test]
fn recv_of_a_client() {
    run(async {
        let (mut client, mut peer) = slow_client();
        let (bytes, expected) = script(|opcode, payload| unmasked(opcode, payload));
        wire::write(&mut peer, bytes).await;
        end(&mut peer).await.unwrap();
        let mut events = Vec::new();
        while let Some(event) = remade!(client.recv()).unwrap() {
            events.push(event);
        }
        assert!(matches!(events.pop(), Some(Event::Close(Some(_)))));
        assert!(events == expected);
        drop(client);
        let written = wire::read_rest(&mut peer).await;
        assert_eq!(written, b"\x8a\x81\0\0\0\0p\x88\x82\0\0\0\0\x03\xe8");
    });
}

#[test]
fn recv_of_a_receiver() {
    run(async {
        let (server, mut peer) = slow_server();
        let (sender, mut receiver) = server.split();
        let (bytes, expected) = script(|opcode, payload| masked(opcode, payload));
        wire::write(&mut peer, bytes).await;
        end(&mut peer).await.unwrap();
        let mut events = Vec::new();
        while let Some(event) = remade!(receiver.recv()).unwrap() {
            events.push(event);
        }
        assert!(matches!(events.pop(), Some(Event::Close(Some(_)))));
        assert!(events == expected);
        assert_eq!(sender.state(), State::Closed);
        assert_eq!(
            wire::read_rest(&mut peer).await,
            b"\x8a\x01p\x88\x02\x03\xe8"
        );
    });
}

/// The frames that are read from `peer` until the stream ends.
async fn frames(mut peer: Pipe) -> VecDeque<(u8, Vec<u8>)> {
    let mut frames = VecDeque::new();
    let rest = wire::read_rest(&mut peer).await;
    let mut rest = &rest[..];
    while !rest.is_empty() {
        frames.push_back(wire::read_frame(&mut rest).await);
    }
    frames
}

#[test]
fn flush() {
    run(async {
        for split in [false, true] {
            let (mut server, peer) = slow_server();
            for count in 0..20_u8 {
                server.feed(vec![count; 500 * usize::from(count)]).unwrap();
            }
            if split {
                let (sender, _receiver) = server.split();
                remade!(sender.flush()).unwrap();
            } else {
                remade!(server.flush()).unwrap();
                drop(server);
            }
            let frames = frames(peer).await;
            assert_eq!(frames.len(), 20);
            for (count, (first, payload)) in (0..20_u8).zip(frames) {
                assert_eq!(first, 0x80 | BINARY);
                assert!(payload == vec![count; 500 * usize::from(count)]);
            }
        }
    });
}

/// There is room, so each of these has queued its frame by the time that it is dropped.
#[test]
fn sends_while_there_is_room() {
    run(async {
        let prepared = PreparedMessage::new("prepared");
        let (mut server, peer) = slow_server();
        for count in 0..10 {
            assert!(
                once(server.send(format!("message {count}")))
                    .await
                    .is_none()
            );
            assert!(once(server.send_prepared(&prepared)).await.is_none());
            let with = server.send_with("with", Compression::Never);
            assert!(once(with).await.is_none());
            assert!(
                once(server.send_chunk(MessageKind::Text, "ch", false))
                    .await
                    .is_none()
            );
            assert!(once(server.ping(b"ping")).await.is_none());
            assert!(
                once(server.send_chunk(MessageKind::Text, "unk", true))
                    .await
                    .is_none()
            );
        }
        remade!(server.flush()).unwrap();
        drop(server);
        is_all_there(frames(peer).await);

        let (server, peer) = slow_server();
        let (sender, receiver) = server.split();
        for count in 0..10 {
            assert!(
                once(sender.send(format!("message {count}")))
                    .await
                    .is_none()
            );
            assert!(once(sender.send_prepared(&prepared)).await.is_none());
            let with = sender.send_with("with", Compression::Never);
            assert!(once(with).await.is_none());
            assert!(
                once(sender.send_chunk(MessageKind::Text, "ch", false))
                    .await
                    .is_none()
            );
            assert!(once(sender.ping(b"ping")).await.is_none());
            assert!(
                once(sender.send_chunk(MessageKind::Text, "unk", true))
                    .await
                    .is_none()
            );
        }
        remade!(sender.flush()).unwrap();
        drop((sender, receiver));
        is_all_there(frames(peer).await);
    });
}

fn is_all_there(mut frames: VecDeque<(u8, Vec<u8>)>) {
    assert_eq!(frames.len(), 60);
    for count in 0..10 {
        for expected in [
            (0x80 | TEXT, format!("message {count}")),
            (0x80 | TEXT, "prepared".to_owned()),
            (0x80 | TEXT, "with".to_owned()),
            (TEXT, "ch".to_owned()),
            (0x80 | PING, "ping".to_owned()),
            (0x80, "unk".to_owned()),
        ] {
            let (first, payload) = frames.pop_front().unwrap();
            assert_eq!((first, String::from_utf8(payload).unwrap()), expected);
        }
    }
}

/// The queue is full most of the time. What was dropped while it waited for room was not queued,
/// what had room was, and nothing is doubled or out of order.
#[test]
fn sends_while_there_is_none() {
    /// Polls `send` at most so many times. Whether it is known to be queued, or known not to be.
    async fn attempt<F: Future<Output = Result<(), crate::miniws::Error>>>(
        had_room: bool,
        future: F,
        polls: u32,
    ) -> Option<bool> {
        let mut future = std::pin::pin!(future);
        for _ in 0..polls {
            if let Some(result) = once(future.as_mut()).await {
                result.unwrap();
                return Some(true);
            }
        }
        match (had_room, polls) {
            (true, 1..) => Some(true),
            (_, 0) => Some(false),
            (false, _) => None,
        }
    }

    run(async {
        let (ours, theirs) = slow_pipe(1 << 20);
        let mut server = server(ours, calm().max_queued(10));
        let mut known = Vec::new();
        let mut unknown = Vec::new();
        for count in 0..2000_u32 {
            let message = format!("{count:04}");
            let had_room = server.can_send();
            let polls = count % 9;
            let queued = match count % 4 {
                0 | 2 => attempt(had_room, server.send(message), polls).await,
                1 => {
                    let sending = server.send_with(message, Compression::Never);
                    attempt(had_room, sending, polls).await
                }
                _ => {
                    let prepared = PreparedMessage::new(message);
                    attempt(had_room, server.send_prepared(&prepared), polls).await
                }
            };
            match queued {
                Some(true) => known.push(count),
                Some(false) => {}
                None => unknown.push(count),
            }
        }
        remade!(server.flush()).unwrap();
        drop(server);
        let got: Vec<u32> = frames(theirs)
            .await
            .into_iter()
            .map(|(_, payload)| String::from_utf8(payload).unwrap().parse().unwrap())
            .collect();
        assert!(got.is_sorted_by(|a, b| a < b));
        assert!(known.len() > 200 && unknown.len() > 200);
        assert!(known.iter().all(|count| got.contains(count)));
        let allowed = |count: &u32| known.contains(count) || unknown.contains(count);
        assert!(got.iter().all(allowed));
    });
}

/// A whole message that is larger than the stream takes at once, begun and dropped again and again,
/// goes on where it was.
#[test]
fn a_torn_send_goes_on() {
    run(async {
        let (mut client, peer) = slow_client();
        let payload: Vec<u8> = (0..10_000_u32).map(|at| (at % 251) as u8).collect();
        assert!(once(client.send(payload.clone())).await.is_none());
        for _ in 0..5000 {
            assert!(once(client.flush()).await.is_none());
        }
        remade!(client.flush()).unwrap();
        remade!(client.flush()).unwrap();
        drop(client);
        let frames = frames(peer).await;
        assert_eq!(frames.len(), 1);
        assert!(frames[0].1 == payload);
    });
}

#[test]
fn close() {
    run(async {
        let (mut server, peer) = slow_server();
        let (mut reading, mut writing) = split(peer);
        let peering = spawn(async move {
            let frame = wire::read_frame(&mut reading).await;
            wire::write(&mut writing, masked(TEXT, "not yet")).await;
            wire::write(&mut writing, masked(CLOSE, wire::close(4000, ""))).await;
            let rest = wire::read_rest(&mut reading).await;
            (frame, rest)
        });
        let status = remade!(server.close_with(CloseCode::from(4000), "bye")).unwrap();
        assert!(status.clean);
        let (frame, rest) = peering.await;
        assert_eq!(frame, (0x80 | CLOSE, wire::close(4000, "bye")));
        assert_eq!(rest, b"", "one close only");
    });
}

#[test]
fn close_without_code() {
    run(async {
        let (mut server, mut peer) = slow_server();
        wire::write(&mut peer, masked(CLOSE, b"")).await;
        end(&mut peer).await.unwrap();
        let status = remade!(server.close_without_code()).unwrap();
        assert!(status.clean);
        drop(server);
        assert_eq!(frames(peer).await, [(0x80 | CLOSE, Vec::new())]);

        let (server, mut peer) = slow_server();
        let (sender, mut receiver) = server.split();
        assert!(once(sender.close_without_code()).await.is_none());
        remade!(sender.flush()).unwrap();
        wire::write(&mut peer, masked(CLOSE, b"")).await;
        end(&mut peer).await.unwrap();
        let event = remade!(receiver.recv()).unwrap();
        assert_eq!(event, Some(Event::Close(None)));
        assert_eq!(remade!(receiver.recv()).unwrap(), None);
        assert_eq!(frames(peer).await, [(0x80 | CLOSE, Vec::new())]);
    });
}

/// Polled once and dropped: the close is on its way, and `recv` sees to the rest.
#[test]
fn close_of_a_client_and_then_recv() {
    run(async {
        let (mut client, mut peer) = slow_client();
        assert!(once(client.close()).await.is_none());
        assert_eq!(client.state(), State::Closing);
        wire::write(&mut peer, unmasked(TEXT, "last words")).await;
        wire::write(&mut peer, unmasked(CLOSE, wire::close(1000, ""))).await;
        end(&mut peer).await.unwrap();
        let event = remade!(client.recv()).unwrap();
        assert_eq!(event, Some(Event::Message(Message::from("last words"))));
        assert!(matches!(
            remade!(client.recv()).unwrap(),
            Some(Event::Close(_))
        ));
        assert_eq!(remade!(client.recv()).unwrap(), None);
        drop(client);
        assert_eq!(frames(peer).await, [(0x80 | CLOSE, wire::close(1000, ""))]);
    });
}

#[test]
fn close_of_a_sender() {
    run(async {
        let (server, mut peer) = slow_server();
        let (sender, mut receiver) = server.split();
        assert!(
            once(sender.close_with(CloseCode::from(4000), "bye"))
                .await
                .is_none()
        );
        remade!(sender.flush()).unwrap();
        wire::write(&mut peer, masked(CLOSE, wire::close(4000, ""))).await;
        end(&mut peer).await.unwrap();
        assert!(matches!(
            remade!(receiver.recv()).unwrap(),
            Some(Event::Close(_))
        ));
        assert_eq!(remade!(receiver.recv()).unwrap(), None);
        assert_eq!(
            frames(peer).await,
            [(0x80 | CLOSE, wire::close(4000, "bye"))]
        );
    });
}

/// A receiver and senders in one loop, each future dropped at every poll.
#[test]
fn everything_at_once() {
    run(async {
        let (ours, theirs) = slow_pipes(256);
        let (sender, mut receiver) = server(ours, calm()).split();
        let mut client = client(theirs, calm());
        let echo = spawn(async move {
            while let Ok(Some(event)) = client.recv().await {
                if let Event::Message(message) = event {
                    client.feed(message).unwrap();
                }
            }
        });
        let mut sent = 0_u32;
        let mut seen = 0_u32;
        while seen < 200 {
            if sent < 200 {
                let _ = once(sender.send(sent.to_string())).await;
                sent += 1;
            }
            let _ = once(sender.flush()).await;
            if let Some(event) = once(receiver.recv()).await {
                assert_eq!(text(event.unwrap()), seen.to_string());
                seen += 1;
            }
            yield_now().await;
        }
        let _ = once(sender.close()).await;
        while let Some(event) = remade!(receiver.recv()).unwrap() {
            assert!(matches!(event, Event::Close(_)), "{event:?}");
        }
        drop((sender, receiver));
        echo.await;
    });
}

/// No connection is lost while it is being accepted.
#[test]
fn accept_of_a_listener() {
    run(async {
        let (mut listener, url) = listen(Server::new()).await;
        let mut clients = Vec::new();
        for count in 0..20 {
            let url = format!("{url}{count}");
            clients.push(spawn(async move { connect(&url).await.unwrap() }));
        }
        for _ in 0..20 {
            remade!(listener.accept()).unwrap().unwrap();
        }
        for client in clients {
            client.await;
        }
    });
}

/// Dropped, it still closes the connections; made anew, it waits for the rest of them.
#[test]
fn close_all_of_a_stopper() {
    run(async {
        let (mut listener, url) = listen(Server::new().config(calm())).await;
        let stopper = listener.stopper();
        let (server, client) = join(listener.accept(), connect(&url)).await;
        let (mut server, mut client) = (server.unwrap().unwrap(), client.unwrap());
        assert!(once(stopper.close_all(LONG)).await.is_none());
        assert!(listener.accept().await.is_none());
        let serving = spawn(async move { while let Ok(Some(_)) = server.recv().await {} });
        let Some(Event::Close(Some(frame))) = client.recv().await.unwrap() else {
            panic!();
        };
        assert_eq!(frame.code(), CloseCode::GOING_AWAY);
        assert_eq!(client.recv().await.unwrap(), None);
        remade!(stopper.close_all(LONG));
        serving.await;
    });
}

/// A client's handshake is one future: it may lose as often as it likes, as long as it is kept.
/// Dropping it, or that of a server, ends the stream.
#[test]
fn handshakes() {
    run(async {
        let (ours, theirs) = slow_pipes(1 << 20);
        let mut connecting = Client::new("ws://in.memory/").handshake(ours);
        let server = Server::new();
        let mut accepting = Box::pin(server.accept(theirs));
        let (mut client, mut server) = (None, None);
        while client.is_none() || server.is_none() {
            if client.is_none() {
                client = once(&mut connecting).await;
            }
            if server.is_none() {
                server = once(&mut accepting).await;
            }
            yield_now().await;
        }
        let (mut client, mut server) = (client.unwrap().unwrap(), server.unwrap().unwrap());
        client.send("hello").await.unwrap();
        assert_eq!(text(server.recv().await.unwrap()), "hello");

        let (ours, mut peer) = slow_pipe(1 << 20);
        {
            let server = Server::new();
            wire::write(&mut peer, "GET / HT").await;
            assert!(once(server.accept(ours)).await.is_none());
        }
        assert_eq!(wire::read_rest(&mut peer).await, b"");
    });
}
