//! The negotiation of compression (RFC 7692 section 7.1).

use arbitrary::{Arbitrary, Result, Unstructured};
use bytes::{Buf as _, BytesMut};
use miniws_proto::negotiate::{
    DeflateOffer, DeflateParams, Extension, Unoffered, confirm_deflate, offer_deflate,
    parse_extensions, select_deflate,
};
use miniws_proto::{Compression, Config, Connection, DeflateConfig, Event, Message, Negotiated};

/// The settings of a server, those of a client, three bytes each, and then the values of a header,
/// each on a line: what some client offers, or some server answers.
pub fn negotiation(data: &[u8]) {
    let mut input = Unstructured::new(data);
    let (Ok(server), Ok(client)) = (settings(&mut input), settings(&mut input)) else {
        return;
    };
    check_own(&server, &client);
    let header = String::from_utf8_lossy(input.take_rest());
    if let Ok(extensions) = parse_extensions(header.split('\n')) {
        check_offers(&server, &extensions);
        check_answer(&client, &extensions);
        check_display(&extensions);
    }
}

fn settings(input: &mut Unstructured<'_>) -> Result<DeflateConfig> {
    let flags = u8::arbitrary(input)?;
    Ok(DeflateConfig::default()
        .threshold(0)
        .send_takeover(flags & 1 != 0)
        .receive_takeover(flags & 2 != 0)
        .send_window_bits(u8::arbitrary(input)?)
        .receive_window_bits(u8::arbitrary(input)?)
        .level(1)
        .memory_level(1))
}

/// Two ends of ours always agree, on the same, and understand each other.
fn check_own(server: &DeflateConfig, client: &DeflateConfig) {
    let offer = offer_deflate(client);
    let offers = parse_extensions([&*offer]).expect("an offer can be read");
    let chosen = select_deflate(server, &offers).expect("no offer of ours is declined");
    let answer = parse_extensions([&*chosen.to_string()]).expect("an answer can be read");
    assert_eq!(confirm_deflate(client, &answer), Ok(Some(chosen)));

    let negotiated = || Negotiated::new().with_deflate(chosen);
    let config = |deflate: &DeflateConfig| Config::default().deflate(Some(deflate.clone()));
    let entropy = |destination: &mut [u8]| destination.fill(0x5a);
    let mut server = Connection::server(config(server), negotiated());
    let mut client = Connection::client(config(client), negotiated(), entropy);
    for _ in 0..2 {
        deliver(&mut server, &mut client);
        deliver(&mut client, &mut server);
    }
}

fn deliver(from: &mut Connection, to: &mut Connection) {
    let text: String = (0..200).map(|number| format!("{} ", number % 70)).collect();
    from.send_with(&*text, Compression::Always)
        .expect("it is open");
    let mut input = BytesMut::new();
    while from.outgoing().has_remaining() {
        let count = from.outgoing().chunk().len();
        input.extend_from_slice(from.outgoing().chunk());
        from.outgoing().advance(count);
    }
    let event = to.receive(&mut input).expect("it is in order");
    assert_eq!(event, Some(Event::Message(Message::from(text))));
}

/// A server takes the first offer that is in order and can be met, and answers what may be answered
/// to it.
fn check_offers(server: &DeflateConfig, extensions: &[Extension]) {
    let chosen = select_deflate(server, extensions);
    let mut offers = extensions.iter().filter_map(|extension| {
        let offer = Parameters::read(extension, true)?;
        // The compressor can do no window of 8 bits.
        (offer.server_bits != Some(Some(8))).then_some(offer)
    });
    match (chosen, offers.next()) {
        (None, None) => {}
        (Some(params), Some(offer)) => assert!(offer.allows(&Parameters::of(&params))),
        other => panic!("{other:?}"),
    }
    for extension in extensions {
        let offer = DeflateOffer::from_extension(extension);
        assert_eq!(offer.is_some(), Parameters::read(extension, true).is_some());
    }
}

/// A client takes an answer only if it is one to what it offers.
fn check_answer(client: &DeflateConfig, extensions: &[Extension]) {
    let offer = offer_deflate(client);
    let offers = parse_extensions([&*offer]).expect("an offer can be read");
    let is_offered = |answer: &Parameters| {
        let mut offers = offers.iter().map(|extension| {
            Parameters::read(extension, true).expect("an offer of ours is in order")
        });
        offers.any(|offer| offer.allows(answer))
    };
    match (confirm_deflate(client, extensions), extensions) {
        (Ok(None), []) => {}
        (Ok(Some(params)), [extension]) => {
            let answer = Parameters::read(extension, false).expect("it is in order");
            assert_eq!(answer, Parameters::of(&params));
            assert!(is_offered(&answer));
            assert!((8..=15).contains(&params.server_max_window_bits()));
            assert!((8..=15).contains(&params.client_max_window_bits()));
        }
        (Err(Unoffered), [extension]) => {
            let answer = Parameters::read(extension, false);
            assert!(answer.is_none_or(|answer| !is_offered(&answer)));
        }
        (Err(Unoffered), [_, _, ..]) => {}
        other => panic!("{other:?}"),
    }
}

/// What is written back reads the same.
fn check_display(extensions: &[Extension]) {
    for extension in extensions {
        if let Some(offer) = DeflateOffer::from_extension(extension) {
            let again = parse_extensions([&*offer.to_string()]).expect("it can be read");
            assert_eq!(DeflateOffer::from_extension(&again[0]), Some(offer));
        }
        if let Some(params) = DeflateParams::from_extension(extension) {
            let again = parse_extensions([&*params.to_string()]).expect("it can be read");
            assert_eq!(DeflateParams::from_extension(&again[0]), Some(params));
        }
    }
}

/// The parameters as RFC 7692 section 7.1 has them: there or not, with a value or not.
#[derive(Debug, PartialEq, Eq)]
struct Parameters {
    server_alone: bool,
    client_alone: bool,
    server_bits: Option<Option<u8>>,
    client_bits: Option<Option<u8>>,
}

impl Parameters {
    fn read(extension: &Extension, is_offer: bool) -> Option<Self> {
        if extension.name() != "permessage-deflate" {
            return None;
        }
        let params: Vec<_> = extension.params().collect();
        let once = |name: &str| {
            let mut found = params.iter().filter(|(other, _)| *other == name);
            let first = found.next().map(|(_, value)| *value);
            found.next().is_none().then_some(first)
        };
        let flag = |name| match once(name)? {
            None => Some(false),
            Some(None) => Some(true),
            Some(Some(_)) => None,
        };
        let bits = |name, may_be_bare: bool| match once(name)? {
            None => Some(None),
            Some(None) => may_be_bare.then_some(Some(None)),
            Some(Some(value)) => {
                let known = ["8", "9", "10", "11", "12", "13", "14", "15"];
                let at = known.iter().position(|known| *known == value)?;
                Some(Some(Some(at as u8 + 8)))
            }
        };
        let read = Self {
            server_alone: flag("server_no_context_takeover")?,
            client_alone: flag("client_no_context_takeover")?,
            server_bits: bits("server_max_window_bits", false)?,
            client_bits: bits("client_max_window_bits", is_offer)?,
        };
        let count = usize::from(read.server_alone)
            + usize::from(read.client_alone)
            + usize::from(read.server_bits.is_some())
            + usize::from(read.client_bits.is_some());
        (count == params.len()).then_some(read)
    }

    fn of(params: &DeflateParams) -> Self {
        let written = parse_extensions([&*params.to_string()]).expect("it can be read");
        Self::read(&written[0], false).expect("it is in order")
    }

    /// Whether it may be answered with this (sections 7.1.1.1 to 7.1.2.2).
    fn allows(&self, answer: &Self) -> bool {
        let server_alone = answer.server_alone || !self.server_alone;
        let server_bits = match (self.server_bits, answer.server_bits) {
            (Some(Some(most)), Some(Some(bits))) => bits <= most,
            (Some(_), _) => false,
            (None, _) => true,
        };
        let client_bits = match (self.client_bits, answer.client_bits) {
            (_, None) => true,
            (None, Some(_)) => false,
            (Some(most), Some(bits)) => bits <= most.or(Some(15)),
        };
        server_alone && server_bits && client_bits
    }
}
