use super::*;
use bytes::Buf as _;

#[test]
fn exact_bytes() {
    for (reply, expected) in [
        (
            Reply::default(),
            "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        ),
        (
            Reply::new(299).header("X-a", "b").body("c"),
            "HTTP/1.1 299 \r\nX-a: b\r\nContent-Length: 1\r\nConnection: close\r\n\r\nc",
        ),
        (
            Reply::new(304),
            "HTTP/1.1 304 Not Modified\r\nConnection: close\r\n\r\n",
        ),
        (
            Reply::new(426).header("upgrade", "websocket"),
            "HTTP/1.1 426 Upgrade Required\r\nupgrade: websocket\r\nContent-Length: 0\r\n\
             Connection: Upgrade, close\r\n\r\n",
        ),
    ] {
        assert_eq!(reply.encode(), Ok(Bytes::from(expected)));
        let queue = reply
            .into_queue()
            .map(|mut queue| queue.copy_to_bytes(queue.len()));
        assert_eq!(queue, Ok(Bytes::from(expected)));
    }
}

#[test]
fn replies_that_cannot_be() {
    let reserved = |name: &str| HandshakeError::ReservedHeader(name.into());
    for (reply, expected) in [
        (Reply::new(101), HandshakeError::InvalidStatus(101)),
        (Reply::new(199), HandshakeError::InvalidStatus(199)),
        (Reply::new(600), HandshakeError::InvalidStatus(600)),
        (
            Reply::new(204).body("a"),
            HandshakeError::BodyNotAllowed(204),
        ),
        (
            Reply::new(200).header("content-length", "1"),
            reserved("content-length"),
        ),
        (
            Reply::new(200).header("Transfer-Encoding", "x"),
            reserved("Transfer-Encoding"),
        ),
        (
            Reply::new(200).header("Connection", "x"),
            reserved("Connection"),
        ),
        (
            Reply::new(200).header("a", "b\r\nc: d").header("e f", ""),
            HandshakeError::InvalidHeaderValue("a".into()),
        ),
    ] {
        assert_eq!(reply.encode(), Err(expected));
    }
}

#[test]
fn every_answer_to_an_error_can_be_sent() {
    for (error, status) in [
        (HandshakeError::MalformedStartLine, 400),
        (HandshakeError::InvalidKey, 400),
        (HandshakeError::MethodNotAllowed { is_head: true }, 405),
        (HandshakeError::MethodNotAllowed { is_head: false }, 405),
        (HandshakeError::Timeout, 408),
        (HandshakeError::UnsupportedVersion, 426),
        (HandshakeError::HeadTooLarge, 431),
        (HandshakeError::TooManyHeaders, 431),
        (HandshakeError::InvalidHeaderName("secret".into()), 500),
    ] {
        let reply = error.reply().map(|reply| (reply.status(), reply.encode()));
        assert!(
            matches!(&reply, Some((got, Ok(_))) if *got == status),
            "{error:?} {reply:?}"
        );
    }
    assert!(HandshakeError::ConnectionLost.reply().is_none());
    assert!(HandshakeError::WrongAccept.reply().is_none());
}

#[test]
fn own_mistakes_are_not_told() {
    let reply = HandshakeError::InvalidHeaderName("secret".into()).reply();
    let bytes = reply.unwrap_or_default().encode().unwrap_or_default();
    assert!(!bytes.windows(6).any(|window| window == b"secret"));
}
