//! What a case gives, in the core's types.

use bytes::Bytes;
use miniws_conformance::{AcceptDecision, Case, Kind, ReplyDecision, Settings};
#[cfg(feature = "deflate")]
use miniws_conformance::{DeflateSettings, Role};
#[cfg(feature = "deflate")]
use miniws_proto::DeflateConfig;
#[cfg(feature = "deflate")]
use miniws_proto::negotiate::{confirm_deflate, parse_extensions, select_deflate};
use miniws_proto::{
    Accept, Compression, Config, Message, Negotiated, PreparedMessage, Reply, Utf8Bytes,
};

/// Sets what the case sets, and leaves the defaults where it says nothing.
macro_rules! set {
    ($config:ident: $($setting:ident => $value:expr),* $(,)?) => {
        $(if let Some($setting) = $setting { $config = $config.$setting($value); })*
    };
}

pub(crate) fn config(settings: &Settings) -> Config {
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

/// What the case says that the handshake agreed on, which must be what it would agree on.
#[cfg(feature = "deflate")]
pub(crate) fn negotiated(case: &Case) -> Result<Negotiated, String> {
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
pub(crate) fn negotiated(_: &Case) -> Result<Negotiated, String> {
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

pub(crate) fn accept(decision: &AcceptDecision) -> Accept {
    let mut accept = Accept::default();
    if let Some(name) = &decision.subprotocol {
        accept = accept.subprotocol(name);
    }
    if decision.without_compression {
        accept = accept.without_compression();
    }
    for (name, value) in &decision.headers {
        accept = accept.header(name, value);
    }
    accept
}

pub(crate) fn reply(decision: &ReplyDecision) -> Reply {
    let mut reply = Reply::new(decision.status);
    for (name, value) in &decision.headers {
        reply = reply.header(name, value);
    }
    if !decision.body.is_empty() {
        reply = reply.body(decision.body.clone());
    }
    reply
}

pub(crate) fn message(kind: Kind, data: &[u8]) -> Result<Message, String> {
    let data = Bytes::copy_from_slice(data);
    match kind {
        Kind::Binary => Ok(Message::Binary(data)),
        Kind::Text => Utf8Bytes::try_from(data)
            .map(Message::Text)
            .map_err(|error| error.to_string()),
    }
}

pub(crate) fn prepared(
    kind: Kind,
    data: &[u8],
    choice: Option<miniws_conformance::Compression>,
) -> Result<PreparedMessage, String> {
    let prepared = PreparedMessage::new(message(kind, data)?);
    Ok(match choice.map(compression) {
        Some(compression) => prepared.compression(compression),
        None => prepared,
    })
}

pub(crate) fn compression(compression: miniws_conformance::Compression) -> Compression {
    match compression {
        miniws_conformance::Compression::Auto => Compression::Auto,
        miniws_conformance::Compression::Always => Compression::Always,
        miniws_conformance::Compression::Never => Compression::Never,
    }
}

/// The entropy of the corpus: the same four bytes, from the start each time.
pub(crate) fn fixed_entropy(destination: &mut [u8]) {
    let pattern = [0x37, 0xfa, 0x21, 0x3d].iter().cycle();
    for (byte, pattern) in destination.iter_mut().zip(pattern) {
        *byte = *pattern;
    }
}
