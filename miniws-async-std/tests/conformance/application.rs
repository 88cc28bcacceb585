//! The application of a subject, from the handshake to the end.

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::{Arc, Mutex};

use futures_io::{AsyncRead, AsyncWrite};
use futures_lite::StreamExt;
use miniws_async_std::bytes::BytesMut;
use miniws_async_std::{
    Accept, Client, CloseStatus, Config, Connection, Error, Event, HandshakeError, Negotiated,
    Receiver, Reply, Request, Sender, Server, WebSocket,
};
use miniws_conformance::{Case, Failure, Happening, ReplyDecision, Role, Settings, Start, kebab};

use crate::view;
use crate::watched::Watched;

/// How events are received.
#[derive(Clone, Copy)]
pub(crate) enum Receive {
    /// By futures that are kept until they are ready.
    #[cfg_attr(not(any(feature = "smol", feature = "async-std")), allow(dead_code))]
    Kept,
    /// By futures that are dropped and made anew at each poll.
    Remade,
    /// As a stream.
    Stream,
}

/// What the application has come to.
pub(crate) struct Seen<S> {
    pub(crate) happenings: VecDeque<Happening>,
    /// Once the connection is open.
    pub(crate) sender: Option<Sender<Watched<S>>>,
    pub(crate) status: Option<CloseStatus>,
}

impl<S> Default for Seen<S> {
    fn default() -> Self {
        Self {
            happenings: VecDeque::new(),
            sender: None,
            status: None,
        }
    }
}

type Shared<S> = Arc<Mutex<Seen<S>>>;

/// Runs the application of `case` over `stream`.
pub(crate) async fn run<S>(case: Case, stream: Watched<S>, seen: Shared<S>, receive: Receive)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    match open(&case, stream, &seen).await {
        Ok(socket) => receive_all(socket, &seen, receive).await,
        Err(error) => handshake_failed(case.role, &error, &seen),
    }
}

async fn open<S>(
    case: &Case,
    stream: Watched<S>,
    seen: &Shared<S>,
) -> Result<WebSocket<Watched<S>>, Error>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let config = config(&case.config);
    let detached = |connection, stream| WebSocket::from_parts(stream, connection, BytesMut::new());
    match (case.role, case.start) {
        (Role::Server, Start::Open) => {
            let connection = Connection::server(config, Negotiated::new());
            Ok(detached(connection, stream))
        }
        (Role::Client, Start::Open) => {
            let connection = Connection::client(config, Negotiated::new(), entropy);
            Ok(detached(connection, stream))
        }
        (Role::Server, Start::Handshake) => server(case, seen).config(config).accept(stream).await,
        (Role::Client, Start::Handshake) => {
            let client = client(case, seen).config(config);
            let socket = client.handshake(stream).await?;
            if let Some(Happening::Response(response)) = seen.lock().unwrap().happenings.back_mut()
            {
                response.subprotocol = socket.subprotocol().map(str::to_owned);
            }
            Ok(socket)
        }
    }
}

fn server<S: Send + 'static>(case: &Case, seen: &Shared<S>) -> Server {
    let accept = case.accept.clone().unwrap_or_default();
    let (reject, plain) = (case.reject.clone(), case.plain.clone());
    let (on_upgrade, on_plain) = (seen.clone(), seen.clone());
    Server::new()
        .verify(move |attempt| {
            asked(&on_upgrade, attempt.request());
            let mut answer = Accept::new();
            if let Some(name) = &accept.subprotocol {
                answer = answer.subprotocol(name);
            }
            for (name, value) in &accept.headers {
                answer = answer.header(name, value);
            }
            let decided = match &reject {
                Some(decision) => Err(reply(decision)),
                None => Ok(answer),
            };
            async { decided }
        })
        .plain(move |request| {
            asked(&on_plain, request);
            plain.as_ref().map_or_else(Reply::upgrade_required, reply)
        })
}

fn asked<S>(seen: &Shared<S>, request: &Request) {
    let happening = Happening::Request(view::request(request));
    seen.lock().unwrap().happenings.push_back(happening);
}

fn reply(decision: &ReplyDecision) -> Reply {
    let mut reply = Reply::new(decision.status);
    for (name, value) in &decision.headers {
        reply = reply.header(name, value);
    }
    match decision.body.is_empty() {
        true => reply,
        false => reply.body(decision.body.clone()),
    }
}

fn client<S: Send + 'static>(case: &Case, seen: &Shared<S>) -> Client {
    let asked = case
        .request
        .as_ref()
        .expect("a client's case has a request");
    let seen = seen.clone();
    let mut client = Client::new(&asked.url)
        .entropy(entropy)
        .on_response(move |response| {
            let happening = Happening::Response(view::response(response));
            seen.lock().unwrap().happenings.push_back(happening);
            true
        });
    for name in &asked.subprotocols {
        client = client.subprotocol(name);
    }
    if let Some(origin) = &asked.origin {
        client = client.origin(origin);
    }
    for (name, value) in &asked.headers {
        client = client.header(name, value);
    }
    client
}

fn handshake_failed<S>(role: Role, error: &Error, seen: &Shared<S>) {
    let error = match error {
        Error::Handshake(error) => error,
        // What the application has decided is no news to it.
        Error::Declined { .. } => return,
        error => panic!("an error that the corpus does not know: {error:?}"),
    };
    let mut seen = seen.lock().unwrap();
    let mut status = None;
    if let HandshakeError::Refused(response) = error {
        status = Some(response.status());
        let happening = Happening::Response(view::response(response));
        seen.happenings.push_back(happening);
    }
    if role == Role::Server {
        status = error.reply().map(|reply| reply.status());
    }
    seen.happenings.push_back(Happening::Failure(Failure {
        kind: kebab(error),
        code: None,
        status,
        offset: None,
    }));
}

async fn receive_all<S>(socket: WebSocket<Watched<S>>, seen: &Shared<S>, receive: Receive)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (sender, mut receiver) = socket.split();
    seen.lock().unwrap().sender = Some(sender);
    loop {
        let received = next(&mut receiver, receive).await;
        let mut seen = seen.lock().unwrap();
        seen.status = receiver.close_status();
        match received {
            Ok(Some(event)) => {
                let event = view::event(event).expect("the corpus knows the event");
                seen.happenings.push_back(Happening::Event(event));
            }
            Ok(None) => return,
            Err(Error::Receive(error)) => {
                let failure = Happening::Failure(view::failure(&error));
                seen.happenings.push_back(failure);
                return;
            }
            Err(error) => panic!("an error that the corpus does not know: {error:?}"),
        }
    }
}

async fn next<S>(receiver: &mut Receiver<S>, receive: Receive) -> Result<Option<Event>, Error>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    match receive {
        Receive::Kept => receiver.recv().await,
        Receive::Remade => poll_fn(|cx| pin!(receiver.recv()).poll(cx)).await,
        Receive::Stream => receiver.next().await.transpose(),
    }
}

/// The entropy of the corpus: the same four bytes, from the start each time.
fn entropy(destination: &mut [u8]) {
    let pattern = [0x37, 0xfa, 0x21, 0x3d].iter().cycle();
    for (byte, pattern) in destination.iter_mut().zip(pattern) {
        *byte = *pattern;
    }
}

fn config(settings: &Settings) -> Config {
    let mut config = Config::default()
        .fragment_size(settings.fragment_size)
        .chunks(settings.chunks)
        .keep_alive(settings.keep_alive)
        .idle_timeout(settings.idle_timeout);
    /// Sets what the case sets, and leaves the defaults where it says nothing.
    macro_rules! set {
        ($($setting:ident)*) => {
            $(if let Some(value) = settings.$setting { config = config.$setting(value.into()); })*
        };
    }
    set! {
        max_message_size max_frame_size max_fragments max_queued max_head_size max_headers
        max_body_size pong_timeout close_timeout write_timeout handshake_timeout
    }
    config
}
