//! Every fault that a transport can have, at every operation in turn.

mod conversation;
mod fault;
mod faulty;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_channel::unbounded;

use super::support::duplex::duplex;
use super::support::{calm, client, join, run_on_test_clock, spawn, wire};
use crate::miniws::negotiate::accept_key;
use crate::miniws::{Client, Config, Error, Event, Message, Server, WebSocket};
use crate::runtime::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, split, stream};
use conversation::{Conversation, Start, Task, conversations, switching};
use fault::{Fault, Outcome, Plan};
use faulty::Faulty;

/// How much the transport holds.
const CAPACITY: usize = 16 << 10;
/// What no conversation has as many operations as.
const MANY: usize = 1000;

#[test]
fn without_any_every_conversation_comes_to_its_end() {
    run_on_test_clock(async {
        for conversation in conversations(&calm()) {
            let outcome = converse(&conversation, Plan::default()).await;
            outcome.judge(&conversation);
            assert!(outcome.end.is_ok());
        }
    });
}

/// Nobody notices those that pass.
#[test]
fn what_passes_changes_nothing() {
    run_on_test_clock(async {
        for conversation in conversations(&calm()) {
            for fault in Fault::PASSING {
                for at in 1..MANY {
                    let outcome = converse(&conversation, Plan::new(fault, at)).await;
                    outcome.judge(&conversation);
                    assert!(outcome.end.is_ok(), "{:?}", outcome.end);
                    if !outcome.is_met() {
                        assert!(at > 5);
                        break;
                    }
                }
            }
        }
    });
}

/// The error is the right one, and comes once all is told that had come before.
#[test]
fn what_breaks_is_told() {
    run_on_test_clock(async {
        for conversation in conversations(&calm()) {
            for fault in Fault::FATAL {
                for at in 1..MANY {
                    let outcome = converse(&conversation, Plan::new(fault, at)).await;
                    outcome.judge(&conversation);
                    if !outcome.is_met() {
                        assert!(at > 5);
                        break;
                    }
                }
            }
        }
    });
}

/// Whatever never comes to an end has a deadline. On a real clock all of them wait at the same time.
#[test]
fn what_stalls_has_a_deadline() {
    const SOON: Duration = Duration::from_millis(100);
    let config = Config::default()
        .handshake_timeout(SOON)
        .keep_alive(Some(SOON))
        .pong_timeout(SOON)
        .write_timeout(Some(SOON))
        .close_timeout(SOON);
    run_on_test_clock(async {
        for conversation in conversations(&config).into_iter().map(Arc::new) {
            let mut running = Vec::new();
            for at in 1..=operations(&conversation).await {
                let conversation = conversation.clone();
                running.push(spawn(async move {
                    let plan = Plan::new(Fault::Stall, at);
                    converse(&conversation, plan).await.judge(&conversation);
                }));
            }
            assert!(running.len() > 5);
            for running in running {
                running.await;
            }
        }
    });
}

/// How many operations it takes.
async fn operations(conversation: &Conversation) -> usize {
    converse(conversation, Plan::default())
        .await
        .plan
        .operations()
}

/// Our side over a transport with a fault, and its peer.
async fn converse(conversation: &Conversation, plan: Plan) -> Outcome {
    let (ours, theirs) = duplex(CAPACITY);
    let plan = Arc::new(Mutex::new(plan));
    let ours = stream(Faulty::new(ours, plan.clone()));
    let mut events = Vec::new();
    let taking_part = take_part(conversation, ours, &mut events);
    let (end, ()) = join(taking_part, answer(conversation, stream(theirs))).await;
    let plan = std::mem::take(&mut *plan.lock().unwrap());
    Outcome { plan, events, end }
}

/// The peer. When something is not as it should be, it leaves.
async fn answer(conversation: &Conversation, stream: impl AsyncRead + AsyncWrite + Unpin) {
    let (mut reading, mut writing) = split(stream);
    let mut request = String::new();
    for step in &conversation.steps {
        let mut bytes = step.peer.clone();
        if bytes.starts_with(b"HTTP/") {
            let key = wire::header(&request, "Sec-WebSocket-Key").unwrap();
            bytes = switching(&accept_key(key), "").into();
        }
        let mut came = vec![0; step.ours.len()];
        let written = writing.write_all(&bytes);
        let (written, read) = join(written, reading.read_exact(&mut came)).await;
        if written.is_err() || read.is_err() {
            return;
        }
        if conversation.start == Start::ClientHandshake && request.is_empty() {
            request = String::from_utf8(came).unwrap();
        }
    }
}

async fn take_part<S>(
    conversation: &Conversation,
    stream: S,
    events: &mut Vec<Event>,
) -> Result<(), Error>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let config = conversation.config.clone();
    let mut socket = match conversation.start {
        Start::Server => Server::new().config(config).accept(stream).await?,
        Start::Client => client(stream, config),
        Start::ClientHandshake => {
            let client = Client::new("ws://in.memory/").config(config);
            client.handshake(stream).await?
        }
    };
    match conversation.task {
        Task::Echo => {
            let failed = echo(&mut socket, events).await;
            if failed.is_err() {
                // What has come before is told all the same, and the error stays.
                while let Ok(Some(event)) = socket.recv().await {
                    events.push(event);
                }
            }
            failed
        }
        Task::EchoThroughHalves => echo_through_halves(socket, events).await,
        Task::Close => socket.close().await.map(|_| ()),
    }
}

async fn echo<S>(socket: &mut WebSocket<S>, events: &mut Vec<Event>) -> Result<(), Error>
where
    S: AsyncRead + AsyncWrite + Unpin + 'static,
{
    while let Some(event) = socket.recv().await? {
        let message = message(&event);
        events.push(event);
        if let Some(message) = message {
            socket.send(message).await?;
        }
    }
    Ok(())
}

async fn echo_through_halves<S>(socket: WebSocket<S>, events: &mut Vec<Event>) -> Result<(), Error>
where
    S: AsyncRead + AsyncWrite + Unpin + 'static,
{
    let (sender, mut receiver) = socket.split();
    let (queue, queued) = unbounded();
    let receiving = async move {
        while let Some(event) = receiver.recv().await? {
            if let Some(message) = message(&event) {
                // There is nobody to take it when sending has failed.
                let _ = queue.try_send(message);
            }
            events.push(event);
        }
        Ok(())
    };
    let sending = async move {
        while let Ok(message) = queued.recv().await {
            sender.send(message).await?;
        }
        Ok(())
    };
    let (received, sent) = join(receiving, sending).await;
    received.and(sent)
}

fn message(event: &Event) -> Option<Message> {
    match event {
        Event::Message(message) => Some(message.clone()),
        _ => None,
    }
}
