//! The other role: servers that mean harm, and what becomes of their clients.

use std::collections::HashSet;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::time::timeout;

use super::lengths::GREAT_MESSAGE;
use super::row::{Attack, Outcome};
use crate::Result;
use crate::deflated::bomb;
use crate::wire::{
    BINARY, CLOSE, FIN, Head, PING, Peer, RSV1, TEXT, close, masked, switching, unmasked,
};

pub(super) fn list() -> Vec<Attack> {
    let mut list = frames();
    list.extend(answers());
    list.extend(rest());
    list
}

fn frames() -> Vec<Attack> {
    vec![
        fails(
            "length-overflow",
            "a client gets a length with its top bit set",
            b"\x82\x7f\xff\xff\xff\xff\xff\xff\xff\xff".to_vec(),
            1002,
        ),
        fails(
            "wrong-mask",
            "a client gets a text with a mask",
            masked(FIN | TEXT, "hello"),
            1002,
        ),
        fails(
            "wrong-mask",
            "a client gets a close with a mask",
            masked(FIN | CLOSE, close(1000, b"")),
            1002,
        ),
        fails(
            "control-frames",
            "a client gets a ping of 126 bytes",
            unmasked(FIN | PING, [0; 126]),
            1002,
        ),
        fails(
            "invalid-utf-8",
            "a client gets a text that is not UTF-8",
            unmasked(FIN | TEXT, b"\xff"),
            1007,
        ),
        fails(
            "deflate-rsv1",
            "a client gets RSV1 without compression",
            unmasked(FIN | RSV1 | TEXT, ""),
            1002,
        ),
        Attack::client(
            "deflate-bomb",
            "a client gets a frame of 1 MiB that inflates to 1 GiB",
            Outcome::Closed(1009),
            async |mut peer, request| {
                let further =
                    "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover\r\n";
                peer.write(switching(&request, further)?).await?;
                peer.write(unmasked(FIN | RSV1 | BINARY, bomb(1024)))
                    .await?;
                close_code(&mut peer).await
            },
        )
        .option("--deflate")
        .growth(GREAT_MESSAGE + (32 << 10)),
    ]
}

fn answers() -> Vec<Attack> {
    let endless = |name: &str| "HTTP/1.1 101 Switching Protocols\r\n".to_owned() + name;
    let [headers, header] = [
        endless(&"X: y\r\n".repeat(5000)),
        endless(&("X: ".to_owned() + &"y".repeat(32 << 10))),
    ];
    vec![
        gives_up(
            "head-without-end",
            "a client gets headers without end",
            move |_| Ok(headers),
        ),
        gives_up(
            "head-without-end",
            "a client gets one header without end",
            move |_| Ok(header),
        ),
        gives_up(
            "not-offered",
            "a client gets a subprotocol that it did not offer",
            |request| switching(request, "Sec-WebSocket-Protocol: other\r\n"),
        ),
        gives_up(
            "not-offered",
            "a client gets an extension that it did not offer",
            |request| switching(request, "Sec-WebSocket-Extensions: permessage-deflate\r\n"),
        ),
        gives_up(
            "deflate-window-bits",
            "a client gets server_max_window_bits=7",
            |request| {
                let bits =
                    "permessage-deflate; server_no_context_takeover; server_max_window_bits=7";
                switching(request, &format!("Sec-WebSocket-Extensions: {bits}\r\n"))
            },
        )
        .option("--deflate"),
        gives_up(
            "bytes-behind-a-rejected-request",
            "a client gets a text behind a wrong answer",
            |request| {
                let answer = switching(request, "")?.replace("Accept: ", "Accept: x");
                Ok(answer + "\u{1}\u{5}hello")
            },
        ),
    ]
}

fn rest() -> Vec<Attack> {
    vec![
        sent_elsewhere(
            "credentials-across-a-redirect",
            "a client is sent elsewhere",
            "302 Found",
        ),
        sent_elsewhere(
            "redirects-without-end",
            "a client is sent elsewhere for good",
            "308 Permanent Redirect",
        ),
        Attack::client(
            "predictable-masks",
            "each frame of a client has a key of its own",
            Outcome::Served,
            async |mut peer, request| {
                peer.write(switching(&request, "")?).await?;
                let mut masks = HashSet::new();
                while let Some(frame) = peer.reading.frame().await? {
                    let mask = frame.mask.ok_or("a frame without a mask")?;
                    if mask == [0; 4] || !masks.insert(mask) {
                        return Err(format!("the key {mask:x?}").into());
                    }
                    peer.write(unmasked(frame.first, &frame.payload)).await?;
                    if frame.opcode() == CLOSE {
                        return Ok(Outcome::Served);
                    }
                }
                Err("the end without a close".into())
            },
        ),
        Attack::client(
            "slow-handshake",
            "a client gets no answer",
            Outcome::Ended,
            async |mut peer, _| {
                peer.reading.rest().await?;
                Ok(Outcome::Ended)
            },
        )
        .waits(13),
    ]
}

/// Frames behind the answer: the client fails the connection with this code.
fn fails(id: &'static str, what: &'static str, frames: Vec<u8>, code: u16) -> Attack {
    Attack::client(
        id,
        what,
        Outcome::Closed(code),
        async move |mut peer, request| {
            peer.write(switching(&request, "")?).await?;
            peer.write(frames).await?;
            close_code(&mut peer).await
        },
    )
}

/// What comes before the close is what the client had to say.
async fn close_code(peer: &mut Peer) -> Result<Outcome> {
    while let Some(frame) = peer.reading.frame().await? {
        if frame.opcode() == CLOSE {
            return Ok(Outcome::Closed(frame.code()?));
        }
    }
    Ok(Outcome::Ended)
}

/// A wrong answer: the client ends the connection without a frame.
fn gives_up(
    id: &'static str,
    what: &'static str,
    answer: impl FnOnce(&Head) -> Result<String> + Send + 'static,
) -> Attack {
    Attack::client(id, what, Outcome::Ended, async move |mut peer, request| {
        peer.write(answer(&request)?).await?;
        match peer.reading.rest().await? {
            [] => Ok(Outcome::Ended),
            rest => Err(format!("{} bytes instead of the end", rest.len()).into()),
        }
    })
}

/// It does not go there: it has not been told to follow.
fn sent_elsewhere(id: &'static str, what: &'static str, status: &'static str) -> Attack {
    Attack::client(id, what, Outcome::Ended, async move |mut peer, _| {
        let elsewhere = TcpListener::bind("127.0.0.1:0").await?;
        let location = format!("Location: ws://{}/", elsewhere.local_addr()?);
        peer.write(format!(
            "HTTP/1.1 {status}\r\n{location}\r\nContent-Length: 0\r\n\r\n"
        ))
        .await?;
        peer.reading.rest().await?;
        match timeout(Duration::from_millis(300), elsewhere.accept()).await {
            Err(_) => Ok(Outcome::Ended),
            Ok(_) => Err("it has gone there".into()),
        }
    })
}
