//! Output that piles up, and what it has in it.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::io::AsyncWriteExt;
use tokio::time::sleep;

use super::row::{Attack, Outcome};
use crate::Result;
use crate::wire::{BINARY, CLOSE, FIN, PING, Peer, TEXT, close, masked, request, unmasked};

/// The default of `Config::write_timeout`.
const TIMEOUT: Duration = Duration::from_secs(30);

pub(super) fn list() -> Vec<Attack> {
    vec![
        Attack::server(
            "output-ping-flood",
            "64 MiB of pings, and more, from a peer that never reads",
            Outcome::Ended,
            async |server| {
                let start = Instant::now();
                let mut peer = Peer::dial_without_room(server.address).await?;
                peer.ask(&request("")).await?;
                let pings = masked(FIN | PING, [7; 125]).repeat(1000);
                for _ in 0..(64 << 20) / pings.len() {
                    peer.write(&pings).await?;
                }
                while peer.write(&pings[..131]).await.is_ok() {
                    sleep(Duration::from_millis(100)).await;
                }
                in_time(start)
            },
        )
        .waits(75),
        Attack::server(
            "output-without-bound",
            "messages of a byte without end from a peer that never reads",
            Outcome::Ended,
            async |server| never_reads(server.address, masked(FIN | TEXT, "x").repeat(1000)).await,
        )
        .growth(4 << 10)
        .waits(75),
        Attack::server(
            "stops-reading",
            "messages of 64 KiB without end from a peer that never reads",
            Outcome::Ended,
            async |server| never_reads(server.address, masked(FIN | BINARY, [7; 64 << 10])).await,
        )
        .growth(4 << 10)
        .waits(75),
        Attack::server(
            "messages-without-end",
            "two peers send as fast as they can, and read all that comes back",
            Outcome::Served,
            async |server| {
                tokio::try_join!(flood(server.address), flood(server.address))?;
                Ok(Outcome::Served)
            },
        ),
        Attack::server(
            "output-stale-memory",
            "a close with a reason: the answer has the code alone",
            Outcome::Closed(1000),
            async |server| {
                let (mut peer, _) = Peer::open(server.address, "").await?;
                let reason = close(1000, &[b'r'; 123]);
                peer.write(masked(FIN | CLOSE, reason)).await?;
                match peer.reading.rest().await? {
                    b"\x88\x02\x03\xe8" => Ok(Outcome::Closed(1000)),
                    other => Err(format!("{other:x?} instead of a close with 1000").into()),
                }
            },
        ),
    ]
}

/// For three seconds, so that who waits for its end waits for too long.
async fn flood(address: SocketAddr) -> Result<()> {
    let (peer, _) = Peer::open(address, "").await?;
    let Peer {
        mut reading,
        mut writing,
    } = peer;
    let messages = masked(FIN | TEXT, "x").repeat(10_000);
    let send = async {
        let start = Instant::now();
        let mut sent = 0;
        while start.elapsed() < Duration::from_secs(3) {
            writing.write_all(&messages).await?;
            sent += 10_000;
        }
        let close = masked(FIN | CLOSE, close(1000, b""));
        writing.write_all(&close).await?;
        Ok(sent)
    };
    let (sent, count) = tokio::try_join!(send, reading.count())?;
    let expected = sent * unmasked(FIN | TEXT, "x").len() + unmasked(FIN | CLOSE, "12").len();
    if count != expected {
        return Err(format!("{count} bytes came back instead of {expected}").into());
    }
    Ok(())
}

async fn never_reads(address: SocketAddr, messages: Vec<u8>) -> Result<Outcome> {
    let start = Instant::now();
    let mut peer = Peer::dial_without_room(address).await?;
    peer.ask(&request("")).await?;
    while peer.write(&messages).await.is_ok() {}
    in_time(start)
}

/// What the system still has room for is sometimes found only by the write that is tried at the
/// deadline, which is put off once by that.
fn in_time(start: Instant) -> Result<Outcome> {
    let took = start.elapsed();
    if took < TIMEOUT || took > 2 * TIMEOUT + Duration::from_secs(10) {
        return Err(format!("it took {took:.1?}").into());
    }
    Ok(Outcome::Ended)
}
