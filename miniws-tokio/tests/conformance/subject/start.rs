//! Makes a subject of what a case says.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use bytes::BytesMut;
use miniws_conformance::{Asked, Case, Happening, Need, Role, Start, Started, Step};

use super::drive::{Application, Futures, Phase};
use super::far::Far;
use super::given::{accept, config, fixed_entropy, negotiated, reply};
use super::pipe::{PipeEnd, pipe};
use super::tcp::tcp;
use super::{AdapterSubject, Side, view};
use crate::miniws::{Client, Connection, Reply, Server, WebSocket};
use crate::runtime::{Near, Runtime};

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

/// In memory.
pub(crate) fn over_pipe(case: &Case, futures: Futures, runtime: Runtime) -> Started {
    let is_real = runtime.is_real() && case.needs().contains(&Need::Clock);
    let this = runtime.run(async { pipe_side(case, futures) })?;
    subject(case, runtime, this, is_real)
}

/// Over loopback TCP; `near` makes a runtime's stream of our end.
pub(crate) fn over_tcp<N: Near>(
    case: &Case,
    runtime: Runtime,
    near: fn(std::net::TcpStream) -> std::io::Result<N>,
) -> Started {
    let this = runtime.run(async {
        let told = |error: std::io::Error| error.to_string();
        let (ours, far) = tcp().map_err(told)?;
        side(case, Futures::Kept, near(ours).map_err(told)?, far)
    })?;
    subject(case, runtime, this, true)
}

fn subject<N: Near>(case: &Case, runtime: Runtime, this: Side<N>, is_real: bool) -> Started {
    let uses_up = |step: &&Step| matches!(step, Step::Held(_) | Step::Error(_));
    let twins = case.steps.iter().filter(uses_up);
    let twins = twins.map(|_| pipe_side(case, Futures::Kept));
    let twins = runtime.run(async { twins.collect::<Result<_, _>>() })?;
    let subject = AdapterSubject::new(runtime, this, twins, is_real);
    Ok(Box::new(subject))
}

fn pipe_side(case: &Case, futures: Futures) -> Result<Side<PipeEnd>, String> {
    let (near, far) = pipe();
    side(case, futures, near, far)
}

fn side<N: Near>(
    case: &Case,
    futures: Futures,
    near: N,
    far: impl Far + 'static,
) -> Result<Side<N>, String> {
    Ok(Side {
        application: application(case, futures, near)?,
        far: Box::new(far),
    })
}

fn application<N: Near>(case: &Case, futures: Futures, near: N) -> Result<Application<N>, String> {
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

fn open<N: Near>(near: N, connection: Connection) -> Phase<N> {
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
