//! Lengths, and messages that are put together from fragments.

use super::row::{Attack, Outcome};
use crate::Result;
use crate::wire::{BINARY, CONTINUATION, FIN, PING, PONG, Peer, TEXT, masked};

/// The default of `Config::max_message_size`.
pub(super) const MAX_MESSAGE: usize = 16 << 20;

/// The default of `Config::max_fragments`.
const MAX_FRAGMENTS: usize = 1 << 17;

/// What a message of the greatest length may cost, in KiB: itself, while it grows into a place twice
/// as large.
pub(super) const GREAT_MESSAGE: usize = 2 * (MAX_MESSAGE >> 10) + (2 << 10);

pub(super) fn list() -> Vec<Attack> {
    vec![
        Attack::frames(
            "length-overflow",
            "a length with its top bit set",
            b"\x82\xff\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0\0",
            1002,
        ),
        Attack::frames(
            "length-overflow",
            "a length of 2^63 - 1",
            b"\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff\0\0\0\0",
            1009,
        ),
        Attack::server(
            "length-announced",
            "500 peers announce 15 MiB each, and send 4 bytes",
            Outcome::Ended,
            async |server| {
                let announced = b"\x82\xff\0\0\0\0\0\xf0\0\0\0\0\0\0four";
                let mut peers = Vec::new();
                for _ in 0..500 {
                    let (mut peer, _) = Peer::open(server.address, "").await?;
                    peer.write(announced).await?;
                    peers.push(peer);
                }
                for mut peer in peers {
                    drop(peer.writing);
                    if peer.reading.frame().await?.is_some() {
                        return Err("a frame instead of the end".into());
                    }
                }
                Ok(Outcome::Ended)
            },
        )
        .growth(500 * EACH),
        Attack::frames(
            "length-behind-an-unknown-opcode",
            "256 MiB announced behind a reserved opcode",
            b"\x83\xff\0\0\0\0\x10\0\0\0\0\0\0\0",
            1002,
        ),
        Attack::frames(
            "length-not-minimal",
            "125 bytes with a length of 16 bits",
            [b"\x82\xfe\0\x7d\0\0\0\0", &[b'x'; 125][..]].concat(),
            1002,
        ),
        Attack::frames(
            "length-not-minimal",
            "65535 bytes with a length of 64 bits",
            b"\x82\xff\0\0\0\0\0\0\xff\xff\0\0\0\0",
            1002,
        ),
        Attack::server(
            "reassembly-without-end",
            "continuations of 64 KiB without end",
            Outcome::Closed(1009),
            async |server| {
                let (mut peer, _) = Peer::open(server.address, "").await?;
                peer.write(masked(BINARY, "")).await?;
                without_end(peer, masked(CONTINUATION, [0; 64 << 10]), MAX_MESSAGE).await
            },
        )
        .growth(GREAT_MESSAGE),
        Attack::server(
            "reassembly-of-nothing",
            "empty continuations without end",
            Outcome::Closed(1009),
            async |server| {
                let (mut peer, _) = Peer::open(server.address, "").await?;
                peer.write(masked(TEXT, "")).await?;
                let thousand = masked(CONTINUATION, "").repeat(1000);
                let most = MAX_FRAGMENTS / 1000 * thousand.len();
                without_end(peer, thousand, most).await
            },
        ),
        Attack::server(
            "reassembly-of-nothing",
            "continuations of one byte without end",
            Outcome::Closed(1009),
            async |server| {
                let (mut peer, _) = Peer::open(server.address, "").await?;
                peer.write(masked(TEXT, "")).await?;
                let thousand = masked(CONTINUATION, "x").repeat(1000);
                let most = MAX_FRAGMENTS / 1000 * thousand.len();
                without_end(peer, thousand, most).await
            },
        ),
        Attack::server(
            "reassembly-past-the-limit",
            "two fragments of together 16 MiB and a byte",
            Outcome::Closed(1009),
            async |server| {
                let (mut peer, _) = Peer::open(server.address, "").await?;
                let (half, rest) = halves(MAX_MESSAGE + 1);
                peer.write(masked(BINARY, half)).await?;
                peer.write(masked(FIN | CONTINUATION, rest)).await?;
                peer.ending().await
            },
        )
        .growth(GREAT_MESSAGE),
        Attack::server(
            "reassembly-past-the-limit",
            "two fragments of together 16 MiB",
            Outcome::Served,
            async |server| {
                let (mut peer, _) = Peer::open(server.address, "").await?;
                let (half, rest) = halves(MAX_MESSAGE);
                peer.write(masked(BINARY, &half)).await?;
                peer.write(masked(FIN | CONTINUATION, &rest)).await?;
                match peer.reading.frame().await? {
                    Some(echo) if echo.payload == [half, rest].concat() => Ok(Outcome::Served),
                    _ => Err("no echo, or a wrong one".into()),
                }
            },
        )
        .growth(GREAT_MESSAGE),
        Attack::server(
            "reassembly-past-the-limit",
            "500 peers begin a message and do not end it",
            Outcome::Served,
            async |server| {
                let mut peers = Vec::new();
                for _ in 0..500 {
                    let (mut peer, _) = Peer::open(server.address, "").await?;
                    peer.write([masked(TEXT, "begun"), masked(FIN | PING, "")].concat())
                        .await?;
                    match peer.reading.frame().await? {
                        Some(pong) if pong.opcode() == PONG => peers.push(peer),
                        other => return Err(format!("{other:?} instead of a pong").into()),
                    }
                }
                Ok(Outcome::Served)
            },
        )
        .growth(500 * EACH),
    ]
}

fn halves(len: usize) -> (Vec<u8>, Vec<u8>) {
    (vec![b'x'; len / 2], vec![b'y'; len - len / 2])
}

/// What a connection may cost that has received little, in KiB. With a thread for each, most of it
/// is the thread's stack.
pub(super) const EACH: usize = 64;

/// Sends the same again and again until the connection has ended, and sees to it that the server
/// did not take more than `most` bytes of it before, and what was on its way.
pub(super) async fn without_end(peer: Peer, bytes: Vec<u8>, most: usize) -> Result<Outcome> {
    const ON_ITS_WAY: usize = 16 << 20;

    let Peer {
        mut reading,
        mut writing,
    } = peer;
    let mut sent = 0;
    let sending = async {
        while sent < most + ON_ITS_WAY {
            tokio::io::AsyncWriteExt::write_all(&mut writing, &bytes).await?;
            sent += bytes.len();
        }
        std::io::Result::Ok(())
    };
    let closed = async {
        match reading.frame().await? {
            Some(frame) => frame.code(),
            None => Err("the end without a close frame".into()),
        }
    };
    tokio::select! {
        code = closed => Ok(Outcome::Closed(code?)),
        Ok(()) = sending => Err(format!("{} bytes were taken", most + ON_ITS_WAY).into()),
    }
}
