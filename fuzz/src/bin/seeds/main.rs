//! Writes `seeds/` anew, from the conformance corpus where that has bytes for a target.

mod tables;

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use bytes::Buf;
use miniws_conformance::{Action, Asked, Case, Corpus, Role, Start, Step};
use miniws_fuzz::{
    CompressionSettings, DifferentialSettings, FromOne, ReceiveSettings, RequestSettings,
    ResponseSettings, TunnelSettings,
};
use miniws_proto::negotiate::{DeflateParams, parse_extensions};
use miniws_proto::{Config, Connection, DeflateConfig, Negotiated};

use tables::{LISTS, NEGOTIATION, REDIRECTS, ROUND_TRIPS, TUNNELS};

/// Larger seeds make fuzzing slow, and the target's settings give large messages as well.
const LONGEST: usize = 600;

/// How many cases of the corpus become seeds of a target; it has many that look alike.
const MOST: usize = 60;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut seeds = Seeds::default();
    for case in Corpus::load()?.cases {
        seeds.add_case(&case);
    }
    seeds.thin_out();
    seeds.add_floods();
    seeds.add_zeros();
    seeds.add_lists();
    seeds.add_tunnels();
    seeds.add_redirects();
    seeds.add_round_trips();
    seeds.write(&Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds"))?;
    Ok(())
}

/// The seeds of each target with their names.
#[derive(Default)]
struct Seeds(BTreeMap<&'static str, Vec<(String, Vec<u8>)>>);

impl Seeds {
    fn add(&mut self, target: &'static str, name: &str, bytes: Vec<u8>) {
        let seeds = self.0.entry(target).or_default();
        // Many cases differ only in what is expected.
        if bytes.len() <= LONGEST && seeds.iter().all(|(_, other)| *other != bytes) {
            seeds.push((name.replace('/', "-"), bytes));
        }
    }

    /// Leaves the most that there may be, from all over the corpus.
    fn thin_out(&mut self) {
        for seeds in self.0.values_mut() {
            let count = seeds.len();
            let mut number = 0;
            seeds.retain(|_| {
                number += 1;
                count <= MOST || number * MOST / count > (number - 1) * MOST / count
            });
        }
    }

    fn write(&self, folder: &Path) -> io::Result<()> {
        if folder.exists() {
            fs::remove_dir_all(folder)?;
        }
        for (target, seeds) in &self.0 {
            println!("{target}: {} seeds", seeds.len());
            let folder = folder.join(target);
            fs::create_dir_all(&folder)?;
            for (name, bytes) in seeds {
                fs::write(folder.join(name), bytes)?;
            }
        }
        Ok(())
    }

    fn add_case(&mut self, case: &Case) {
        let steps = case.steps.iter();
        let stream: Vec<u8> = steps
            .filter_map(|step| match step {
                Step::Peer(bytes) => Some(&bytes[..]),
                _ => None,
            })
            .collect::<Vec<_>>()
            .concat();
        if stream.is_empty() {
            return;
        }
        // Each is cut in some way of its own.
        let cut = (stream.len() * 31) as u16;
        let targets = match (case.start, case.role) {
            (Start::Open, _) if case.extensions.is_some() => {
                vec![("compressed_receive", compressed(case, cut))]
            }
            (Start::Open, Role::Server) => vec![
                ("server_receive", receive(case, cut)),
                ("differential", differential(case)),
            ],
            (Start::Open, Role::Client) => vec![
                ("client_receive", receive(case, cut)),
                ("differential", differential(case)),
            ],
            (Start::Handshake, Role::Server) => vec![("request_head", request(case, cut))],
            (Start::Handshake, Role::Client) => vec![("response_head", response(case, cut))],
        };
        for (target, settings) in targets {
            self.add(target, &case.id, [&settings, &stream[..]].concat());
        }
        self.add_extensions(case, &String::from_utf8_lossy(&stream));
    }

    /// What is offered and answered in the cases about compression.
    fn add_extensions(&mut self, case: &Case, stream: &str) {
        let values = stream.lines().filter_map(|line| {
            let (name, value) = line.split_once(':')?;
            let is_value = name.eq_ignore_ascii_case("Sec-WebSocket-Extensions");
            is_value.then_some(value.trim())
        });
        let values: Vec<_> = values.collect();
        if !values.is_empty() {
            let bytes = [&NEGOTIATION[..], values.join("\n").as_bytes()].concat();
            self.add("negotiation", &case.id, bytes);
        }
    }

    /// Pings while almost as much is queued as there may be before pongs have to wait, and a close.
    fn add_floods(&mut self) {
        let masked = [&[0x89, 0xfd, 0, 0, 0, 0][..], &[b'p'; 125]].concat();
        let unmasked = [&[0x89, 0x7d][..], &[b'p'; 125]].concat();
        for drained in [0, 10, 255] {
            let settings = receive_settings(&ReceiveSettings {
                queued: 127,
                drained,
                cut: 2,
                ..ReceiveSettings::default()
            });
            let name = format!("flood-{drained}");
            let server = [&settings[..], &masked.repeat(4), &[0x88, 0x80, 0, 0, 0, 0]];
            let client = [&settings[..], &unmasked.repeat(4), &[0x88, 0]];
            self.add("server_receive", &name, server.concat());
            self.add("client_receive", &name, client.concat());
        }
    }

    /// As much as may come of so little, and just more than half of the memory that is taken for it.
    fn add_zeros(&mut self) {
        let offer = parse_extensions(["permessage-deflate"]).expect("it is in order");
        let params = DeflateParams::from_extension(&offer[0]).expect("it is in order");
        let config = Config::default().deflate(Some(DeflateConfig::default().level(9)));
        let negotiated = Negotiated::new().with_deflate(params);
        let mut server = Connection::server(config, negotiated);
        let zeros = vec![0; (1 << 19) + 1];
        server.send(zeros).expect("the queue is empty");
        let outgoing = server.outgoing();
        let frame = outgoing.copy_to_bytes(outgoing.len());
        let settings = receive_settings(&ReceiveSettings::default());
        let bytes = [&[0, 0][..], &settings, &frame].concat();
        self.add("compressed_receive", "zeros", bytes);
    }

    fn add_lists(&mut self) {
        for (number, values) in LISTS.iter().enumerate() {
            let name = format!("list-{number:02}");
            self.add("header_lists", &name, (*values).into());
            let bytes = [&NEGOTIATION[..], values.as_bytes()].concat();
            self.add("negotiation", &name, bytes);
        }
    }

    fn add_tunnels(&mut self) {
        for (number, (flags, answer)) in TUNNELS.iter().enumerate() {
            let settings = TunnelSettings {
                cut: number as u16,
                flags: *flags,
                ..TunnelSettings::default()
            };
            let settings = [&[0; 4][..], &settings.cut.to_le_bytes(), &[settings.flags]];
            let name = format!("tunnel-{number:02}");
            self.add("tunnel", &name, [&settings.concat(), *answer].concat());
        }
    }

    /// Where a client with credentials is sent.
    fn add_redirects(&mut self) {
        for (number, (url, location)) in REDIRECTS.iter().enumerate() {
            let asked = format!("{url}\nAuthorization:Basic dTpw\nCookie:a=b");
            let settings = [&[0; 8][..], &[asked.len() as u8], asked.as_bytes()].concat();
            let answer = format!("HTTP/1.1 307 \r\nLocation: {location}\r\n\r\n");
            let name = format!("redirect-{number:02}");
            self.add(
                "response_head",
                &name,
                [&settings, answer.as_bytes()].concat(),
            );
        }
    }

    fn add_round_trips(&mut self) {
        let plain = [0; 10];
        // Both with compression: the server's with context takeover, the client's of all messages
        // with small windows.
        let compressed = [0, 0, 0, 0, 0x0c, 0, 0, 201, 0, 0x74];
        // Both with a queue of 1000 bytes and fragments of 100; the server receives in chunks, and
        // the client keeps the connection alive.
        let small = [0xe9, 3, 101, 0, 1, 0xe9, 3, 101, 0, 2];
        for (name, calls) in ROUND_TRIPS {
            for (setup, settings) in [
                ("plain", plain),
                ("small", small),
                ("compressed", compressed),
            ] {
                let name = format!("{name}-{setup}");
                self.add("round_trip", &name, [&settings, *calls].concat());
            }
        }
    }
}

fn compressed(case: &Case, cut: u16) -> Vec<u8> {
    let extensions = case.extensions.as_deref().unwrap_or_default();
    // The direction that is received.
    let (is_server, peer) = match case.role {
        Role::Server => (1, "client"),
        Role::Client => (0, "server"),
    };
    let alone = extensions.contains(&format!("{peer}_no_context_takeover"));
    let bits = extensions
        .split_once(&format!("{peer}_max_window_bits="))
        .and_then(|(_, bits)| bits.split([';', ',']).next()?.trim().parse().ok());
    let max_ratio = case.config.deflate.as_ref().and_then(|one| one.max_ratio);
    let settings = CompressionSettings {
        flags: is_server | u8::from(alone) << 1 | (15 - bits.unwrap_or(15_u8)) << 2,
        max_ratio: max_ratio.map_or(0, |ratio| ratio.min(255) as u8),
    };
    [
        &[settings.flags, settings.max_ratio][..],
        &receive(case, cut),
    ]
    .concat()
}

fn differential(case: &Case) -> Vec<u8> {
    let settings = DifferentialSettings {
        flags: u8::from(case.role == Role::Server),
        max_message: FromOne::new(case.config.max_message_size),
        max_frame: FromOne::new(case.config.max_frame_size),
    };
    [
        &[settings.flags][..],
        &settings.max_message.0.to_le_bytes(),
        &settings.max_frame.0.to_le_bytes(),
    ]
    .concat()
}

fn receive(case: &Case, cut: u16) -> Vec<u8> {
    let config = &case.config;
    let units = |bytes: usize| u8::try_from(bytes.div_ceil(128)).unwrap_or(u8::MAX);
    let mut settings = ReceiveSettings {
        max_message: FromOne::new(config.max_message_size),
        max_frame: FromOne::new(config.max_frame_size),
        max_fragments: FromOne::new(config.max_fragments.map(|number| number as usize)),
        flags: config.chunks.into(),
        fragment: config.fragment_size.map_or(0, units),
        drained: (cut % 3 * 20) as u8,
        cut,
        ..ReceiveSettings::default()
    };
    // What the application does before anything comes.
    let is_first = |step: &&Step| !matches!(step, Step::Peer(_));
    for step in case.steps.iter().take_while(is_first) {
        match step {
            Step::App(Action::Send(_, data, _), _) => settings.queued = units(data.len()),
            Step::App(Action::Close(_), _) => settings.flags |= 2,
            _ => {}
        }
    }
    receive_settings(&settings)
}

fn receive_settings(settings: &ReceiveSettings) -> Vec<u8> {
    [
        &settings.max_message.0.to_le_bytes()[..],
        &settings.max_frame.0.to_le_bytes(),
        &settings.max_fragments.0.to_le_bytes(),
        &[
            settings.flags,
            settings.queued,
            settings.fragment,
            settings.drained,
        ],
        &settings.cut.to_le_bytes(),
    ]
    .concat()
}

fn request(case: &Case, cut: u16) -> Vec<u8> {
    let reply = case.reject.as_ref().or(case.plain.as_ref());
    let accept = case.accept.as_ref().map(|accept| &accept.headers);
    let headers = accept.or(reply.map(|reply| &reply.headers));
    let added = headers.and_then(|headers| headers.first());
    let added = added.map_or(String::new(), |(name, value)| format!("{name}:{value}"));
    let settings = RequestSettings {
        max_head: FromOne::new(case.config.max_head_size),
        max_headers: FromOne::new(case.config.max_headers),
        cut,
        status: reply.map_or(0, |reply| reply.status),
        added: u8::try_from(added.len()).unwrap_or(0),
    };
    [
        &settings.max_head.0.to_le_bytes()[..],
        &settings.max_headers.0.to_le_bytes(),
        &settings.cut.to_le_bytes(),
        &settings.status.to_le_bytes(),
        &[settings.added],
        &added.as_bytes()[..settings.added.into()],
    ]
    .concat()
}

fn response(case: &Case, cut: u16) -> Vec<u8> {
    let asked = case.request.as_ref().map(asked).unwrap_or_default();
    let settings = ResponseSettings {
        max_head: FromOne::new(case.config.max_head_size),
        max_headers: FromOne::new(case.config.max_headers),
        max_body: FromOne::new(case.config.max_body_size),
        cut,
        asked: u8::try_from(asked.len()).unwrap_or(0),
    };
    [
        &settings.max_head.0.to_le_bytes()[..],
        &settings.max_headers.0.to_le_bytes(),
        &settings.max_body.0.to_le_bytes(),
        &settings.cut.to_le_bytes(),
        &[settings.asked],
        &asked.as_bytes()[..settings.asked.into()],
    ]
    .concat()
}

fn asked(asked: &Asked) -> String {
    let mut lines = vec![asked.url.clone()];
    // The target offers chat by itself.
    let offered = asked.subprotocols.iter().filter(|name| *name != "chat");
    lines.extend(offered.cloned());
    lines.extend(asked.origin.iter().map(|origin| format!("Origin:{origin}")));
    let headers = asked.headers.iter();
    lines.extend(headers.map(|(name, value)| format!("{name}:{value}")));
    lines.join("\n")
}
