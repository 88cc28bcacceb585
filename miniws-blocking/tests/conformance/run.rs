//! The application of a subject: its thread, from the handshake to the end.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use bytes::BytesMut;
use miniws_blocking::{
    Client, CloseStatus, Connection, Error, HandshakeError, Reply, Sender, Server, SharedStream,
    WebSocket, bytes,
};
use miniws_conformance::{Case, Failure, Happening, Role, Start, kebab};

use crate::given::{accept, config, fixed_entropy, negotiated, reply};
use crate::view;
use crate::watched::{Watch, Watched};

/// What the application's thread has come to.
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

/// Runs the application of `case` over `stream`.
pub(crate) fn run<S: SharedStream + 'static>(
    case: &Case,
    stream: Watched<S>,
    watch: &Watch,
    seen: &Arc<Mutex<Seen<S>>>,
) {
    match open(case, stream, seen) {
        Ok(socket) => receive(socket, seen),
        Err(error) => handshake_failed(case.role, &error, seen),
    }
    watch.gone();
}

fn open<S: SharedStream + 'static>(
    case: &Case,
    stream: Watched<S>,
    seen: &Arc<Mutex<Seen<S>>>,
) -> Result<WebSocket<Watched<S>>, Error> {
    let config = config(&case.config);
    let negotiated = negotiated(case).unwrap();
    let connection = match (case.role, case.start) {
        (Role::Server, Start::Open) => Connection::server(config, negotiated),
        (Role::Client, Start::Open) => Connection::client(config, negotiated, fixed_entropy),
        (Role::Server, Start::Handshake) => {
            return server(case, seen).config(config).accept(stream);
        }
        (Role::Client, Start::Handshake) => {
            let socket = client(case, seen).config(config).handshake(stream)?;
            let subprotocol = socket.subprotocol().map(str::to_owned);
            if let Some(Happening::Response(response)) = seen.lock().unwrap().happenings.back_mut()
            {
                response.subprotocol = subprotocol;
            }
            return Ok(socket);
        }
    };
    Ok(WebSocket::from_parts(stream, connection, BytesMut::new()))
}

fn server<S: SharedStream + 'static>(case: &Case, seen: &Arc<Mutex<Seen<S>>>) -> Server {
    let happened = |seen: &Arc<Mutex<Seen<S>>>| {
        let seen = seen.clone();
        move |happening| seen.lock().unwrap().happenings.push_back(happening)
    };
    let accept = accept(&case.accept.clone().unwrap_or_default());
    let reject = case.reject.as_ref().map(reply);
    let page = case
        .plain
        .as_ref()
        .map_or_else(Reply::upgrade_required, reply);
    let (on_upgrade, on_plain) = (happened(seen), happened(seen));
    Server::new()
        .verify(move |attempt| {
            on_upgrade(Happening::Request(view::request(attempt.request())));
            match &reject {
                Some(reply) => Err(reply.clone()),
                None => Ok(accept.clone()),
            }
        })
        .plain(move |request| {
            on_plain(Happening::Request(view::request(request)));
            page.clone()
        })
}

fn client<S: SharedStream + 'static>(case: &Case, seen: &Arc<Mutex<Seen<S>>>) -> Client {
    let asked = case.request.as_ref().unwrap();
    let seen = seen.clone();
    let mut client = Client::new(&asked.url)
        .entropy(fixed_entropy)
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

fn handshake_failed<S>(role: Role, error: &Error, seen: &Mutex<Seen<S>>) {
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
        seen.happenings
            .push_back(Happening::Response(view::response(response)));
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

fn receive<S: SharedStream + 'static>(socket: WebSocket<Watched<S>>, seen: &Mutex<Seen<S>>) {
    let (sender, mut receiver) = socket.split();
    seen.lock().unwrap().sender = Some(sender);
    loop {
        let received = receiver.recv();
        let mut seen = seen.lock().unwrap();
        seen.status = receiver.close_status();
        match received {
            Ok(Some(event)) => {
                let event = view::event(event).unwrap();
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
