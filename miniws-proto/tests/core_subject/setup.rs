//! Makes a subject of what a case says.

use std::collections::VecDeque;

use bytes::BytesMut;
use miniws_conformance::{Asked, Case, Role, Start};
use miniws_proto::{
    ClientHandshake, ClientRequest, Config, Connection, HandshakeError, ServerHandshake, Time,
};

use super::given::{config, fixed_entropy, negotiated};
use super::handshake::Decisions;
use super::subject::{CoreSubject, Phase};

pub(crate) fn subject(case: &Case) -> Result<CoreSubject, String> {
    let config = config(&case.config);
    let negotiated = negotiated(case)?;
    let phase = match (case.role, case.start) {
        (Role::Server, Start::Open) => {
            let connection = Connection::server(config, negotiated);
            Ok(Phase::Open(Box::new(connection)))
        }
        (Role::Client, Start::Open) => {
            let connection = Connection::client(config, negotiated, fixed_entropy);
            Ok(Phase::Open(Box::new(connection)))
        }
        (Role::Server, Start::Handshake) => Ok(Phase::Server(ServerHandshake::new(config))),
        (Role::Client, Start::Handshake) => {
            let asked = case.request.as_ref().ok_or("a client without a request")?;
            ask(asked, config).map(Phase::Client)
        }
    };
    let mut subject = CoreSubject {
        role: case.role,
        phase: Phase::Over,
        decisions: Decisions {
            accept: case.accept.clone().unwrap_or_default(),
            reject: case.reject.clone(),
            plain: case.plain.clone(),
        },
        input: BytesMut::new(),
        output: Vec::new(),
        happenings: VecDeque::new(),
        now: Time::default(),
        stalled: false,
        failure: None,
    };
    match phase {
        Ok(phase) => subject.phase = phase,
        Err(error) => subject.handshake_failed(&error),
    }
    subject.drive();
    Ok(subject)
}

fn ask(asked: &Asked, config: Config) -> Result<ClientHandshake, HandshakeError> {
    let mut request = ClientRequest::new(&asked.url)?;
    for name in &asked.subprotocols {
        request = request.subprotocol(name);
    }
    if let Some(origin) = &asked.origin {
        request = request.origin(origin);
    }
    for (name, value) in &asked.headers {
        request = request.header(name, value);
    }
    ClientHandshake::new(request, config, fixed_entropy)
}
