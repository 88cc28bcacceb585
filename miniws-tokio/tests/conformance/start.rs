//! Makes a subject of what a case says.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use bytes::BytesMut;
use miniws_conformance::{Asked, Case, Happening, Role, Start, Started};
use miniws_tokio::{Client, Connection, Reply, Server, WebSocket};
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};

use crate::drive::{Application, Futures, Phase};
use crate::far::Near;
use crate::given::{accept, config, fixed_entropy, negotiated, reply};
use crate::pipe::pipe;
use crate::subject::TokioSubject;
use crate::tcp::tcp;
use crate::view;

/// What the application has seen, to be told to the runner; the hooks add to it as well.
#[derive(Clone)]
pub(crate) struct Seen {
    happenings: Arc<Mutex<VecDeque<Happening>>>,
    /// The failure that the runner knows of already.
    foretold: Arc<Mutex<Option<Happening>>>,
    role: Role,
}

impl Seen {
    /// Adds to it, unless it is what was foretold.
    pub(crate) fn push(&self, happening: Happening) {
        if self
            .foretold
            .lock()
            .unwrap()
            .take_if(|told| *told == happening)
            .is_none()
        {
            self.happenings.lock().unwrap().push_back(happening);
        }
    }

    /// Adds what the application is going to see.
    pub(crate) fn foretell(&self, failure: Option<Happening>) {
        self.happenings.lock().unwrap().extend(failure.clone());
        *self.foretold.lock().unwrap() = failure;
    }

    pub(crate) fn pop(&self) -> Option<Happening> {
        self.happenings.lock().unwrap().pop_front()
    }

    pub(crate) fn is_client(&self) -> bool {
        self.role == Role::Client
    }
}

pub(crate) fn over_pipe(case: &Case, futures: Futures) -> Started {
    Ok(Box::new(pipe_subject(case, futures)?))
}

/// In memory, and on a clock that the runner moves.
pub(crate) fn pipe_subject(case: &Case, futures: Futures) -> Result<TokioSubject, String> {
    let runtime = runtime(true)?;
    let (near, far) = pipe();
    let application = application(case, futures, Box::new(near), &runtime)?;
    Ok(TokioSubject::new(
        case,
        runtime,
        application,
        Box::new(far),
        false,
    ))
}

pub(crate) fn over_tcp(case: &Case) -> Started {
    let runtime = runtime(false)?;
    let (near, far) = tcp().map_err(|error| error.to_string())?;
    let near = {
        let _guard = runtime.enter();
        TcpStream::from_std(near).map_err(|error| error.to_string())?
    };
    let application = application(case, Futures::Kept, Box::new(near), &runtime)?;
    let subject = TokioSubject::new(case, runtime, application, Box::new(far), true);
    Ok(Box::new(subject))
}

fn runtime(is_paused: bool) -> Result<Runtime, String> {
    Builder::new_current_thread()
        .enable_all()
        .start_paused(is_paused)
        .build()
        .map_err(|error| error.to_string())
}

fn application(
    case: &Case,
    futures: Futures,
    near: Near,
    runtime: &Runtime,
) -> Result<Application, String> {
    let _guard = runtime.enter();
    let config = config(&case.config);
    let seen = Seen {
        happenings: Arc::default(),
        foretold: Arc::default(),
        role: case.role,
    };
    let phase = match (case.role, case.start) {
        (Role::Server, Start::Open) => open(near, Connection::server(config, negotiated(case)?)),
        (Role::Client, Start::Open) => open(
            near,
            Connection::client(config, negotiated(case)?, fixed_entropy),
        ),
        (Role::Server, Start::Handshake) => {
            let server = server(case, &seen).config(config);
            Phase::Handshake(Box::pin(async move { server.accept(near).await }))
        }
        (Role::Client, Start::Handshake) => {
            let asked = case.request.as_ref().expect("a client has a request");
            Phase::Handshake(Box::pin(
                client(asked, &seen).config(config).handshake(near),
            ))
        }
    };
    Ok(Application {
        phase,
        futures,
        seen,
    })
}

fn open(near: Near, connection: Connection) -> Phase {
    let socket = WebSocket::from_parts(near, connection, BytesMut::new());
    Phase::Open(Box::new(socket))
}

fn server(case: &Case, seen: &Seen) -> Server {
    let (verified, plain) = (seen.clone(), seen.clone());
    let accept = accept(&case.accept.clone().unwrap_or_default());
    let reject = case.reject.as_ref().map(reply);
    let page = case
        .plain
        .as_ref()
        .map_or_else(Reply::upgrade_required, reply);
    Server::new()
        .verify(move |attempt| {
            verified.push(Happening::Request(view::request(attempt.request())));
            let decision = match &reject {
                Some(reply) => Err(reply.clone()),
                None => Ok(accept.clone()),
            };
            async { decision }
        })
        .plain(move |request| {
            plain.push(Happening::Request(view::request(request)));
            page.clone()
        })
}

fn client(asked: &Asked, seen: &Seen) -> Client {
    let seen = seen.clone();
    let mut client = Client::new(&asked.url)
        .entropy(fixed_entropy)
        .on_response(move |response| {
            seen.push(Happening::Response(view::response(response)));
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
