//! Connections that break off, stand still, or trickle.

use std::time::{Duration, Instant};

use tokio::time::sleep;

use super::row::{Attack, Outcome};
use crate::Result;
use crate::program::Program;
use crate::wire::{
    CLOSE, CONTINUATION, FIN, PING, PONG, Peer, TEXT, close, masked, request, unmasked,
};

pub(super) fn list() -> Vec<Attack> {
    vec![
        Attack::server(
            "reset",
            "a conversation that is reset after each of its bytes",
            Outcome::Ended,
            async |server| {
                let before = server.descriptors()?;
                let conversation = conversation();
                for moment in 0..=conversation.len() {
                    let mut peer = Peer::dial(server.address).await?;
                    peer.write(&conversation[..moment]).await?;
                    peer.reset()?;
                }
                all_gone(&server, before).await?;
                Ok(Outcome::Ended)
            },
        )
        .without_new_guests(),
        Attack::server(
            "end-within-a-frame",
            "a conversation that ends after each of its bytes",
            Outcome::Ended,
            async |server| {
                let before = server.descriptors()?;
                let conversation = conversation();
                for moment in 0..=conversation.len() {
                    let mut peer = Peer::dial(server.address).await?;
                    peer.write(&conversation[..moment]).await?;
                    drop(peer.writing);
                    peer.reading.rest().await?;
                }
                all_gone(&server, before).await?;
                Ok(Outcome::Ended)
            },
        )
        .without_new_guests(),
        Attack::server(
            "half-closed",
            "the end of the peer's side without a close",
            Outcome::Ended,
            async |server| {
                let before = server.descriptors()?;
                let (mut peer, _) = Peer::open(server.address, "").await?;
                peer.echo("the last word").await?;
                drop(peer.writing);
                if let Some(frame) = peer.reading.frame().await? {
                    return Err(format!("{frame:?} instead of the end").into());
                }
                all_gone(&server, before).await?;
                Ok(Outcome::Ended)
            },
        )
        .without_new_guests(),
        Attack::server(
            "close-never-answered",
            "a peer that fails, and neither answers the close nor ends TCP",
            Outcome::Closed(1002),
            async |server| {
                let before = server.descriptors()?;
                let (mut peer, _) = Peer::open(server.address, "").await?;
                let start = Instant::now();
                peer.write(unmasked(FIN | TEXT, "fail")).await?;
                let outcome = peer.ending().await?;
                all_gone(&server, before).await?;
                took(start, CLOSE_TIMEOUT)?;
                Ok(outcome)
            },
        )
        .without_new_guests()
        .waits(12),
        Attack::server(
            "one-byte-at-a-time",
            "a conversation that comes byte by byte",
            Outcome::Closed(1000),
            async |server| {
                let mut peer = Peer::dial(server.address).await?;
                for byte in conversation() {
                    peer.write([byte]).await?;
                }
                peer.reading.head().await?;
                for (first, payload) in [(FIN | PONG, "ping"), (FIN | TEXT, "Hello")] {
                    match peer.reading.frame().await? {
                        Some(frame)
                            if frame.first == first && frame.payload == payload.as_bytes() => {}
                        other => return Err(format!("{other:?} instead of {payload:?}").into()),
                    }
                }
                peer.ending().await
            },
        ),
        Attack::server(
            "silent-peer",
            "a peer that says nothing: a ping after 30 s, the end after 50 s",
            Outcome::Ended,
            async |server| {
                let (mut peer, _) = Peer::open(server.address, "").await?;
                let start = Instant::now();
                match peer.reading.frame().await? {
                    Some(ping) if ping.opcode() == PING => took(start, KEEP_ALIVE)?,
                    other => return Err(format!("{other:?} instead of a ping").into()),
                }
                let outcome = peer.ending().await?;
                took(start, KEEP_ALIVE + PONG_TIMEOUT)?;
                Ok(outcome)
            },
        )
        .waits(65),
    ]
}

/// The defaults of `Config`.
const KEEP_ALIVE: Duration = Duration::from_secs(30);
const PONG_TIMEOUT: Duration = Duration::from_secs(20);
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

/// A read of Linux that has a time limit may return an eighth too late.
fn took(start: Instant, expected: Duration) -> Result<()> {
    let took = start.elapsed();
    let latest = expected + expected / 8 + Duration::from_secs(2);
    if took + Duration::from_secs(1) < expected || took > latest {
        return Err(format!("{took:.1?} instead of {expected:.1?}").into());
    }
    Ok(())
}

/// From the request to the close.
fn conversation() -> Vec<u8> {
    [
        request("").into_bytes(),
        masked(TEXT, "Hel"),
        masked(FIN | PING, "ping"),
        masked(FIN | CONTINUATION, "lo"),
        masked(FIN | CLOSE, close(1000, b"bye")),
    ]
    .concat()
}

/// Waits until the server has let go of all connections that have come since.
async fn all_gone(server: &Program, before: usize) -> Result<()> {
    // What waits is under a limit of time.
    while server.descriptors()? > before {
        sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}
