//! Makes a subject of what a case says.

use std::collections::VecDeque;

use bytes::BytesMut;
use miniws_conformance::{Asked, Case, Role, Settings, Start};
use miniws_proto::{
    ClientHandshake, ClientRequest, Config, Connection, HandshakeError, Negotiated,
    ServerHandshake, Time,
};

use super::handshake::Decisions;
use super::subject::{CoreSubject, Phase};

pub(crate) fn subject(case: &Case) -> Result<CoreSubject, String> {
    let config = config(&case.config);
    let phase = match (case.role, case.start) {
        (Role::Server, Start::Open) => {
            let connection = Connection::server(config, Negotiated::new());
            Ok(Phase::Open(Box::new(connection)))
        }
        (Role::Client, Start::Open) => {
            let connection = Connection::client(config, Negotiated::new(), fixed_entropy);
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

/// The entropy of the corpus: the same four bytes, from the start each time.
fn fixed_entropy(destination: &mut [u8]) {
    let pattern = [0x37, 0xfa, 0x21, 0x3d].iter().cycle();
    for (byte, pattern) in destination.iter_mut().zip(pattern) {
        *byte = *pattern;
    }
}

fn config(settings: &Settings) -> Config {
    let Settings {
        max_message_size,
        max_frame_size,
        max_fragments,
        max_queued,
        max_head_size,
        max_headers,
        max_body_size,
        fragment_size,
        chunks,
        keep_alive,
        pong_timeout,
        close_timeout,
        idle_timeout,
        write_timeout,
        handshake_timeout,
    } = settings.clone();
    let mut config = Config::default()
        .fragment_size(fragment_size)
        .chunks(chunks)
        .keep_alive(keep_alive)
        .idle_timeout(idle_timeout);
    /// Sets what the case sets, and leaves the core's own defaults where it says nothing.
    macro_rules! set {
        ($($setting:ident => $value:expr),* $(,)?) => {
            $(if let Some($setting) = $setting { config = config.$setting($value); })*
        };
    }
    set! {
        max_message_size => max_message_size,
        max_frame_size => max_frame_size,
        max_fragments => max_fragments,
        max_queued => max_queued,
        max_head_size => max_head_size,
        max_headers => max_headers,
        max_body_size => max_body_size,
        pong_timeout => pong_timeout,
        close_timeout => close_timeout,
        write_timeout => Some(write_timeout),
        handshake_timeout => handshake_timeout,
    }
    config
}
