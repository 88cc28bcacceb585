//! Handshakes that are wrong, slow or without end.

use std::time::{Duration, Instant};

use tokio::io::AsyncWriteExt;
use tokio::time::sleep;

use super::lengths::EACH;
use super::row::{Attack, Outcome};
use crate::Result;
use crate::wire::{FIN, Peer, TEXT, masked, request};

/// The default of `Config::handshake_timeout`.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The default of `Config::max_head_size`.
const MAX_HEAD: usize = 16 << 10;

/// The default of `Config::max_headers`.
const MAX_HEADERS: usize = 100;

/// The default of `Server::max_handshakes`.
const MAX_HANDSHAKES: usize = 1024;

pub(super) fn list() -> Vec<Attack> {
    let mut list = heads();
    list.extend(behind_the_head());
    list.extend(deadlines());
    list
}

fn heads() -> Vec<Attack> {
    let lines = |count| request(&"X: y\r\n".repeat(count));
    // What `request` has already.
    let own = request("").lines().count() - 2;
    let extensions = |value: &str| request(&format!("Sec-WebSocket-Extensions: {value}\r\n"));
    vec![
        Attack::server(
            "head-read-again",
            "a head of 16,000 bytes that comes byte by byte",
            Outcome::Served,
            async |server| {
                let padding = "x".repeat(16_000 - request("X: \r\n").len());
                let mut peer = Peer::dial(server.address).await?;
                for byte in request(&format!("X: {padding}\r\n")).bytes() {
                    peer.write([byte]).await?;
                }
                match peer.reading.head().await?.status()? {
                    101 => Ok(Outcome::Served),
                    status => Ok(Outcome::Status(status)),
                }
            },
        ),
        Attack::head(
            "head-without-end",
            "a request line without end",
            "GET /".to_owned() + &"a".repeat(MAX_HEAD),
            431,
        ),
        Attack::head(
            "head-without-end",
            "one header without end",
            "GET / HTTP/1.1\r\nX: ".to_owned() + &"y".repeat(MAX_HEAD),
            431,
        ),
        Attack::head(
            "head-without-end",
            "100 headers and one",
            lines(MAX_HEADERS - own + 1),
            431,
        ),
        Attack::head("head-without-end", "thousands of headers", lines(2000), 431),
        Attack::accepted(
            "header-list-in-square-time",
            "an extension list of 5000 members",
            extensions(&("a,".repeat(4999) + "a")),
        ),
        Attack::accepted(
            "header-list-in-square-time",
            "an extension with 7500 escapes in quotes",
            extensions(&format!("x; a=\"{}\"", "\\a".repeat(7500))),
        ),
        Attack::head(
            "header-list-quotes",
            "a comma in quotes in an extension",
            extensions("x; a=\"b, permessage-deflate\""),
            400,
        )
        .option("--deflate"),
        Attack::head(
            "header-list-quotes",
            "a quote that is not closed",
            extensions("x; a=\"b"),
            400,
        )
        .option("--deflate"),
        Attack::head(
            "head-beyond-ascii",
            "a subprotocol beyond ASCII",
            request("Sec-WebSocket-Protocol: gr\u{fc}\u{df}e\r\n"),
            400,
        ),
        Attack::head(
            "head-beyond-ascii",
            "a Host beyond ASCII",
            request("").replace("example.org", "m\u{fc}nchen.example"),
            400,
        ),
        Attack::accepted(
            "connection-with-other-tokens",
            "Connection: keep-alive, Upgrade",
            request("").replace("Connection: ", "Connection: keep-alive, "),
        ),
        Attack::accepted(
            "not-offered",
            "a subprotocol that the server does not have",
            request("Sec-WebSocket-Protocol: other\r\n"),
        )
        .option("--subprotocol=mine"),
    ]
}

fn behind_the_head() -> Vec<Attack> {
    let text = masked(FIN | TEXT, "behind");
    let bad = request("").replace("13", "14");
    vec![
        Attack::head(
            "bytes-behind-a-rejected-request",
            "a text behind a request that is refused",
            [bad.as_bytes(), &text].concat(),
            426,
        ),
        Attack::server(
            "bytes-behind-an-accepted-request",
            "a text in the segment of the request",
            Outcome::Served,
            async move |server| {
                let mut peer = Peer::dial(server.address).await?;
                peer.write([request("").as_bytes(), &text].concat()).await?;
                peer.reading.head().await?;
                match peer.reading.frame().await? {
                    Some(frame) if frame.payload == b"behind" => Ok(Outcome::Served),
                    other => Err(format!("{other:?} instead of the echo").into()),
                }
            },
        ),
    ]
}

fn deadlines() -> Vec<Attack> {
    vec![
        Attack::server(
            "slow-handshake",
            "a handshake of which a byte comes each half second",
            Outcome::Status(408),
            async |server| {
                let start = Instant::now();
                let Peer {
                    mut reading,
                    mut writing,
                } = Peer::dial(server.address).await?;
                let dripping = async {
                    for byte in request("").bytes() {
                        // It fails once the server has had enough.
                        let _ = writing.write_all(&[byte]).await;
                        sleep(Duration::from_millis(500)).await;
                    }
                };
                let head = tokio::select! {
                    head = reading.head() => head?,
                    () = dripping => return Err("no answer".into()),
                };
                in_time(start)?;
                Ok(Outcome::Status(head.status()?))
            },
        )
        .waits(20),
        Attack::server(
            "handshakes-that-never-finish",
            "500 handshakes that never finish",
            Outcome::Status(408),
            async |server| {
                let request = request("");
                let mut peers = Vec::new();
                for count in 0..500 {
                    let mut peer = Peer::dial(server.address).await?;
                    peer.write(&request[..count % request.len()]).await?;
                    peers.push(peer);
                }
                let start = Instant::now();
                for mut peer in peers {
                    peer.refusal().await?;
                }
                in_time(start)?;
                Ok(Outcome::Status(408))
            },
        )
        .growth(500 * EACH)
        .waits(20),
        Attack::server(
            "handshakes-that-never-finish",
            "1100 of them: no more than 1024 are let in at once",
            Outcome::Status(408),
            async |server| {
                let before = server.descriptors()?;
                let start = Instant::now();
                let mut peers = Vec::new();
                for _ in 0..1100 {
                    peers.push(Peer::dial(server.address).await?);
                }
                while start.elapsed() < TIMEOUT / 2 {
                    let inside = server.descriptors()? - before;
                    if inside > MAX_HANDSHAKES + FEW {
                        return Err(format!("{inside} are inside").into());
                    }
                    sleep(Duration::from_millis(100)).await;
                }
                let inside = server.descriptors()? - before;
                if inside < MAX_HANDSHAKES {
                    return Err(format!("only {inside} are inside").into());
                }
                // The deadline makes room for the others.
                for mut peer in peers {
                    peer.refusal().await?;
                }
                Ok(Outcome::Status(408))
            },
        )
        .growth(MAX_HANDSHAKES * EACH)
        .without_new_guests()
        .waits(30),
    ]
}

/// What a server may have open beside its connections, or twice for a moment.
const FEW: usize = 16;

fn in_time(start: Instant) -> Result<()> {
    let took = start.elapsed();
    if took + Duration::from_secs(1) < TIMEOUT || took > TIMEOUT + Duration::from_secs(3) {
        return Err(format!("it took {took:.1?}").into());
    }
    Ok(())
}
