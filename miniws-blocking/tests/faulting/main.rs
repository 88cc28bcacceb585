//! Every fault that a stream can have, at every operation in turn. The conversations, the faults and
//! what has to come of them are those of the asynchronous adapters.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../common/mod.rs"]
mod common;
#[path = "../../../behaviour/faulting/conversation.rs"]
mod conversation;
#[path = "../../../behaviour/faulting/fault.rs"]
mod fault;
mod faulty;

use std::io::{Read, Write};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use miniws_blocking as miniws;

use common::{read_head, spawn};
use conversation::{Conversation, Start, Task, conversations, switching};
use fault::{Fault, Outcome, Plan};
use faulty::Faulty;
use miniws::bytes::BytesMut;
use miniws::negotiate::accept_key;
use miniws::{Client, Config, Connection, Error, Event, Message, Negotiated, Server, WebSocket};

/// How much the stream holds.
const CAPACITY: usize = 16 << 10;
/// Only something that hangs takes as long, however slow the machine is.
const BOUND: Duration = Duration::from_secs(300);
/// What no conversation has as many operations as.
const MANY: usize = 1000;

#[test]
fn without_any_every_conversation_comes_to_its_end() {
    for_each_conversation(&calm(), |conversation| {
        let outcome = converse(conversation, Plan::default());
        outcome.judge(conversation);
        assert!(outcome.end.is_ok(), "{:?}", outcome.end);
    });
}

/// Nobody notices those that pass.
#[test]
fn what_passes_changes_nothing() {
    for fault in Fault::PASSING {
        for_each_conversation(&calm(), move |conversation| {
            at_every_operation(conversation, fault, |outcome| {
                assert!(outcome.end.is_ok(), "{:?}", outcome.end);
            });
        });
    }
}

/// The error is the right one, and comes once all is told that had come before.
#[test]
fn what_breaks_is_told() {
    for fault in Fault::FATAL {
        for_each_conversation(&calm(), move |conversation| {
            at_every_operation(conversation, fault, |_| ());
        });
    }
}

/// Whatever never comes to an end has a deadline.
#[test]
fn what_stalls_has_a_deadline() {
    const SOON: Duration = Duration::from_millis(100);
    let config = Config::default()
        .handshake_timeout(SOON)
        .keep_alive(Some(SOON))
        .pong_timeout(SOON)
        .write_timeout(Some(SOON))
        .close_timeout(SOON);
    for_each_conversation(&config, |conversation| {
        let operations = converse(conversation, Plan::default()).plan.operations();
        assert!(operations > 3);
        thread::scope(|scope| {
            for at in 1..=operations {
                scope.spawn(move || {
                    converse(conversation, Plan::new(Fault::Stall, at)).judge(conversation);
                });
            }
        });
    });
}

fn calm() -> Config {
    Config::default().keep_alive(None)
}

/// All at the same time, and bounded in time.
fn for_each_conversation(config: &Config, run: impl Fn(&Conversation) + Clone + Send + 'static) {
    let running: Vec<_> = conversations(config)
        .into_iter()
        .map(|conversation| {
            let run = run.clone();
            spawn(move || run(&conversation))
        })
        .collect();
    for running in running {
        let done = running.result_within(BOUND);
        done.expect("it panicked, or hangs");
    }
}

/// Holds the conversation once for each of its operations, which the fault meets.
fn at_every_operation(conversation: &Conversation, fault: Fault, look: impl Fn(&Outcome)) {
    for at in 1..MANY {
        let outcome = converse(conversation, Plan::new(fault, at));
        outcome.judge(conversation);
        look(&outcome);
        if !outcome.is_met() {
            assert!(at > 3);
            return;
        }
    }
    panic!("it never ends");
}

/// Our side over a stream with a fault, and its peer.
fn converse(conversation: &Conversation, plan: Plan) -> Outcome {
    let (ours, theirs) = common::pipe::pair_of(CAPACITY, usize::MAX);
    let plan = Arc::new(Mutex::new(plan));
    let ours = Faulty::new(ours, plan.clone());
    let mut events = Vec::new();
    let end = thread::scope(|scope| {
        scope.spawn(|| answer(conversation, theirs));
        take_part(conversation, ours, &mut events)
    });
    let plan = std::mem::take(&mut *plan.lock().unwrap());
    Outcome { plan, events, end }
}

/// The peer. When something is not as it should be, it leaves.
fn answer(conversation: &Conversation, mut stream: impl Read + Write) {
    let mut key = None;
    for step in &conversation.steps {
        let mut bytes = step.peer.clone();
        if bytes.starts_with(b"HTTP/") {
            bytes = switching(&accept_key(key.as_deref().unwrap()), "").into();
        }
        let mut came = vec![0; step.ours.len()];
        if stream.write_all(&bytes).is_err() || stream.read_exact(&mut came).is_err() {
            return;
        }
        if conversation.start == Start::ClientHandshake && key.is_none() {
            let request = read_head(&mut &came[..]);
            let line = |line: &str| line.strip_prefix("Sec-WebSocket-Key: ").map(String::from);
            key = request.lines().find_map(line);
        }
    }
}

fn take_part(
    conversation: &Conversation,
    stream: Faulty,
    events: &mut Vec<Event>,
) -> Result<(), Error> {
    let config = conversation.config.clone();
    let mut socket = match conversation.start {
        Start::Server => Server::new().config(config).accept(stream)?,
        Start::Client => {
            let zeros = |bytes: &mut [u8]| bytes.fill(0);
            let connection = Connection::client(config, Negotiated::default(), zeros);
            WebSocket::from_parts(stream, connection, BytesMut::new())
        }
        Start::ClientHandshake => {
            let client = Client::new("ws://in.memory/").config(config);
            client.handshake(stream)?
        }
    };
    match conversation.task {
        Task::Echo => {
            let failed = echo(&mut socket, events);
            if failed.is_err() {
                // What has come before is told all the same, and the error stays.
                while let Ok(Some(event)) = socket.recv() {
                    events.push(event);
                }
            }
            failed
        }
        Task::EchoThroughHalves => echo_through_halves(socket, events),
        Task::Close => socket.close().map(|_| ()),
    }
}

fn echo(socket: &mut WebSocket<Faulty>, events: &mut Vec<Event>) -> Result<(), Error> {
    while let Some(event) = socket.recv()? {
        let message = message(&event);
        events.push(event);
        if let Some(message) = message {
            socket.send(message)?;
        }
    }
    Ok(())
}

fn echo_through_halves(socket: WebSocket<Faulty>, events: &mut Vec<Event>) -> Result<(), Error> {
    let (sender, mut receiver) = socket.split();
    let (queue, queued) = mpsc::channel();
    thread::scope(|scope| {
        let sending = scope.spawn(move || queued.into_iter().try_for_each(|one| sender.send(one)));
        let mut receive = move || {
            while let Some(event) = receiver.recv()? {
                if let Some(message) = message(&event) {
                    // There is nobody to take it when sending has failed.
                    let _ = queue.send(message);
                }
                events.push(event);
            }
            Ok(())
        };
        let received = receive();
        drop(receive);
        received.and(sending.join().unwrap())
    })
}

fn message(event: &Event) -> Option<Message> {
    match event {
        Event::Message(message) => Some(message.clone()),
        _ => None,
    }
}
