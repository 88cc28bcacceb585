//! The request of a handshake, as a server reads it, and the answers to it.

use arbitrary::{Arbitrary, Unstructured};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::{Buf as _, Bytes, BytesMut};
use miniws_proto::{
    Accept, ClientHandshake, ClientRequest, Config, Connection, HandshakeError, Incoming, Reply,
    Request, Response, ServerHandshake, Upgrade,
};

use crate::limits::FromOne;
use crate::{cut, memory};

/// The first bytes of the input. All zero is the default configuration, the stream in one piece,
/// and answers without anything added.
#[derive(Arbitrary, Clone, Copy, Debug, Default)]
pub struct RequestSettings {
    /// The longest head.
    pub max_head: FromOne,
    /// The most header fields.
    pub max_headers: FromOne,
    /// How the stream is cut.
    pub cut: u16,
    /// The status of the answer to a request that is not accepted.
    pub status: u16,
    /// How many bytes of what follows are a header field that the server's application adds. The
    /// rest is what the client sends.
    pub added: u8,
}

/// What a client sends, as the rest of the input, to a server's handshake.
pub fn request_head(data: &[u8]) {
    let mut input = Unstructured::new(data);
    let Ok(settings) = RequestSettings::arbitrary(&mut input) else {
        return;
    };
    let rest = input.take_rest();
    let (added, stream) = rest.split_at(rest.len().min(settings.added.into()));
    let (whole, incoming) = read(settings, stream, 0);
    let (pieces, _) = read(settings, stream, settings.cut);
    assert_eq!(whole, pieces);
    match incoming {
        Some(incoming) => {
            check_head(settings, incoming.request(), stream, &whole.left);
            answer(settings, added, incoming);
        }
        None => refuse(&whole.error.expect("nothing came out")),
    }
}

/// All that can be seen of a handshake.
#[derive(Debug, PartialEq, Eq)]
struct Run {
    request: Option<Request>,
    is_upgrade: bool,
    error: Option<HandshakeError>,
    /// What is not the head.
    left: Vec<u8>,
}

fn read(settings: RequestSettings, stream: &[u8], cut: u16) -> (Run, Option<Incoming>) {
    let config = Config::default();
    let config = settings.max_head.set(config, Config::max_head_size);
    let config = settings.max_headers.set(config, Config::max_headers);
    let mut handshake = ServerHandshake::new(config);
    let mut input = BytesMut::new();
    let mut incoming = None;
    let mut failed = None;
    let mut fed = 0;
    for piece in cut::pieces(stream, cut) {
        input.extend_from_slice(piece);
        fed += piece.len();
        let before = input.len();
        let (result, grown) = memory::peak(|| handshake.receive(&mut input));
        assert!(
            grown <= (64 << 10) + 64 * fed,
            "{grown} bytes for {fed} that came"
        );
        match result {
            Ok(None) => assert_eq!(input.len(), before),
            Ok(Some(new)) => {
                assert!(incoming.is_none() && failed.is_none(), "it is over");
                incoming = Some(new);
            }
            Err(error) => {
                assert!(input.is_empty(), "nothing behind a failure counts");
                assert!(incoming.is_none(), "it is over");
                assert_eq!(*failed.get_or_insert(error.clone()), error);
            }
        }
    }
    if incoming.is_none() {
        let error = handshake.receive_eof();
        assert_eq!(
            error,
            failed.clone().unwrap_or(HandshakeError::ConnectionLost)
        );
        assert_eq!(
            handshake.receive(&mut input).expect_err("it is over"),
            error
        );
        failed = Some(error);
    }
    let run = Run {
        request: incoming
            .as_ref()
            .map(|incoming| Request::clone(incoming.request())),
        is_upgrade: matches!(incoming, Some(Incoming::Upgrade(_))),
        error: failed,
        left: input.to_vec(),
    };
    (run, incoming)
}

/// The head ends where the first empty line does, and is within its limits.
fn check_head(settings: RequestSettings, request: &Request, stream: &[u8], left: &[u8]) {
    let head = stream.strip_suffix(left).expect("the end stays");
    assert!(head.ends_with(b"\r\n\r\n"));
    let mut lines = head
        .split(|byte| *byte == b'\n')
        .skip_while(|line| *line == b"\r");
    let fields = lines
        .by_ref()
        .skip(1)
        .take_while(|line| *line != b"\r")
        .count();
    assert!(lines.eq([b""]), "there is one empty line");
    assert_eq!(fields, request.headers().len());
    assert!(fields <= settings.max_headers.get().unwrap_or(100));
    assert!(head.len() <= settings.max_head.get().unwrap_or(16 << 10));
    assert_eq!(request.method(), "GET");
    assert!(request.host().is_some_and(|host| !host.is_empty()));
    assert!(request.path().starts_with('/'));
    // They can be asked for.
    let _ = (request.query(), request.origin(), request.is_same_origin());
}

/// A client takes whatever answers the server's application makes up, or they are refused before
/// they are sent.
fn answer(settings: RequestSettings, added: &[u8], incoming: Incoming) {
    let colon = added
        .iter()
        .position(|byte| *byte == b':')
        .unwrap_or(added.len());
    let name = String::from_utf8_lossy(&added[..colon]);
    let value = added.get(colon + 1..).unwrap_or_default();
    let reply = Reply::new(settings.status).body(value.to_vec());
    let accept = Accept::new();
    let (reply, accept) = match added {
        [] => (reply, accept),
        _ => (reply.header(&name, value), accept.header(&name, value)),
    };
    match incoming {
        Incoming::Upgrade(upgrade) if settings.status == 0 => {
            accepted(upgrade, accept, (&name, value));
        }
        Incoming::Upgrade(upgrade) => refused(&reply, value, upgrade.reject(reply.clone())),
        Incoming::Plain(plain) => refused(&reply, value, plain.respond(reply.clone())),
    }
}

fn accepted(upgrade: Upgrade, accept: Accept, (name, value): (&str, &[u8])) {
    let request = Request::clone(upgrade.request());
    let subprotocol = request.subprotocols().next();
    let accept = match subprotocol {
        Some(name) => accept.subprotocol(name),
        None => accept,
    };
    let mut server = match upgrade.accept(accept) {
        Ok(server) => server,
        Err(error) => {
            let reply = error.reply().expect("the client waits for an answer");
            assert_eq!(reply.status(), 500);
            refuse(&error);
            return;
        }
    };
    let outgoing = server.outgoing();
    let bytes = outgoing.copy_to_bytes(outgoing.len());
    let Some(key) = canonical_key(&request) else {
        return;
    };
    let (client, response) = ask(key, &request, &bytes).expect("the server accepts");
    assert_eq!(client.subprotocol(), subprotocol);
    assert_eq!(server.subprotocol(), subprotocol);
    assert_eq!(response.subprotocol(), subprotocol);
    assert!(response.extensions().is_empty());
    let own = 3 + usize::from(subprotocol.is_some());
    match name {
        "" => assert_eq!(response.headers().len(), own),
        _ => {
            assert_eq!(response.headers().len(), own + 1);
            let added = response.headers().iter().last();
            assert_eq!(added, Some((name, value.trim_ascii())));
        }
    }
}

fn refused(reply: &Reply, body: &[u8], sent: Result<miniws_proto::SendQueue, HandshakeError>) {
    let mut sent = match sent {
        Ok(sent) => sent,
        Err(error) => {
            assert_eq!(reply.encode(), Err(error.clone()));
            refuse(&error);
            return;
        }
    };
    let bytes = sent.copy_to_bytes(sent.len());
    assert_eq!(reply.encode().as_ref(), Ok(&bytes));
    let response = ask_any(&bytes);
    assert_eq!(response.status(), reply.status());
    assert_eq!(response.body(), body);
    for field in reply.headers().iter() {
        assert!(response.headers().iter().any(|other| other == field));
    }
}

/// An error knows an answer, and a client understands it.
fn refuse(error: &HandshakeError) {
    let Some(reply) = error.reply() else {
        assert_eq!(*error, HandshakeError::ConnectionLost);
        return;
    };
    let bytes = reply.encode().expect("the core's own answers are in order");
    assert_eq!(ask_any(&bytes).status(), reply.status());
}

/// What a client that sent nothing special makes of a refusal.
fn ask_any(bytes: &Bytes) -> Response {
    let request = Request::new("GET", "/", miniws_proto::Headers::new());
    match ask([0; 16], &request, bytes).map(|(_, response)| response) {
        Err(HandshakeError::Refused(response)) => *response,
        other => panic!("not refused: {other:?}"),
    }
}

/// The key, if a client of ours can send it: bits that its last character has too many are zero.
fn canonical_key(request: &Request) -> Option<[u8; 16]> {
    let key = STANDARD.decode(request.headers().get("Sec-WebSocket-Key")?);
    key.ok()?.try_into().ok()
}

/// What the client that sent this request with this key makes of the answer.
fn ask(
    key: [u8; 16],
    request: &Request,
    bytes: &Bytes,
) -> Result<(Connection, Response), HandshakeError> {
    let mut asked = ClientRequest::new("ws://example.com/").expect("it is a URL");
    for name in request.subprotocols() {
        asked = asked.subprotocol(name);
    }
    let config = Config::default().max_head_size(usize::MAX);
    let entropy = move |destination: &mut [u8]| destination.copy_from_slice(&key);
    let mut client = ClientHandshake::new(asked, config, entropy).expect("it can be asked for");
    let outgoing = client.outgoing();
    outgoing.advance(outgoing.len());
    let mut input = BytesMut::from(&bytes[..]);
    let answer = client.receive(&mut input)?.expect("the answer is complete");
    assert!(input.is_empty());
    Ok(answer)
}
