//! A WebSocket as a stream of events and a sink of messages.

use futures_util::{Sink, SinkExt, Stream, StreamExt, future};

use super::support::wire::{self, CLOSE, TEXT, masked};
use super::support::{self, calm, close, join, pair, pipe, run, server_and_peer, spawn, text};
use crate::miniws::{Error, Event, Message, State};

#[test]
fn events_come_until_the_end() {
    run(async {
        let (server, mut peer) = server_and_peer(calm());
        for frame in [
            masked(TEXT, "1"),
            masked(TEXT, "2"),
            masked(CLOSE, wire::close(1000, "")),
        ] {
            wire::write(&mut peer, frame).await;
        }
        drop(peer);
        let events: Vec<_> = server.map(Result::unwrap).collect().await;
        assert_eq!(events.len(), 3);
        assert_eq!(text(Some(events[0].clone())), "1");
        assert_eq!(close(Some(events[2].clone())).0, 1000);
    });
}

/// So that a loop over the stream ends, and is told why.
#[test]
fn an_error_is_the_last_item() {
    run(async {
        for split in [false, true] {
            let (server, mut peer) = server_and_peer(calm());
            wire::write(&mut peer, masked(TEXT, "1")).await;
            drop(peer);
            let items: Vec<_> = if split {
                server.split().1.collect().await
            } else {
                server.collect().await
            };
            assert_eq!(items.len(), 2);
            assert!(items[0].is_ok());
            assert!(items[1].as_ref().unwrap_err().is_connection_lost());
        }
    });
}

#[test]
fn messages_go_out() {
    run(async {
        let (mut server, client) = pair();
        let messages = ["1", "2", "3"].map(|text| Ok(Message::from(text)));
        SinkExt::send_all(&mut server, &mut futures_util::stream::iter(messages))
            .await
            .unwrap();
        SinkExt::feed(&mut server, Message::from("4"))
            .await
            .unwrap();
        SinkExt::<Message>::flush(&mut server).await.unwrap();
        let seen: Vec<_> = client.take(4).map(|event| text(event.ok())).collect().await;
        assert_eq!(seen, ["1", "2", "3", "4"]);
    });
}

/// The sink waits for room, where `feed` would hand the message back.
#[test]
fn the_sink_pushes_back() {
    run(async {
        let (ours, theirs) = pipe(10);
        let mut server = support::server(ours, calm().max_queued(50));
        let client = support::client(theirs, calm());
        let sending = spawn(async move {
            for count in 0..100 {
                SinkExt::feed(&mut server, Message::from(count.to_string()))
                    .await
                    .unwrap();
            }
            SinkExt::<Message>::flush(&mut server)
                .await
                .map(|()| server)
        });
        let seen: Vec<_> = client
            .take(100)
            .map(|event| text(event.ok()))
            .collect()
            .await;
        let expected: Vec<_> = (0..100).map(|count| count.to_string()).collect();
        assert_eq!(seen, expected);
        sending.await.unwrap();
    });
}

#[test]
fn closing_the_sink_closes_with_1000() {
    run(async {
        let (mut server, mut client) = pair();
        let (closed, event) = join(SinkExt::<Message>::close(&mut client), async {
            let event = server.recv().await.unwrap();
            drop(server);
            event
        })
        .await;
        closed.unwrap();
        assert_eq!(close(event).0, 1000);
        assert_eq!(client.state(), State::Closed);
    });
}

#[test]
fn closing_a_senders_sink_closes_with_1000() {
    run(async {
        let (server, mut client) = pair();
        let (mut sender, mut receiver) = server.split();
        SinkExt::<Message>::send(&mut sender, "last".into())
            .await
            .unwrap();
        SinkExt::<Message>::close(&mut sender).await.unwrap();
        SinkExt::<Message>::close(&mut sender).await.unwrap();
        assert_eq!(text(client.recv().await.unwrap()), "last");
        assert_eq!(close(client.recv().await.unwrap()).0, 1000);
        drop(client);
        assert_eq!(close(receiver.next().await.transpose().unwrap()).0, 1000);
        assert!(receiver.next().await.is_none());
    });
}

/// With the traits in scope, the methods of the same names are still the WebSocket's own.
#[test]
fn the_names_do_not_clash() {
    run(async {
        let (mut server, mut client) = pair();
        server.feed("1").unwrap();
        server.flush().await.unwrap();
        server.send("2").await.unwrap();
        assert_eq!(text(client.next().await.transpose().unwrap()), "1");
        assert_eq!(text(client.recv().await.unwrap()), "2");
        let (sender, _receiver) = server.split();
        sender.feed("3").unwrap();
        sender.send("4").await.unwrap();
    });
}

/// An echo server in one line, in the way of the trait's users.
#[test]
fn forwarding_a_stream_into_a_sink() {
    run(async {
        let (server, mut client) = pair();
        let (sender, receiver) = server.split();
        let echo = receiver
            .filter_map(|event| {
                future::ready(match event {
                    Ok(Event::Message(message)) => Some(Ok(message)),
                    Ok(_) => None,
                    Err(error) => Some(Err(error)),
                })
            })
            .forward(sender);
        let echo = spawn(echo);
        client.send("echo").await.unwrap();
        assert_eq!(text(client.recv().await.unwrap()), "echo");
        assert!(client.close().await.unwrap().clean);
        echo.await.unwrap();
    });
}

/// Generic code can ask for both at once.
#[test]
fn it_is_one_thing_that_is_both() {
    fn is_both<T>(_: &T)
    where
        T: Stream<Item = Result<Event, Error>> + Sink<Message, Error = Error> + Unpin + Send,
    {
    }
    run(async { is_both(&pair().0) });
}
