//! Whatever a proxy answers, and however it is cut: no panic, a bounded answer to it, and the same end.

#![allow(clippy::unwrap_used)]

use bytes::{Buf as _, BytesMut};
use miniws_proto::{Config, Proxy, ProxyError, ProxyHandshake, Url};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// What proxies say, whole or in part.
const PIECES: [&[u8]; 16] = [
    b"HTTP/1.1 200 OK\r\n",
    b"HTTP/1.0 407 x\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\n",
    b"HTTP/1.1 ",
    b"Content-Length: 5\r\n",
    b"\r\n",
    b"\n",
    b"\x05\x00",
    b"\x05\x02",
    b"\x05\xff",
    b"\x01\x00",
    b"\x05\x00\x00\x01",
    b"\x05\x00\x00\x04",
    b"\x05\x00\x00\x03\x03",
    b"\x05\x01",
    b"\x00\x00\x00\x00\x00\x00",
];

/// More than any handshake has to say.
const MAX_SENT: usize = 200;

fn answer() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        4 => select(&PIECES[..]).prop_map(<[u8]>::to_vec),
        1 => vec(any::<u8>(), 0..8),
    ];
    vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

/// What comes of the answer, cut into pieces of these lengths in turn.
fn run(proxy: &str, answer: &[u8], lengths: &[usize]) -> Result<bool, ProxyError> {
    let config = Config::default().max_head_size(100).max_headers(3);
    let proxy = Proxy::parse(proxy).unwrap();
    let url = Url::parse("wss://example.org/").unwrap();
    let mut handshake = ProxyHandshake::new(&proxy, &url, config).unwrap();
    let (mut input, mut sent, mut rest) = (BytesMut::new(), 0, answer);
    let mut is_through = handshake.receive(&mut input)?;
    let mut lengths = lengths.iter().cycle();
    while !rest.is_empty() {
        sent += handshake.outgoing().len();
        let outgoing = handshake.outgoing();
        outgoing.advance(outgoing.len());
        assert!(sent <= MAX_SENT);
        let (piece, behind) = rest.split_at(rest.len().min(*lengths.next().unwrap()));
        rest = behind;
        input.extend_from_slice(piece);
        is_through = handshake.receive(&mut input)?;
        if is_through && !rest.is_empty() {
            // With these, it would have come at once.
            return Err(ProxyError::UnexpectedData);
        }
    }
    assert!(
        is_through || input.len() <= 262,
        "all else is an error or used"
    );
    Ok(is_through)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

    #[test]
    fn any_answer(
        proxy in select(&["http://p", "http://u:p@p", "socks5://p", "socks5://u:p@p"][..]),
        answer in answer(),
        lengths in vec(1..6_usize, 1..10),
    ) {
        let whole = run(proxy, &answer, &[answer.len().max(1)]);
        prop_assert_eq!(run(proxy, &answer, &lengths), whole);
    }
}
