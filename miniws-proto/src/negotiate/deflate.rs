//! The parameters of permessage-deflate (RFC 7692 section 7.1).

use alloc::format;
use alloc::string::{String, ToString as _};
use core::fmt;

use super::Extension;
use crate::config::Config;
use crate::deflate::DeflateConfig;

/// The extension's name.
const NAME: &str = "permessage-deflate";

const SERVER_NO_CONTEXT_TAKEOVER: &str = "server_no_context_takeover";
const CLIENT_NO_CONTEXT_TAKEOVER: &str = "client_no_context_takeover";
const SERVER_MAX_WINDOW_BITS: &str = "server_max_window_bits";
const CLIENT_MAX_WINDOW_BITS: &str = "client_max_window_bits";

/// One of the offers of a client, an element of its `Sec-WebSocket-Extensions`.
///
/// It is displayed in the form that the header has.
///
/// ```
/// use miniws_proto::DeflateConfig;
/// use miniws_proto::negotiate::{confirm_deflate, offer_deflate, parse_extensions, select_deflate};
///
/// // The client.
/// let ours = DeflateConfig::default();
/// let offer = offer_deflate(&ours);
///
/// // The server.
/// let offers = parse_extensions([&*offer])?;
/// let answer = select_deflate(&DeflateConfig::default(), &offers).map(|params| params.to_string());
///
/// // The client again.
/// let answer = parse_extensions(answer.as_deref())?;
/// let params = confirm_deflate(&ours, &answer).expect("the server keeps to the offer");
/// assert!(params.is_some_and(|params| params.server_no_context_takeover()));
/// # Ok::<(), miniws_proto::negotiate::HeaderError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DeflateOffer {
    server_no_context_takeover: bool,
    client_no_context_takeover: bool,
    server_max_window_bits: Option<u8>,
    /// The inner `None`: the parameter stands there without a value.
    client_max_window_bits: Option<Option<u8>>,
}

/// What has been negotiated, and the server's answer, an element of its
/// `Sec-WebSocket-Extensions`.
///
/// It is displayed in the form that the header has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct DeflateParams {
    server_no_context_takeover: bool,
    client_no_context_takeover: bool,
    server_max_window_bits: Option<u8>,
    client_max_window_bits: Option<u8>,
}

/// What one side sends with.
pub(crate) struct Side {
    pub(crate) takeover: bool,
    /// From 8 to 15.
    pub(crate) window_bits: u8,
}

/// The server's answer is not to what was offered: the client must fail the connection (RFC 7692
/// section 5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unoffered;

impl core::error::Error for Unoffered {}

impl fmt::Display for Unoffered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the server answers with an extension or a parameter that was not offered")
    }
}

/// What a client with these settings offers, as the value of its `Sec-WebSocket-Extensions`.
///
/// It begins with the offer that says all that is wanted. If that limits a window, another one comes
/// behind it (RFC 7692 section 5.1) for servers that cannot do so: they are asked for no context
/// takeover instead, so that no window is kept.
#[must_use]
pub fn offer_deflate(config: &DeflateConfig) -> String {
    let [first, second] = DeflateOffer::all(config);
    match first == second {
        true => first.to_string(),
        false => format!("{first}, {second}"),
    }
}

/// The server's choice among the extensions that a client offers: the first permessage-deflate that
/// it can agree to, if there is one. What is unknown, malformed or repeated in an offer declines that
/// offer (RFC 7692 section 7.1).
#[must_use]
pub fn select_deflate(config: &DeflateConfig, offers: &[Extension]) -> Option<DeflateParams> {
    let mut offers = offers.iter().filter_map(DeflateOffer::from_extension);
    offers.find_map(|offer| offer.accept(config))
}

/// What a client that has sent [`offer_deflate`] with the same settings, and offered no other
/// extension, makes of the server's answer. `None`: there will be no compression.
///
/// # Errors
///
/// When there is anything else in the answer than what was offered and what may be answered to it.
pub fn confirm_deflate(
    config: &DeflateConfig,
    answer: &[Extension],
) -> Result<Option<DeflateParams>, Unoffered> {
    match answer {
        [] => Ok(None),
        [extension] => DeflateParams::from_extension(extension)
            .filter(|params| {
                let mut offers = DeflateOffer::all(config).into_iter();
                offers.any(|offer| offer.allows(params))
            })
            .map(Some)
            .ok_or(Unoffered),
        _ => Err(Unoffered),
    }
}

impl DeflateOffer {
    /// What a client with these settings would like most, and what it would take.
    fn all(config: &DeflateConfig) -> [Self; 2] {
        let below_15 = |bits: u8| (bits < 15).then_some(bits);
        let server_max_window_bits = below_15(config.receive_window_bits);
        let first = Self {
            server_no_context_takeover: !config.receive_takeover,
            client_no_context_takeover: !config.send_takeover,
            server_max_window_bits,
            client_max_window_bits: Some(below_15(config.send_window_bits)),
        };
        let second = Self {
            server_no_context_takeover: !config.receive_takeover
                || server_max_window_bits.is_some(),
            server_max_window_bits: None,
            // Without a value it says that the server may limit the window (RFC 7692
            // section 7.1.2.2).
            client_max_window_bits: Some(None),
            ..first
        };
        [first, second]
    }

    /// Reads an offer; `None` if it is not one, or not in order.
    #[must_use]
    pub fn from_extension(extension: &Extension) -> Option<Self> {
        let mut offer = Self::default();
        each_once(extension, |name, value| {
            match (name, value) {
                (SERVER_NO_CONTEXT_TAKEOVER, None) => offer.server_no_context_takeover = true,
                (CLIENT_NO_CONTEXT_TAKEOVER, None) => offer.client_no_context_takeover = true,
                (SERVER_MAX_WINDOW_BITS, Some(bits)) => {
                    offer.server_max_window_bits = Some(window_bits(bits)?);
                }
                (CLIENT_MAX_WINDOW_BITS, None) => offer.client_max_window_bits = Some(None),
                (CLIENT_MAX_WINDOW_BITS, Some(bits)) => {
                    offer.client_max_window_bits = Some(Some(window_bits(bits)?));
                }
                _ => return None,
            }
            Some(())
        })?;
        Some(offer)
    }

    /// What a server with these settings answers, `None` if it declines.
    #[must_use]
    pub fn accept(&self, config: &DeflateConfig) -> Option<DeflateParams> {
        let ours = config
            .send_window_bits
            .min(self.server_max_window_bits.unwrap_or(15));
        if ours < 9 {
            // Legal to ask for, but more than the compressor can do.
            return None;
        }
        let theirs = config.receive_window_bits;
        // Without this parameter a client's window cannot be limited. What can be said then is that
        // it is not to be kept.
        let is_unlimited = self.client_max_window_bits.is_none() && theirs < 15;
        Some(DeflateParams {
            server_no_context_takeover: self.server_no_context_takeover || !config.send_takeover,
            client_no_context_takeover: self.client_no_context_takeover
                || !config.receive_takeover
                || is_unlimited,
            server_max_window_bits: (ours < 15 || self.server_max_window_bits.is_some())
                .then_some(ours),
            client_max_window_bits: self
                .client_max_window_bits
                .filter(|hint| theirs < 15 || hint.is_some())
                .map(|hint| theirs.min(hint.unwrap_or(15))),
        })
    }

    /// Whether a server may answer so (RFC 7692 sections 7.1.1 and 7.1.2).
    #[must_use]
    pub fn allows(&self, answer: &DeflateParams) -> bool {
        // A server that accepts these says so. It may say so unasked, too.
        let takeover = answer.server_no_context_takeover || !self.server_no_context_takeover;
        let server = self.server_max_window_bits.is_none_or(|most| {
            answer
                .server_max_window_bits
                .is_some_and(|bits| bits <= most)
        });
        // This one it must not say unasked.
        let client = answer.client_max_window_bits.is_none_or(|bits| {
            self.client_max_window_bits
                .is_some_and(|most| bits <= most.unwrap_or(15))
        });
        takeover && server && client
    }
}

impl DeflateParams {
    /// Reads an answer; `None` if it is not one, or not in order.
    #[must_use]
    pub fn from_extension(extension: &Extension) -> Option<Self> {
        let DeflateOffer {
            server_no_context_takeover,
            client_no_context_takeover,
            server_max_window_bits,
            client_max_window_bits,
        } = DeflateOffer::from_extension(extension)?;
        let client_max_window_bits = match client_max_window_bits {
            // Only an offer can leave the value open.
            Some(None) => return None,
            bits => bits.flatten(),
        };
        Some(Self {
            server_no_context_takeover,
            client_no_context_takeover,
            server_max_window_bits,
            client_max_window_bits,
        })
    }

    /// Whether the server compresses each message on its own.
    #[must_use]
    pub const fn server_no_context_takeover(&self) -> bool {
        self.server_no_context_takeover
    }

    /// Whether the client compresses each message on its own.
    #[must_use]
    pub const fn client_no_context_takeover(&self) -> bool {
        self.client_no_context_takeover
    }

    /// How far back the server may refer: 2 to the power of this in bytes, from 8 to 15.
    #[must_use]
    pub fn server_max_window_bits(&self) -> u8 {
        self.server_max_window_bits.unwrap_or(15)
    }

    /// How far back the client may refer: 2 to the power of this in bytes, from 8 to 15.
    #[must_use]
    pub fn client_max_window_bits(&self) -> u8 {
        self.client_max_window_bits.unwrap_or(15)
    }

    pub(crate) fn server(&self) -> Side {
        Side {
            takeover: !self.server_no_context_takeover,
            window_bits: self.server_max_window_bits(),
        }
    }

    pub(crate) fn client(&self) -> Side {
        Side {
            takeover: !self.client_no_context_takeover,
            window_bits: self.client_max_window_bits(),
        }
    }
}

impl fmt::Display for DeflateOffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(NAME)?;
        for (name, is_there) in [
            (SERVER_NO_CONTEXT_TAKEOVER, self.server_no_context_takeover),
            (CLIENT_NO_CONTEXT_TAKEOVER, self.client_no_context_takeover),
        ] {
            if is_there {
                write!(f, "; {name}")?;
            }
        }
        if let Some(bits) = self.server_max_window_bits {
            write!(f, "; {SERVER_MAX_WINDOW_BITS}={bits}")?;
        }
        match self.client_max_window_bits {
            Some(Some(bits)) => write!(f, "; {CLIENT_MAX_WINDOW_BITS}={bits}"),
            Some(None) => write!(f, "; {CLIENT_MAX_WINDOW_BITS}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for DeflateParams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let offer = DeflateOffer {
            server_no_context_takeover: self.server_no_context_takeover,
            client_no_context_takeover: self.client_no_context_takeover,
            server_max_window_bits: self.server_max_window_bits,
            client_max_window_bits: self.client_max_window_bits.map(Some),
        };
        fmt::Display::fmt(&offer, f)
    }
}

/// The client's offer, if it is to make one.
pub(crate) fn offer(config: &Config) -> Option<String> {
    config.deflate.as_ref().map(offer_deflate)
}

/// The server's choice, if it is to make one.
pub(crate) fn select(config: &Config, offers: &[Extension]) -> Option<DeflateParams> {
    select_deflate(config.deflate.as_ref()?, offers)
}

/// What the client makes of the answer, to whatever it has offered.
pub(crate) fn confirm(
    config: &Config,
    answer: &[Extension],
) -> Result<Option<DeflateParams>, Unoffered> {
    match &config.deflate {
        Some(config) => confirm_deflate(config, answer),
        None if answer.is_empty() => Ok(None),
        None => Err(Unoffered),
    }
}

/// Hands each parameter to `take`. `None` if the extension is another one, a parameter comes twice,
/// or `take` doesn't take one.
fn each_once<'a>(
    extension: &'a Extension,
    mut take: impl FnMut(&'a str, Option<&'a str>) -> Option<()>,
) -> Option<()> {
    if extension.name() != NAME {
        return None;
    }
    for (at, (name, value)) in extension.params().enumerate() {
        // There are four names to take, so this ends soon.
        if extension.params().take(at).any(|(other, _)| other == name) {
            return None;
        }
        take(name, value)?;
    }
    Some(())
}

/// RFC 7692 section 7.1.2: a decimal integer from 8 to 15 without leading zeros.
fn window_bits(value: &str) -> Option<u8> {
    let bits = value.parse().ok().filter(|bits| (8..=15).contains(bits))?;
    let is_plain = value.bytes().all(|byte| byte.is_ascii_digit()) && !value.starts_with('0');
    is_plain.then_some(bits)
}
