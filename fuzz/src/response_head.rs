//! The request that a client makes up, and the response that it reads.

use arbitrary::{Arbitrary, Unstructured};
use bytes::{Buf as _, BytesMut};
use miniws_proto::{
    Accept, ClientHandshake, ClientRequest, Config, HandshakeError, Incoming, Offer, Request,
    Response, ServerHandshake, Url,
};

use crate::limits::FromOne;
use crate::{cut, memory};

/// The first bytes of the input. All zero is the default configuration, the stream in one piece,
/// and a plain request.
#[derive(Arbitrary, Clone, Copy, Debug, Default)]
pub struct ResponseSettings {
    /// The longest head.
    pub max_head: FromOne,
    /// The most header fields.
    pub max_headers: FromOne,
    /// The most of a body that is kept.
    pub max_body: FromOne,
    /// How the stream is cut.
    pub cut: u16,
    /// How many bytes of what follows say what the client asks for: a URL, then subprotocols, then
    /// header fields with a colon, each on a line. The rest is what the server sends.
    pub asked: u8,
}

/// What a server sends, as the rest of the input, to a client's handshake.
pub fn response_head(data: &[u8]) {
    let mut input = Unstructured::new(data);
    let Ok(settings) = ResponseSettings::arbitrary(&mut input) else {
        return;
    };
    let rest = input.take_rest();
    let (asked, stream) = rest.split_at(rest.len().min(settings.asked.into()));
    let asked = String::from_utf8_lossy(asked);
    if !asked.is_empty() {
        ask_server(&asked);
    }
    let whole = read(settings, &asked, stream, 0);
    assert_eq!(whole, read(settings, &asked, stream, settings.cut));
    check(settings, &whole, stream);
    if let Some(HandshakeError::Refused(response)) = &whole.error {
        follow(&asked, response);
    }
}

/// What the client asks for; something plain if that cannot be.
fn request(asked: &str) -> ClientRequest {
    let mut lines = asked.lines();
    let url = lines.next().and_then(|url| ClientRequest::new(url).ok());
    let plain = || ClientRequest::new("ws://example.com/").expect("it is a URL");
    let request = url.unwrap_or_else(plain).subprotocol("chat");
    lines.fold(request, |request, line| match line.split_once(':') {
        Some((name, value)) => request.header(name, value),
        None => request.subprotocol(line),
    })
}

/// The corpus's answers belong to this key.
fn entropy(destination: &mut [u8]) {
    for (byte, key) in destination
        .iter_mut()
        .zip([0x37, 0xfa, 0x21, 0x3d].into_iter().cycle())
    {
        *byte = key;
    }
}

/// A server understands the client's request as it was meant, or it is refused before it is sent.
fn ask_server(asked: &str) {
    let request = request(asked);
    let url: Url = request.url().clone();
    let config = Config::default()
        .max_head_size(usize::MAX)
        .max_headers(usize::MAX);
    let Ok(mut client) = ClientHandshake::new(request, config.clone(), entropy) else {
        return;
    };
    let mut input = BytesMut::new();
    input.extend_from_slice(client.outgoing().chunk());
    client.outgoing().advance(input.len());
    assert!(client.outgoing().is_empty());

    let mut server = ServerHandshake::new(config);
    let incoming = server
        .receive(&mut input)
        .expect("a client's request is in order");
    assert!(input.is_empty());
    let Some(Incoming::Upgrade(upgrade)) = incoming else {
        panic!("a client asks for a WebSocket");
    };
    let seen = Request::clone(upgrade.request());
    check_request(asked, &url, &seen);

    let chosen = seen.subprotocols().last().expect("chat at least");
    let mut server = upgrade
        .accept(Accept::new().subprotocol(chosen))
        .expect("it was asked for");
    input.extend_from_slice(server.outgoing().chunk());
    let answer = client.receive(&mut input).expect("the server accepts");
    let (client, response) = answer.expect("the answer is complete");
    assert_eq!(client.subprotocol(), Some(chosen));
    assert_eq!(response.status(), 101);
}

fn check_request(asked: &str, url: &Url, seen: &Request) {
    assert_eq!(seen.target(), url.target());
    let lines = asked.lines().skip(1);
    let subprotocols = lines.clone().filter(|line| !line.contains(':'));
    assert!(
        seen.subprotocols()
            .eq(["chat"].into_iter().chain(subprotocols))
    );
    let mut has_host = false;
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        has_host |= name.eq_ignore_ascii_case("Host");
        let value = value.as_bytes().trim_ascii();
        assert!(seen.headers().iter().any(|field| field == (name, value)));
    }
    let authority = url.authority();
    assert!(has_host || seen.host() == Some(&*authority));
    let again = Url::parse(&format!("ws://{authority}{}", url.target()));
    let again = again.expect("its parts are a URL");
    assert_eq!((again.host(), again.target()), (url.host(), url.target()));
}

/// All that can be seen of a handshake.
#[derive(Debug, PartialEq, Eq)]
struct Run {
    /// And the subprotocol of the connection.
    open: Option<(Response, Option<String>)>,
    error: Option<HandshakeError>,
    /// Whether the error is known before the end of the transport.
    is_early: bool,
    left: Vec<u8>,
}

fn read(settings: ResponseSettings, asked: &str, stream: &[u8], cut: u16) -> Run {
    let config = Config::default();
    let config = settings.max_head.set(config, Config::max_head_size);
    let config = settings.max_headers.set(config, Config::max_headers);
    let config = settings.max_body.set(config, Config::max_body_size);
    let client = ClientHandshake::new(request(asked), config.clone(), entropy);
    let mut client = client.unwrap_or_else(|_| {
        ClientHandshake::new(request(""), config, entropy).expect("it can be asked for")
    });
    let mut input = BytesMut::new();
    let mut run = Run {
        open: None,
        error: None,
        is_early: true,
        left: Vec::new(),
    };
    let mut fed = 0;
    for piece in cut::pieces(stream, cut) {
        input.extend_from_slice(piece);
        fed += piece.len();
        let (result, grown) = memory::peak(|| client.receive(&mut input));
        assert!(
            grown <= (64 << 10) + 64 * fed,
            "{grown} bytes for {fed} that came"
        );
        match result {
            Ok(None) => {}
            Ok(Some((connection, response))) => {
                assert!(run.open.is_none() && run.error.is_none(), "it is over");
                let subprotocol = connection.subprotocol().map(String::from);
                run.open = Some((response, subprotocol));
            }
            Err(error) => {
                assert!(input.is_empty(), "nothing behind a failure counts");
                assert!(run.open.is_none(), "it is over");
                assert_eq!(*run.error.get_or_insert(error.clone()), error);
                assert!(client.outgoing().is_empty());
            }
        }
    }
    if run.open.is_none() {
        let error = client.receive_eof();
        run.is_early = run.error.is_some();
        assert_eq!(*run.error.get_or_insert(error.clone()), error);
        let again = client.receive(&mut input).map(|_| ());
        assert_eq!(again, Err(error));
    }
    run.left = input.to_vec();
    run
}

fn check(settings: ResponseSettings, run: &Run, stream: &[u8]) {
    if let Some((response, subprotocol)) = &run.open {
        assert_eq!(response.status(), 101);
        assert_eq!(response.subprotocol(), subprotocol.as_deref());
        assert!(response.body().is_empty() && response.extensions().is_empty());
        let heads = stream.strip_suffix(&run.left[..]).expect("the end stays");
        assert!(heads.ends_with(b"\r\n\r\n"));
    }
    if let Some(HandshakeError::Refused(response)) = &run.error {
        assert!((200..=999).contains(&response.status()));
        assert!(response.body().len() <= settings.max_body.get().unwrap_or(64 << 10));
        assert!(response.headers().len() <= settings.max_headers.get().unwrap_or(100));
        // What is kept of the body has come, in this order.
        let mut stream = stream.iter();
        assert!(
            response
                .body()
                .iter()
                .all(|byte| stream.any(|other| other == byte))
        );
    }
    let reply = run.error.as_ref().and_then(HandshakeError::reply);
    assert!(reply.is_none_or(|reply| reply.encode().is_ok()));
}

/// A redirect leads from one WebSocket to another, never away from TLS, and takes no credentials along
/// to a server that was not asked.
fn follow(asked: &str, response: &Response) {
    let request = request(asked).max_redirects(1);
    let Ok(Some(next)) = request.redirect(response) else {
        return;
    };
    assert_eq!(
        next.redirect(response).err(),
        Some(HandshakeError::TooManyRedirects)
    );
    let (from, to) = (request.url().clone(), next.url().clone());
    assert!(to.is_secure() || !from.is_secure());
    assert_eq!(to.unix_path(), from.unix_path());
    let is_same = (from.is_secure(), from.port()) == (to.is_secure(), to.port())
        && from.host().eq_ignore_ascii_case(to.host());
    let Ok(offer) = Offer::upgrade(next, Config::default(), entropy) else {
        return;
    };
    let has = |name| offer.request().headers().get(name).is_some();
    if !is_same {
        assert!(!has("Cookie") && !has("Proxy-Authorization"));
        assert!(to.credentials().is_some() || !has("Authorization"));
    }
}
