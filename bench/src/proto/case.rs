//! What is measured.

use crate::content::Content;
use crate::deflate::deflate;
use crate::wire::{self, Role};

/// One row of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    pub way: Way,
    pub role: Role,
    pub content: Content,
    /// Payload bytes of a message.
    pub size: usize,
    /// How many messages come with one read, or leave with one write. `None` is a stream without
    /// seams when receiving, and one after the other when sending.
    pub burst: Option<usize>,
    /// Compressed, with permessage-deflate.
    pub deflate: bool,
}

/// What is done with messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Receive,
    /// Received in fragments of so many bytes.
    Fragments(usize),
    /// A ping comes with each message, and is answered.
    Pings,
    Send,
    Echo,
    /// Sent to so many connections.
    Broadcast(usize),
}

pub const SIZES: [usize; 6] = [16, 125, 1 << 10, 16 << 10, 64 << 10, 1 << 20];

/// Every case, in the order of the table.
pub fn all() -> Vec<Case> {
    let mut cases = Vec::new();
    for role in [Role::Server, Role::Client] {
        for content in [Content::Binary, Content::Ascii, Content::MultiByte] {
            for size in SIZES {
                cases.push(Case::new(Way::Receive, role, content, size));
            }
        }
    }
    for content in [Content::Binary, Content::MultiByte] {
        let way = Way::Fragments(1 << 10);
        cases.push(Case::new(way, Role::Server, content, 64 << 10));
    }
    for (way, burst, size) in [
        (Way::Receive, 1, 16),
        (Way::Receive, 1, 1 << 10),
        (Way::Receive, 16, 32),
        (Way::Receive, 16, 1 << 10),
        (Way::Send, 16, 32),
        (Way::Send, 16, 1 << 10),
        (Way::Pings, 1, 16),
    ] {
        let mut case = Case::new(way, Role::Server, Content::Binary, size);
        case.burst = Some(burst);
        cases.push(case);
    }
    for role in [Role::Server, Role::Client] {
        for size in SIZES {
            cases.push(Case::new(Way::Send, role, Content::Binary, size));
        }
    }
    for size in [16, 1 << 10, 4 << 10, 16 << 10, 64 << 10] {
        cases.push(Case::new(Way::Echo, Role::Server, Content::Binary, size));
    }
    for size in [125, 1 << 10, 16 << 10] {
        let way = Way::Broadcast(1000);
        cases.push(Case::new(way, Role::Server, Content::Binary, size));
    }
    for way in [Way::Receive, Way::Send] {
        for size in [1 << 10, 16 << 10] {
            let mut case = Case::new(way, Role::Server, Content::Json, size);
            case.deflate = true;
            cases.push(case);
        }
    }
    cases
}

/// Part of the quick selection.
const QUICK: [&str; 4] = [
    "receive/server/binary/16",
    "receive/server/multi/1K",
    "send/client/binary/1K",
    "send/server/json-deflate/1K",
];

/// The case of this name.
pub fn named(name: &str) -> Option<Case> {
    all().into_iter().find(|case| case.name() == name)
}

impl Case {
    const fn new(way: Way, role: Role, content: Content, size: usize) -> Self {
        Self {
            way,
            role,
            content,
            size,
            burst: None,
            deflate: false,
        }
    }

    pub fn is_quick(&self) -> bool {
        QUICK.contains(&&*self.name())
    }

    /// For people and for the command line, as `receive/server/binary/1K`.
    pub fn name(&self) -> String {
        let way = match self.way {
            Way::Receive => "receive".to_owned(),
            Way::Fragments(of) => format!("receive-fragments-{}", size_name(of)),
            Way::Pings => "receive-with-ping".to_owned(),
            Way::Send => "send".to_owned(),
            Way::Echo => "echo".to_owned(),
            Way::Broadcast(to) => format!("broadcast-{to}"),
        };
        let role = match self.role {
            Role::Server => "server",
            Role::Client => "client",
        };
        let mut content = self.content.name().to_owned();
        if self.deflate {
            content += "-deflate";
        }
        let size = size_name(self.size);
        match self.burst {
            None => format!("{way}/{role}/{content}/{size}"),
            Some(burst) => format!("{way}/{role}/{content}/{burst}x{size}"),
        }
    }

    /// How many messages are done at once.
    pub fn messages_at_once(&self) -> usize {
        match self.way {
            Way::Broadcast(to) => to,
            _ => self.burst.unwrap_or(1),
        }
    }

    /// What comes from the peer at once.
    pub fn segment(&self, variant: usize) -> Vec<u8> {
        let mut key = match self.role {
            Role::Server => Some([0x12, 0x9a, 0xe7, 0x5c]),
            Role::Client => None,
        };
        let mut opcode = if self.content.is_text() {
            wire::TEXT
        } else {
            wire::BINARY
        };
        let mut payload = self.content.payload(self.size, variant);
        if self.deflate {
            opcode |= wire::RSV1;
            payload = deflate(&payload);
        }
        let mut out = Vec::new();
        for _ in 0..self.messages_at_once() {
            if let Some(key) = &mut key {
                key[variant % 4] ^= 0x31;
            }
            if self.way == Way::Pings {
                wire::push_frame(&mut out, wire::PING, true, key, b"are you there?..");
            }
            let Way::Fragments(of) = self.way else {
                wire::push_frame(&mut out, opcode, true, key, &payload);
                continue;
            };
            let count = payload.chunks(of).count();
            for (at, piece) in payload.chunks(of).enumerate() {
                let opcode = if at == 0 { opcode } else { wire::CONTINUATION };
                wire::push_frame(&mut out, opcode, at + 1 == count, key, piece);
            }
        }
        out
    }
}

/// 16, 1K, 1M.
pub fn size_name(size: usize) -> String {
    match size {
        size if size >= 1 << 20 && size.is_multiple_of(1 << 20) => format!("{}M", size >> 20),
        size if size >= 1 << 10 && size.is_multiple_of(1 << 10) => format!("{}K", size >> 10),
        size => size.to_string(),
    }
}
