//! The loops that drive every contestant alike.

use std::sync::{Arc, Mutex, PoisonError};

use super::case::{Case, Way};
use crate::block_on::block_on;
use crate::contestant::{Contestant, Outgoing, Sink};
use crate::meter;
use crate::pipe::Pipe;
use crate::wire::{self, Role};

/// Does a case with at least so many messages, measured, after some that are not. Returns how many
/// it were.
pub fn run<C: Contestant>(case: &Case, messages: u64) -> u64 {
    let at_once = case.messages_at_once() as u64;
    let rounds = messages.div_ceil(at_once);
    let warm = warm_up(case).div_ceil(at_once);
    match case.way {
        Way::Receive | Way::Fragments(_) | Way::Pings => {
            let mut sink = Sink::measure(warm * at_once..(warm + rounds) * at_once);
            // What is behind the last message is not measured.
            let pipe = Pipe::new(Arc::from([stretch(case)]), u64::MAX, u64::MAX);
            let pipe = match case {
                Case { burst: None, .. } => pipe.seamless(),
                // Some answer a ping when they are about to wait.
                Case {
                    way: Way::Pings, ..
                } => pipe.pausing(),
                _ => pipe,
            };
            receive::<C>(pipe, case.role, &mut sink, (warm + rounds) * at_once);
        }
        Way::Echo => {
            let segments = Arc::from([case.segment(0)]);
            C::echo(Pipe::new(segments, warm, warm + rounds).pausing());
        }
        Way::Send => {
            let message = Outgoing::new(case.content.payload(case.size, 0));
            let mut socket = C::open(Pipe::sink(), case.role);
            block_on(async {
                send::<C>(&mut socket, &message, case.burst, warm).await;
                meter::begin_measuring();
                send::<C>(&mut socket, &message, case.burst, rounds).await;
                meter::end_measuring();
            });
        }
        Way::Broadcast(to) => {
            let message = Outgoing::new(case.content.payload(case.size, 0));
            let open = |_| C::open(Pipe::sink(), case.role);
            let mut sockets: Vec<_> = (0..to).map(open).collect();
            block_on(async {
                C::broadcast(&mut sockets, &message).await;
                meter::begin_measuring();
                for _ in 0..rounds {
                    C::broadcast(&mut sockets, &message).await;
                }
                meter::end_measuring();
            });
        }
    }
    rounds * at_once
}

/// How many messages it takes to grow every buffer.
const fn warm_up(case: &Case) -> u64 {
    match case.size {
        0..=125 => 2000,
        126..=4096 => 200,
        4097..=65536 => 40,
        _ => 6,
    }
}

/// What comes from the peer at once; without seams, that is repeated, so that the pipe copies large
/// pieces.
fn stretch(case: &Case) -> Vec<u8> {
    let segment = case.segment(0);
    match case.burst {
        Some(_) => segment,
        None => segment.repeat((128 << 10) / segment.len() + 1),
    }
}

fn receive<C: Contestant>(pipe: Pipe, role: Role, sink: &mut Sink, messages: u64) {
    let mut socket = C::open(pipe, role);
    block_on(async { while sink.taken() < messages && C::receive(&mut socket, sink).await {} });
    assert_eq!(sink.taken(), messages, "messages received");
}

async fn send<C: Contestant>(
    socket: &mut C::Socket,
    message: &Outgoing,
    burst: Option<usize>,
    rounds: u64,
) {
    for _ in 0..rounds {
        match burst {
            None => C::send(socket, message).await,
            Some(burst) => C::send_burst(socket, message, burst).await,
        }
    }
}

/// Different messages, each compared byte by byte.
///
/// # Panics
///
/// When something is wrong.
pub fn check<C: Contestant>(case: &Case) {
    const ROUNDS: usize = 9;
    const VARIANTS: usize = 4;
    let at_once = case.messages_at_once();
    let payload = |variant| {
        (
            case.content.is_text(),
            case.content.payload(case.size, variant),
        )
    };
    let payloads: Vec<_> = (0..VARIANTS).map(payload).collect();
    let segments: Arc<[_]> = (0..VARIANTS).map(|variant| case.segment(variant)).collect();
    let output = Arc::new(Mutex::new(Vec::new()));
    let incoming = || Pipe::new(segments.clone(), u64::MAX, ROUNDS as u64).keep(output.clone());
    let outgoing = || Pipe::sink().keep(output.clone());
    let mut expected = Vec::new();
    match case.way {
        Way::Receive | Way::Fragments(_) | Way::Pings => {
            let repeat = |one: &(bool, Vec<u8>)| std::iter::repeat_n(one.clone(), at_once);
            let repeated: Vec<_> = payloads.iter().flat_map(repeat).collect();
            for pipe in [incoming().pausing(), incoming().seamless()] {
                let mut sink = Sink::compare(repeated.clone());
                let mut socket = C::open(pipe, case.role);
                block_on(async { while C::receive(&mut socket, &mut sink).await {} });
                assert_eq!(sink.taken() as usize, ROUNDS * at_once, "messages received");
            }
        }
        Way::Echo => {
            C::echo(incoming().pausing());
            expected.extend((0..ROUNDS).map(|round| payloads[round % VARIANTS].clone()));
        }
        Way::Send | Way::Broadcast(_) => block_on(async {
            let mut socket = [C::open(outgoing(), case.role)];
            let message = Outgoing::new(payloads[0].1.clone());
            for _ in 0..ROUNDS {
                if case.way == Way::Send {
                    send::<C>(&mut socket[0], &message, case.burst, 1).await;
                } else {
                    C::broadcast(&mut socket, &message).await;
                }
            }
            let count = ROUNDS * case.burst.unwrap_or(1);
            expected.extend(std::iter::repeat_n(payloads[0].clone(), count));
        }),
    }
    let output = output.lock().unwrap_or_else(PoisonError::into_inner);
    let sent = Sent::parse(&output, case.role);
    assert!(sent.messages == expected, "the messages that were sent");
    // Not all write before they find out that a stream without a pause is at its end.
    if case.way == Way::Pings {
        assert!(
            sent.pongs >= ROUNDS,
            "the pongs that were sent: {}",
            sent.pongs
        );
    }
}

/// What a contestant has written.
struct Sent {
    messages: Vec<(bool, Vec<u8>)>,
    pongs: usize,
}

impl Sent {
    fn parse(mut bytes: &[u8], role: Role) -> Self {
        let mut sent = Self {
            messages: Vec::new(),
            pongs: 0,
        };
        let mut message = Vec::new();
        while let Some(header) = wire::parse(bytes) {
            let end = header.size + header.payload;
            let mut payload = bytes[header.size..end].to_vec();
            bytes = &bytes[end..];
            assert_eq!(header.key.is_some(), role == Role::Client, "masking");
            if let Some(key) = header.key {
                wire::mask(key, &mut payload);
            }
            match header.opcode {
                wire::PONG => {
                    assert_eq!(payload, b"are you there?..");
                    sent.pongs += 1;
                }
                wire::CLOSE => {}
                opcode => {
                    message.extend_from_slice(&payload);
                    if header.fin {
                        let whole = std::mem::take(&mut message);
                        sent.messages.push((opcode == wire::TEXT, whole));
                    }
                }
            }
        }
        assert!(bytes.is_empty(), "half a frame was sent");
        sent
    }
}
