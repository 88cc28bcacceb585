//! Compressed messages, and how compression is agreed on.

use super::lengths::{EACH, GREAT_MESSAGE, MAX_MESSAGE, without_end};
use super::row::{Attack, Outcome};
use crate::deflated::{Inflater, bomb, compress};
use crate::wire::{BINARY, CONTINUATION, FIN, PING, PONG, Peer, RSV1, TEXT, masked, request};

const OFFER: &str = "Sec-WebSocket-Extensions: permessage-deflate\r\n";

const COMPRESSED: u8 = FIN | RSV1;

pub(super) fn list() -> Vec<Attack> {
    let mut list = limits();
    list.extend(BAD_OFFERS.map(|(id, what, parameters)| {
        let offer = format!("Sec-WebSocket-Extensions: permessage-deflate; {parameters}\r\n");
        Attack::accepted(id, what, request(&offer)).option("--deflate")
    }));
    list.extend(streams());
    list
}

/// The server goes on without compression.
const BAD_OFFERS: [(&str, &str, &str); 4] = [
    (
        "deflate-window-bits",
        "server_max_window_bits=7 is declined",
        "server_max_window_bits=7",
    ),
    (
        "deflate-window-bits",
        "client_max_window_bits=16 is declined",
        "client_max_window_bits=16",
    ),
    (
        "deflate-window-bits",
        "server_max_window_bits=99999999999999999999 is declined",
        "server_max_window_bits=99999999999999999999",
    ),
    (
        "deflate-window-of-8",
        "server_max_window_bits=8 is declined",
        "server_max_window_bits=8",
    ),
];

fn limits() -> Vec<Attack> {
    vec![
        compressed(
            "deflate-bomb",
            "a frame of 1 MiB that inflates to 1 GiB",
            || masked(COMPRESSED | BINARY, bomb(1024)),
            1009,
        )
        .growth(GREAT_MESSAGE),
        compressed(
            "deflate-bomb",
            "the same as text",
            || masked(COMPRESSED | TEXT, bomb(1024)),
            1009,
        )
        .growth(GREAT_MESSAGE),
        Attack::server(
            "deflate-bomb",
            "a bomb of fragments without end",
            Outcome::Closed(1009),
            async |server| {
                let (mut peer, _) = Peer::open(server.address, OFFER).await?;
                peer.write(masked(RSV1 | BINARY, "")).await?;
                let piece = bomb(1);
                let most = 17 * piece.len();
                let piece = [&*piece, &[0, 0, 0xff, 0xff]].concat();
                without_end(peer, masked(CONTINUATION, piece), most).await
            },
        )
        .option("--deflate")
        .growth(GREAT_MESSAGE),
        compressed(
            "deflate-limit-is-exact",
            "16 MiB and a byte, compressed",
            || masked(COMPRESSED | BINARY, compress(&vec![b'x'; MAX_MESSAGE + 1])),
            1009,
        )
        .growth(GREAT_MESSAGE),
        Attack::server(
            "deflate-limit-is-exact",
            "16 MiB, compressed",
            Outcome::Served,
            async |server| {
                let (mut peer, _) = Peer::open(server.address, OFFER).await?;
                let message = vec![b'x'; MAX_MESSAGE];
                peer.write(masked(COMPRESSED | BINARY, compress(&message)))
                    .await?;
                let echo = peer.reading.frame().await?.ok_or("no echo")?;
                if Inflater::new().message(&echo.payload, MAX_MESSAGE)? != message {
                    return Err("a wrong echo".into());
                }
                Ok(Outcome::Served)
            },
        )
        .option("--deflate")
        .growth(2 * GREAT_MESSAGE),
        compressed(
            "deflate-uncompressed-limit",
            "16 MiB and a byte, uncompressed",
            || masked(FIN | BINARY, vec![b'x'; MAX_MESSAGE + 1]),
            1009,
        )
        .growth(GREAT_MESSAGE),
        Attack::server(
            "deflate-many-tiny-messages",
            "100,000 compressed messages of 5 bytes",
            Outcome::Served,
            async |server| {
                let (peer, _) = Peer::open(server.address, OFFER).await?;
                let Peer {
                    mut reading,
                    mut writing,
                } = peer;
                let messages = masked(COMPRESSED | TEXT, compress(b"Hello")).repeat(COUNT);
                let writing = tokio::io::AsyncWriteExt::write_all(&mut writing, &messages);
                let echoes = async {
                    for _ in 0..COUNT {
                        match reading.frame().await? {
                            Some(echo) if echo.payload == b"Hello" => {}
                            other => return Err(format!("{other:?} instead of an echo").into()),
                        }
                    }
                    Ok(Outcome::Served)
                };
                let (written, echoes) = tokio::join!(writing, echoes);
                written?;
                echoes
            },
        )
        .option("--deflate"),
        Attack::server(
            "deflate-many-tiny-messages",
            "500 peers begin a compressed message and do not end it",
            Outcome::Served,
            async |server| {
                let mut peers = Vec::new();
                for _ in 0..500 {
                    let (mut peer, _) = Peer::open(server.address, OFFER).await?;
                    let begun = masked(RSV1 | TEXT, compress(b"begun"));
                    peer.write([begun, masked(FIN | PING, "")].concat()).await?;
                    match peer.reading.frame().await? {
                        Some(pong) if pong.opcode() == PONG => peers.push(peer),
                        other => return Err(format!("{other:?} instead of a pong").into()),
                    }
                }
                Ok(Outcome::Served)
            },
        )
        .option("--deflate")
        .growth(500 * (INFLATING + EACH)),
    ]
}

const COUNT: usize = 100_000;

/// What a connection holds within a compressed message, in KiB.
const INFLATING: usize = 64;

fn streams() -> Vec<Attack> {
    vec![
        Attack::frames(
            "deflate-rsv1",
            "RSV1 without compression",
            masked(COMPRESSED | TEXT, compress(b"Hello")),
            1002,
        ),
        compressed(
            "deflate-rsv1",
            "RSV1 on a continuation",
            || {
                let begun = masked(RSV1 | TEXT, "");
                [begun, masked(COMPRESSED | CONTINUATION, "")].concat()
            },
            1002,
        ),
        compressed(
            "deflate-rsv1",
            "RSV1 on a ping",
            || masked(COMPRESSED | PING, ""),
            1002,
        ),
        compressed(
            "deflate-corrupt",
            "a block of the reserved type",
            || masked(COMPRESSED | TEXT, [6]),
            1007,
        ),
        compressed(
            "deflate-corrupt",
            "a stream that is cut short",
            || masked(COMPRESSED | TEXT, [0xf2, 0x48, 0xcd]),
            1007,
        ),
        compressed(
            "deflate-corrupt",
            "64 KiB that are no stream",
            || masked(COMPRESSED | BINARY, [0xff; 64 << 10]),
            1007,
        ),
        compressed(
            "invalid-utf-8",
            "a compressed text that is not UTF-8",
            || masked(COMPRESSED | TEXT, compress(b"\xff")),
            1007,
        ),
    ]
}

/// Frames right behind a request that compression has been agreed on for.
fn compressed(
    id: &'static str,
    what: &'static str,
    frames: impl FnOnce() -> Vec<u8> + Send + 'static,
    code: u16,
) -> Attack {
    Attack::server(id, what, Outcome::Closed(code), async move |server| {
        let (mut peer, answer) = Peer::open(server.address, OFFER).await?;
        if answer.header("Sec-WebSocket-Extensions").is_none() {
            return Err("it does not compress".into());
        }
        peer.write(frames()).await?;
        peer.ending().await
    })
    .option("--deflate")
}
