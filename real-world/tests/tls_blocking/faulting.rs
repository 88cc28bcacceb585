//! Every fault that a stream beneath TLS can have, at every operation in turn.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::common::pipe::pair_of;
use crate::fault::{Fault, Plan};
use crate::faulty::Faulty;
use crate::miniws::tls::TlsStream;
use crate::miniws::{Client, Config, Error, Event, Message, WebSocket, accept};
use crate::records::sessions;
use crate::{Running, echo_all, run, spawn};

/// What no conversation has as many operations as.
const MANY: usize = 1000;

/// How a client talks.
type Talk = fn(WebSocket<TlsStream<Faulty>>) -> Result<(), Error>;

fn messages() -> [Message; 2] {
    ["hello".into(), vec![7; 40_000].into()]
}

fn alone(mut socket: WebSocket<TlsStream<Faulty>>) -> Result<(), Error> {
    for message in messages() {
        socket.send(message.clone())?;
        is_next(&message, socket.recv()?);
    }
    assert!(socket.close()?.clean);
    Ok(())
}

fn in_halves(socket: WebSocket<TlsStream<Faulty>>) -> Result<(), Error> {
    let (sender, mut receiver) = socket.split();
    let sending = spawn(move || {
        for message in messages() {
            sender.send(message)?;
        }
        Ok::<_, Error>(sender)
    });
    let mut receive = || {
        for message in messages() {
            is_next(&message, receiver.recv()?);
        }
        Ok::<_, Error>(())
    };
    let received = receive();
    let sender = sending.join();
    received?;
    sender?.close()?;
    while receiver.recv()?.is_some() {}
    assert!(receiver.close_status().unwrap().clean);
    Ok(())
}

/// Nothing is lost, doubled or changed.
fn is_next(message: &Message, event: Option<Event>) {
    let expected = Some(Event::Message(message.clone()));
    assert!(event == expected, "{:.60}", format!("{event:?}"));
}

/// A conversation with a server whose stream is without faults. Tells what has come of it.
fn converse(talk: Talk, config: &Config, plan: Plan) -> (Result<(), Error>, Plan) {
    let (server, client) = sessions();
    let (ours, theirs) = pair_of(16 << 10, usize::MAX);
    let plan = Arc::new(Mutex::new(plan));
    let stream = TlsStream::new(Faulty::new(ours, plan.clone()), client);
    let serving = spawn(|| {
        if let Ok(socket) = accept(TlsStream::new(theirs, server)) {
            let _ = echo_all(socket);
        }
    });
    let client = Client::new("wss://localhost/").config(config.clone());
    let result = client.handshake(stream).and_then(talk);
    serving.join();
    let plan = std::mem::take(&mut *plan.lock().unwrap());
    (result, plan)
}

/// Holds each conversation once for each of its operations, which the fault meets.
fn at_every_operation(fault: Fault, judge: fn(Result<(), Error>)) {
    let config = Config::default().keep_alive(None);
    for talk in [alone as Talk, in_halves] {
        for at in 1.. {
            assert!(at < MANY);
            let (result, plan) = converse(talk, &config, Plan::new(fault, at));
            judge(result);
            if plan.met.is_none() {
                assert!(at > 10);
                break;
            }
        }
    }
}

#[test]
fn what_passes_changes_nothing() {
    for fault in Fault::PASSING {
        run(move || at_every_operation(fault, Result::unwrap));
    }
}

/// An end that comes after both closes is none too soon.
#[test]
fn what_breaks_is_told() {
    for fault in Fault::FATAL {
        run(move || {
            at_every_operation(fault, |result| {
                assert!(result.err().is_none_or(|error| error.is_connection_lost()));
            });
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
    for talk in [alone as Talk, in_halves] {
        let (_, plan) = converse(talk, &Config::default(), Plan::default());
        let stalling = (1..=plan.operations()).map(|at| {
            let config = config.clone();
            spawn(move || drop(converse(talk, &config, Plan::new(Fault::Stall, at))))
        });
        let stalling: Vec<_> = stalling.collect();
        stalling.into_iter().for_each(Running::join);
    }
}
