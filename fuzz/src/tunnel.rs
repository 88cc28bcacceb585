//! What a proxy answers to a client that asks it for a tunnel.

use arbitrary::{Arbitrary, Unstructured};
use bytes::{Buf as _, BytesMut};
use miniws_proto::{Config, Proxy, ProxyError, ProxyHandshake, Url};

use crate::limits::FromOne;
use crate::{cut, memory};

/// The first bytes of the input. All zero is an HTTP proxy without credentials, the default
/// configuration, and the stream in one piece.
#[derive(Arbitrary, Clone, Copy, Debug, Default)]
pub struct TunnelSettings {
    /// The longest head.
    pub max_head: FromOne,
    /// The most header fields.
    pub max_headers: FromOne,
    /// How the stream is cut.
    pub cut: u16,
    /// From the least significant bit: whether the proxy speaks SOCKS5, and whether there are user
    /// and password.
    pub flags: u8,
}

impl TunnelSettings {
    fn is_socks(self) -> bool {
        self.flags & 1 != 0
    }

    fn has_credentials(self) -> bool {
        self.flags & 2 != 0
    }

    fn handshake(self) -> ProxyHandshake {
        let scheme = if self.is_socks() { "socks5" } else { "http" };
        let user = if self.has_credentials() { "u:p@" } else { "" };
        let proxy = Proxy::parse(&format!("{scheme}://{user}proxy")).expect("it is a URL");
        let url = Url::parse("ws://h/").expect("it is a URL");
        let config = self.max_head.set(Config::default(), Config::max_head_size);
        let config = self.max_headers.set(config, Config::max_headers);
        ProxyHandshake::new(&proxy, &url, config).expect("it can be asked for")
    }
}

/// What a proxy sends, as the rest of the input.
pub fn tunnel(data: &[u8]) {
    let mut input = Unstructured::new(data);
    let Ok(settings) = TunnelSettings::arbitrary(&mut input) else {
        return;
    };
    let stream = input.take_rest();
    let whole = read(settings, stream, 0);
    let cut = read(settings, stream, settings.cut);
    check(settings, &whole, stream);
    check(settings, &cut, stream);
    match (&whole.verdict, &cut.verdict) {
        // Of what comes later, nobody knows yet.
        (Err(ProxyError::UnexpectedData), Ok(true)) => assert!(cut.used < stream.len()),
        (whole, cut) => assert_eq!(whole, cut),
    }
    assert!(cut.sent.starts_with(&whole.sent));
}

/// All that can be seen of a handshake.
struct Run {
    /// Whether there is a tunnel.
    verdict: Result<bool, ProxyError>,
    /// How much has come by then.
    used: usize,
    sent: Vec<u8>,
}

fn read(settings: TunnelSettings, stream: &[u8], cut: u16) -> Run {
    let mut handshake = settings.handshake();
    let mut input = BytesMut::new();
    let mut run = Run {
        verdict: Ok(false),
        used: 0,
        sent: Vec::new(),
    };
    drain(&mut handshake, &mut run.sent);
    for piece in cut::pieces(stream, cut) {
        input.extend_from_slice(piece);
        run.used += piece.len();
        let (verdict, grown) = memory::peak(|| handshake.receive(&mut input));
        let most = (64 << 10) + 64 * run.used;
        assert!(grown <= most, "{grown} bytes for {} that came", run.used);
        drain(&mut handshake, &mut run.sent);
        run.verdict = verdict;
        if run.verdict != Ok(false) {
            break;
        }
    }
    match &run.verdict {
        Ok(true) => {
            assert!(input.is_empty());
            assert_eq!(handshake.receive(&mut input), Ok(true));
        }
        Ok(false) => assert_eq!(handshake.receive_eof(), ProxyError::ConnectionLost),
        Err(error) => {
            assert_eq!(handshake.receive(&mut input), Err(error.clone()));
            assert_eq!(handshake.receive_eof(), error.clone());
        }
    }
    run
}

fn drain(handshake: &mut ProxyHandshake, sent: &mut Vec<u8>) {
    let outgoing = handshake.outgoing();
    let bytes = outgoing.copy_to_bytes(outgoing.len());
    sent.extend_from_slice(&bytes);
}

fn check(settings: TunnelSettings, run: &Run, stream: &[u8]) {
    let came = &stream[..run.used];
    if settings.is_socks() {
        let expected = socks(came, settings.has_credentials());
        let expected = expected.and_then(|answer| match answer {
            Some(len) if len < came.len() => Err(ProxyError::UnexpectedData),
            answer => Ok(answer.is_some()),
        });
        assert_eq!(run.verdict, expected);
        return;
    }
    let head = came.strip_suffix(b"\r\n\r\n");
    match (&run.verdict, head) {
        (Ok(true), Some(heads)) => {
            // Others may have announced it.
            let at = heads.windows(4).rposition(|bytes| bytes == b"\r\n\r\n");
            let head = &heads[at.map_or(0, |at| at + 4)..];
            assert!(head.starts_with(b"HTTP/1.") && head[8..].starts_with(b" 2"));
        }
        (Ok(true), None) => panic!("a tunnel before the end of the head"),
        (Err(ProxyError::Refused(response)), _) => {
            assert!(matches!(response.status(), 101 | 300..));
            assert!(response.body().is_empty());
        }
        _ => {}
    }
}

/// How long the answers of a SOCKS5 proxy are, read once more (RFC 1928, RFC 1929); `None` if there has
/// to be more.
fn socks(answers: &[u8], has_credentials: bool) -> Result<Option<usize>, ProxyError> {
    let byte = |at: usize| answers.get(at).copied();
    let is = |at, expected| match byte(at) {
        Some(byte) if byte != expected => Err(ProxyError::NotSocks),
        byte => Ok(byte.is_some()),
    };
    let mut at = 2;
    is(0, 5)?;
    match byte(1) {
        None => return Ok(None),
        Some(0) => {}
        Some(2) if has_credentials => {
            is(2, 1)?;
            match byte(3) {
                None => return Ok(None),
                Some(0) => at = 4,
                Some(_) => return Err(ProxyError::AuthenticationFailed),
            }
        }
        Some(0xff) => return Err(ProxyError::NoAcceptableMethod),
        Some(_) => return Err(ProxyError::NotSocks),
    }
    is(at, 5)?;
    match byte(at + 1) {
        Some(code @ 1..) => return Err(ProxyError::Failed(code)),
        _ => is(at + 2, 0)?,
    };
    let address = match byte(at + 3) {
        None => return Ok(None),
        Some(1) => 4,
        Some(3) => match byte(at + 4) {
            None => return Ok(None),
            Some(len) => 1 + usize::from(len),
        },
        Some(4) => 16,
        Some(_) => return Err(ProxyError::NotSocks),
    };
    let len = at + 4 + address + 2;
    Ok((len <= answers.len()).then_some(len))
}
