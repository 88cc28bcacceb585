//! The loops that drive every contestant alike.

use std::sync::{Arc, Mutex, PoisonError};

use super::case::{Case, Way};
use crate::allocator;
use crate::block_on::block_on;
use crate::contestant::{Contestant, Outgoing, Sink};
use crate::deflate::inflate;
use crate::meter;
use crate::pipe::Pipe;
use crate::wire::{self, Role};

/// Does a case with at least so many messages, measured, after some that are not. Returns how many
/// it were.
pub fn run<C: Contestant<Pipe>>(case: &Case, messages: u64) -> u64 {
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
            let pipe = Pipe::new(segments, warm, warm + rounds).pausing();
            block_on(C::echo(&mut C::open(pipe, case.role)));
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

fn receive<C: Contestant<Pipe>>(pipe: Pipe, role: Role, sink: &mut Sink, messages: u64) {
    let mut socket = C::open(pipe, role);
    block_on(async { while sink.taken() < messages && C::receive(&mut socket, sink).await {} });
    assert_eq!(sink.taken(), messages, "messages received");
}

async fn send<C: Contestant<Pipe>>(
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

/// What a message leaves on the wire and in memory.
#[derive(Clone, Copy, Debug, Default)]
pub struct Footprint {
    /// Bytes sent for it, the frame's header included.
    pub wire: u64,
    /// Bytes that each connection holds after it.
    pub heap: u64,
}

/// Does a case once on each of some connections.
pub fn footprint<C: Contestant<Pipe>>(case: &Case) -> Footprint {
    const CONNECTIONS: u64 = 200;
    let segments: Arc<[_]> = Arc::from([case.segment(0)]);
    let message = Outgoing::new(case.content.payload(case.size, 0));
    let output = Arc::new(Mutex::new(Vec::with_capacity(4 * case.size + 1024)));
    let once = async |output: Option<Arc<Mutex<Vec<u8>>>>| {
        let mut pipe = Pipe::new(segments.clone(), u64::MAX, u64::MAX);
        if let Some(output) = output {
            pipe = pipe.keep(output);
        }
        let mut socket = C::open(pipe, case.role);
        match case.way {
            Way::Send | Way::Broadcast(_) => C::send(&mut socket, &message).await,
            _ => {
                C::receive(&mut socket, &mut Sink::measure(u64::MAX..u64::MAX)).await;
            }
        }
        socket
    };
    block_on(async {
        // Whatever is made once is made now.
        drop(once(Some(output.clone())).await);
        let mut sockets = Vec::with_capacity(CONNECTIONS as usize);
        let before = allocator::held();
        for _ in 0..CONNECTIONS {
            sockets.push(once(None).await);
        }
        let heap = (allocator::held() - before) / CONNECTIONS;
        let output = output.lock().unwrap_or_else(PoisonError::into_inner);
        Footprint {
            wire: output.len() as u64,
            heap,
        }
    })
}

/// Different messages, each compared byte by byte.
///
/// # Panics
///
/// When something is wrong.
pub fn check<C: Contestant<Pipe>>(case: &Case) {
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
            block_on(C::echo(&mut C::open(incoming().pausing(), case.role)));
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
            // All send their messages as binary ones.
            let message = (false, payloads[0].1.clone());
            expected.extend(std::iter::repeat_n(message, count));
        }),
    }
    let output = output.lock().unwrap_or_else(PoisonError::into_inner);
    let sent = Sent::parse(&output, case);
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
    fn parse(mut bytes: &[u8], case: &Case) -> Self {
        let mut sent = Self {
            messages: Vec::new(),
            pongs: 0,
        };
        let mut message = Vec::new();
        while let Some(header) = wire::parse(bytes) {
            let end = header.size + header.payload;
            let mut payload = bytes[header.size..end].to_vec();
            bytes = &bytes[end..];
            let is_masked = case.role == Role::Client;
            assert_eq!(header.key.is_some(), is_masked, "masking");
            if let Some(key) = header.key {
                wire::mask(key, &mut payload);
            }
            if header.rsv1 {
                let inflated = inflate(&payload, case.size).filter(|_| case.deflate);
                payload = inflated.unwrap_or_else(|| panic!("compressed wrongly"));
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
