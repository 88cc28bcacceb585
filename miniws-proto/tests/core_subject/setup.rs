//! Makes a subject of what a case says.

use std::collections::VecDeque;

use bytes::BytesMut;
#[cfg(feature = "deflate")]
use miniws_conformance::DeflateSettings;
use miniws_conformance::{Asked, Case, Role, Settings, Start};
#[cfg(feature = "deflate")]
use miniws_proto::DeflateConfig;
#[cfg(feature = "deflate")]
use miniws_proto::negotiate::{confirm_deflate, parse_extensions, select_deflate};
use miniws_proto::{
    ClientHandshake, ClientRequest, Config, Connection, HandshakeError, Negotiated,
    ServerHandshake, Time,
};

use super::handshake::Decisions;
use super::subject::{CoreSubject, Phase};

/// Sets what the case sets, and leaves the core's own defaults where it says nothing.
macro_rules! set {
    ($config:ident: $($setting:ident => $value:expr),* $(,)?) => {
        $(if let Some($setting) = $setting { $config = $config.$setting($value); })*
    };
}

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

/// What the case says that the handshake agreed on, which must be what it would agree on.
#[cfg(feature = "deflate")]
fn negotiated(case: &Case) -> Result<Negotiated, String> {
    let (Some(extensions), Some(settings)) = (&case.extensions, &case.config.deflate) else {
        return Ok(Negotiated::new());
    };
    let settings = deflate(settings);
    let error = |error: &dyn std::fmt::Display| error.to_string();
    let parsed = parse_extensions([&**extensions]).map_err(|wrong| error(&wrong))?;
    let params = match case.role {
        Role::Server => select_deflate(&settings, &parsed),
        Role::Client => confirm_deflate(&settings, &parsed).map_err(|wrong| error(&wrong))?,
    };
    match params {
        Some(params) if params.to_string() == *extensions => {
            Ok(Negotiated::new().with_deflate(params))
        }
        params => Err(format!("with these settings, it is {params:?}")),
    }
}

#[cfg(not(feature = "deflate"))]
fn negotiated(_: &Case) -> Result<Negotiated, String> {
    Ok(Negotiated::new())
}

#[cfg(feature = "deflate")]
fn deflate(settings: &DeflateSettings) -> DeflateConfig {
    let DeflateSettings {
        level,
        memory_level,
        send_window_bits,
        receive_window_bits,
        send_takeover,
        receive_takeover,
        threshold,
        max_ratio,
        release_after,
    } = settings.clone();
    let mut config = DeflateConfig::default()
        .max_ratio(max_ratio)
        .release_after(release_after);
    set! {
        config:
        level => level,
        memory_level => memory_level,
        send_window_bits => send_window_bits,
        receive_window_bits => receive_window_bits,
        send_takeover => send_takeover,
        receive_takeover => receive_takeover,
        threshold => threshold,
    }
    config
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
        deflate: deflate_settings,
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
    #[cfg(feature = "deflate")]
    {
        config = config.deflate(deflate_settings.as_ref().map(deflate));
    }
    #[cfg(not(feature = "deflate"))]
    let _ = deflate_settings;
    set! {
        config:
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
