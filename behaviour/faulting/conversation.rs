//! What is said over a transport that has faults, byte by byte. Blocking I/O is tested with the same.

use bytes::Bytes;

use crate::miniws::{CloseCode, CloseFrame, Config, Event, Message};

/// What our side and its peer say to each other.
pub(crate) struct Conversation {
    pub(crate) name: &'static str,
    pub(crate) start: Start,
    pub(crate) task: Task,
    pub(crate) config: Config,
    pub(crate) steps: Vec<Step>,
}

/// How our side comes to its connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Start {
    /// As a server, by a handshake.
    Server,
    /// As a client whose handshake has been done, and whose masking keys are zero.
    Client,
    /// As a client, by a handshake. Its key and its masking keys are random, so of its bytes only
    /// the number is known.
    ClientHandshake,
}

/// What our application does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Task {
    Echo,
    /// With the halves of a connection, each at its own pace.
    EchoThroughHalves,
    Close,
}

/// What the peer writes, what of it our application gets to see, and what the peer reads before it
/// goes on.
pub(crate) struct Step {
    pub(crate) peer: Vec<u8>,
    pub(crate) events: Vec<Event>,
    pub(crate) ours: Vec<u8>,
}

impl Conversation {
    /// All that our application gets to see, each event with the number of bytes that the peer has
    /// written by then, if they are those of its last frame.
    pub(crate) fn events(&self) -> Vec<(usize, Event)> {
        let mut written = 0;
        let mut all = Vec::new();
        for step in &self.steps {
            written += step.peer.len();
            all.extend(step.events.iter().map(|event| (written, event.clone())));
        }
        all
    }

    /// All that our side writes.
    pub(crate) fn ours(&self) -> Vec<u8> {
        let ours = self.steps.iter().map(|step| step.ours.as_slice());
        ours.collect::<Vec<_>>().concat()
    }
}

/// All of them, with `config` as what every one is configured by.
pub(crate) fn conversations(config: &Config) -> Vec<Conversation> {
    let mut all = Vec::new();
    for start in [Start::Server, Start::Client] {
        let say = Say(start);
        let mut add = |name, task, config: Config, steps: Vec<Step>| {
            let opening = say.opening("", "");
            all.push(Conversation {
                name,
                start,
                task,
                config,
                steps: opening.into_iter().chain(steps).collect(),
            });
        };
        add("echo", Task::Echo, config.clone(), say.echoes());
        let halves = say.echoes_without_pings();
        add("halves", Task::EchoThroughHalves, config.clone(), halves);
        add("large", Task::Echo, config.clone(), say.large(None));
        let cut = config.clone().fragment_size(Some(30_000));
        add("large, cut", Task::Echo, cut, say.large(Some(30_000)));
        add("our close", Task::Close, config.clone(), say.our_close());
    }
    all.push(client_handshake(config));
    #[cfg(feature = "deflate")]
    all.push(compressed(config));
    all
}

/// Something comes right behind the handshake.
fn client_handshake(config: &Config) -> Conversation {
    let say = Say(Start::ClientHandshake);
    let mut steps = say.opening("", "");
    steps.extend(say.echoes_without_pings());
    Conversation {
        name: "client's handshake",
        start: say.0,
        task: Task::Echo,
        config: config.clone(),
        steps,
    }
}

/// "Hello", as RFC 7692 section 7.2.3.1 has it.
#[cfg(feature = "deflate")]
fn compressed(config: &Config) -> Conversation {
    const HELLO: &[u8] = b"\xf2\x48\xcd\xc9\xc9\x07\x00";
    let say = Say(Start::Server);
    let deflate = crate::miniws::DeflateConfig::default().threshold(0);
    let mut steps = say.opening(
        "Sec-WebSocket-Extensions: permessage-deflate\r\n",
        "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; client_no_context_takeover\r\n",
    );
    let compressed = TEXT | RSV1;
    steps.push(Step {
        peer: [
            say.theirs(0, compressed, &HELLO[..3]),
            say.theirs(FIN, CONTINUATION, &HELLO[3..]),
        ]
        .concat(),
        events: vec![Event::Message(Message::from("Hello"))],
        ours: say.ours(FIN, compressed, HELLO),
    });
    steps.push(say.close());
    Conversation {
        name: "compressed",
        start: say.0,
        task: Task::Echo,
        config: config.clone().deflate(Some(deflate)),
        steps,
    }
}

const FIN: u8 = 0x80;
#[cfg(feature = "deflate")]
const RSV1: u8 = 0x40;
const CONTINUATION: u8 = 0;
const TEXT: u8 = 1;
const BINARY: u8 = 2;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;

/// The steps, as seen by a role.
#[derive(Clone, Copy)]
struct Say(Start);

impl Say {
    /// The handshake, with a line in the request and one in the response.
    fn opening(self, requested: &str, agreed: &str) -> Vec<Step> {
        let request = format!(
            "GET / HTTP/1.1\r\nHost: in.memory\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\
             {requested}\r\n"
        );
        let response = switching("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", agreed);
        let step = |peer: &str, ours: &str| Step {
            peer: peer.into(),
            events: Vec::new(),
            ours: ours.into(),
        };
        match self.0 {
            Start::Server => vec![step(&request, &response)],
            Start::Client => Vec::new(),
            Start::ClientHandshake => vec![step("", &request), step(&response, "")],
        }
    }

    /// A burst, an empty message, and one with a ping in it.
    fn echoes(self) -> Vec<Step> {
        let mut steps = self.burst();
        steps.push(Step {
            peer: [
                self.theirs(0, TEXT, b"in "),
                self.theirs(FIN, PING, b"are you there?"),
            ]
            .concat(),
            events: vec![Event::Ping(Bytes::from("are you there?"))],
            ours: self.ours(FIN, PONG, b"are you there?"),
        });
        steps.push(Step {
            peer: self.theirs(FIN, CONTINUATION, b"pieces"),
            events: vec![Event::Message(Message::from("in pieces"))],
            ours: self.ours(FIN, TEXT, b"in pieces"),
        });
        steps.push(self.close());
        steps
    }

    fn echoes_without_pings(self) -> Vec<Step> {
        let mut steps = self.burst();
        steps.push(self.close());
        steps
    }

    /// The peer waits for nothing before all of them are written.
    fn burst(self) -> Vec<Step> {
        let mut steps = Vec::new();
        let mut ours = Vec::new();
        for text in ["one", "two", "", "four"] {
            ours.extend(self.ours(FIN, TEXT, text.as_bytes()));
            steps.push(Step {
                peer: self.theirs(FIN, TEXT, text.as_bytes()),
                events: vec![Event::Message(Message::from(text))],
                ours: Vec::new(),
            });
        }
        if let Some(last) = steps.last_mut() {
            last.ours = ours;
        }
        steps
    }

    /// More than the transport holds at once; our side cuts it into pieces.
    fn large(self, cut: Option<usize>) -> Vec<Step> {
        let payload: Vec<u8> = (0..100_000_u32).map(|at| (at % 251) as u8).collect();
        let pieces = payload.chunks(cut.unwrap_or(payload.len()));
        let last = pieces.len() - 1;
        let ours = pieces.enumerate().map(|(at, piece)| {
            let opcode = if at == 0 { BINARY } else { CONTINUATION };
            self.ours(if at == last { FIN } else { 0 }, opcode, piece)
        });
        vec![
            Step {
                peer: self.theirs(FIN, BINARY, &payload),
                ours: ours.collect::<Vec<_>>().concat(),
                events: vec![Event::Message(Message::from(payload))],
            },
            self.close(),
        ]
    }

    fn close(self) -> Step {
        let payload = [&1000_u16.to_be_bytes()[..], b"bye"].concat();
        let frame = CloseFrame::new(CloseCode::NORMAL, "bye");
        Step {
            peer: self.theirs(FIN, CLOSE, &payload),
            events: vec![Event::Close(frame.ok())],
            ours: self.ours(FIN, CLOSE, &1000_u16.to_be_bytes()),
        }
    }

    /// Our side drops what comes until the peer's close.
    fn our_close(self) -> Vec<Step> {
        let code = 1000_u16.to_be_bytes();
        vec![
            Step {
                peer: Vec::new(),
                events: Vec::new(),
                ours: self.ours(FIN, CLOSE, &code),
            },
            Step {
                peer: [
                    self.theirs(FIN, TEXT, b"too late"),
                    self.theirs(FIN, CLOSE, &code),
                ]
                .concat(),
                events: Vec::new(),
                ours: Vec::new(),
            },
        ]
    }

    fn ours(self, fin: u8, opcode: u8, payload: &[u8]) -> Vec<u8> {
        frame(self.0 != Start::Server, fin | opcode, payload)
    }

    fn theirs(self, fin: u8, opcode: u8, payload: &[u8]) -> Vec<u8> {
        frame(self.0 == Start::Server, fin | opcode, payload)
    }
}

/// The response with this `Sec-WebSocket-Accept`, and another line.
pub(crate) fn switching(accept: &str, line: &str) -> String {
    format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\n{line}\r\n"
    )
}

/// A frame, masked with zeros or not at all.
fn frame(is_masked: bool, first: u8, payload: &[u8]) -> Vec<u8> {
    let mask_bit = if is_masked { 0x80 } else { 0 };
    let mut frame = vec![first];
    match payload.len() {
        len @ 0..126 => frame.push(mask_bit | len as u8),
        len @ 126..0x1_0000 => {
            frame.push(mask_bit | 126);
            frame.extend_from_slice(&(len as u16).to_be_bytes());
        }
        len => {
            frame.push(mask_bit | 127);
            frame.extend_from_slice(&(len as u64).to_be_bytes());
        }
    }
    if is_masked {
        frame.extend_from_slice(&[0; 4]);
    }
    frame.extend_from_slice(payload);
    frame
}
