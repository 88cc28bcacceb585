//! One connection after the other, each with traffic and an end that are made up.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use fastrand::Rng;
use tokio::io::AsyncWriteExt;
use tokio::time::{Instant, sleep, timeout};

use super::message::{Message, frame};
use crate::Result;
use crate::deflated::Inflater;
use crate::wire::{
    CLOSE, CONTINUATION, FIN, PING, PONG, Peer, RSV1, Reading, TEXT, close, request,
};

/// What came of all the lives.
#[derive(Default)]
pub(super) struct Tally {
    pub(super) connections: u64,
    pub(super) messages: u64,
    pub(super) bytes: u64,
    /// Of the echoes.
    pub(super) compressed: u64,
    pub(super) cut_off: u64,
}

impl Tally {
    pub(super) fn add(&mut self, other: &Self) {
        self.connections += other.connections;
        self.messages += other.messages;
        self.bytes += other.bytes;
        self.compressed += other.compressed;
        self.cut_off += other.cut_off;
    }
}

/// Longer than anything takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// Lives until then.
pub(super) async fn live(address: SocketAddr, mut rng: Rng, until: Instant) -> Result<Tally> {
    let mut tally = Tally::default();
    // Not all of them at once.
    sleep(Duration::from_millis(rng.u64(..1000))).await;
    while Instant::now() < until {
        tally.connections += 1;
        let one = one_life(address, &mut rng, until, &mut tally);
        Box::pin(one).await?;
    }
    Ok(tally)
}

async fn one_life(
    address: SocketAddr,
    rng: &mut Rng,
    until: Instant,
    tally: &mut Tally,
) -> Result<()> {
    let source = Ipv4Addr::new(127, 0, 0, rng.u8(2..255));
    let mut peer = Peer::dial_from(source, address).await?;
    if rng.u8(..10) == 0 {
        // Not even a handshake.
        let request = request("");
        peer.write(&request[..rng.usize(..=request.len())]).await?;
        return cut_off(peer, rng, tally);
    }
    let offer = match rng.u8(..4) {
        0 => "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n",
        1 => {
            "Sec-WebSocket-Extensions: permessage-deflate; client_no_context_takeover; \
              server_no_context_takeover\r\n"
        }
        _ => "",
    };
    peer.ask(&request(offer)).await?;
    let mut inflater = (!offer.is_empty()).then(Inflater::new);
    for _ in 0..rng.usize(1..20) {
        if Instant::now() >= until {
            break;
        }
        let (burst, messages) = make_up_burst(rng, inflater.is_some());
        if rng.u8(..50) == 0 {
            peer.write(&burst[..rng.usize(..burst.len())]).await?;
            return cut_off(peer, rng, tally);
        }
        let Peer { reading, writing } = &mut peer;
        let write = async {
            let mut rest = &*burst;
            while !rest.is_empty() {
                let piece;
                (piece, rest) = rest.split_at(rng.usize(1..=rest.len()));
                writing.write_all(piece).await?;
            }
            Ok(())
        };
        let read = echoes(reading, &messages, inflater.as_mut(), tally);
        let both = async { tokio::try_join!(write, read) };
        timeout(PATIENCE, both)
            .await
            .map_err(|_| "no echo within a minute")??;
        if rng.bool() {
            sleep(Duration::from_millis(rng.u64(..500))).await;
        }
    }
    timeout(PATIENCE, end(peer, rng))
        .await
        .map_err(|_| "no end within a minute")?
}

/// Some messages, and a ping.
fn make_up_burst(rng: &mut Rng, may_compress: bool) -> (Vec<u8>, Vec<Message>) {
    let messages: Vec<_> = (0..rng.usize(1..8))
        .map(|_| Message::make_up(rng))
        .collect();
    let mut burst = Vec::new();
    for message in &messages {
        burst.extend(message.frames(rng, may_compress));
    }
    burst.extend(frame(rng, FIN | PING, b"and now?"));
    (burst, messages)
}

/// Reads the echoes of the messages, and the pong.
async fn echoes(
    reading: &mut Reading,
    messages: &[Message],
    mut inflater: Option<&mut Inflater>,
    tally: &mut Tally,
) -> Result<()> {
    let mut messages = messages.iter();
    let mut has_pong = false;
    while !has_pong || messages.len() > 0 {
        let mut frame = reading.frame().await?.ok_or("the end instead of an echo")?;
        if frame.mask.is_some() {
            return Err("a mask".into());
        }
        if frame.first == FIN | PONG && frame.payload == b"and now?" && !has_pong {
            has_pong = true;
            continue;
        }
        let expected = messages.next().ok_or("more than was sent")?;
        let opcode = frame.opcode();
        if frame.first & RSV1 != 0 {
            let inflater = inflater.as_mut().ok_or("compression without being asked")?;
            frame.payload = inflater.message(&frame.payload, expected.payload.len())?;
            tally.compressed += 1;
        }
        if opcode != expected.opcode || frame.payload != expected.payload {
            let (len, sent) = (frame.payload.len(), expected.payload.len());
            return Err(format!("{sent} bytes came back as {len} other ones").into());
        }
        tally.messages += 1;
        tally.bytes += frame.payload.len() as u64;
    }
    Ok(())
}

/// No more than that came of it.
fn cut_off(peer: Peer, rng: &mut Rng, tally: &mut Tally) -> Result<()> {
    tally.cut_off += 1;
    match rng.bool() {
        true => peer.reset(),
        false => Ok(()),
    }
}

async fn end(mut peer: Peer, rng: &mut Rng) -> Result<()> {
    let (last, expected) = match rng.u8(..6) {
        0 => return peer.reset(),
        1 => {
            drop(peer.writing);
            return match peer.reading.frame().await? {
                None => Ok(()),
                Some(frame) => Err(format!("{frame:?} instead of the end").into()),
            };
        }
        2 => (frame(rng, FIN | CONTINUATION, b"wrong"), 1002),
        3 => (frame(rng, FIN | TEXT, b"\xff"), 1007),
        _ => {
            let code = rng.u16(3000..5000);
            (frame(rng, FIN | CLOSE, &close(code, b"enough")), code)
        }
    };
    peer.write(last).await?;
    match peer.reading.frame().await? {
        Some(frame) if frame.opcode() == CLOSE && frame.code()? == expected => {}
        other => return Err(format!("{other:?} instead of a close with {expected}").into()),
    }
    match peer.reading.frame().await? {
        None => Ok(()),
        Some(frame) => Err(format!("{frame:?} behind the close").into()),
    }
}
