//! RFC 6455 section 5, and RFC 7692 section 6, once more, as plainly as can be: it looks at a whole stream at once, copies
//! everything, and keeps little. What it makes of a stream is what a connection has to make of it.
//! The tests here and the fuzz targets hold the one against the other.

pub(crate) mod heard;
pub(crate) mod inflate;

use miniws_proto::{CloseCode, CloseFrame, MessageKind, ReceiveErrorKind as Kind};

use self::heard::Heard;
use self::inflate::Compressed;

/// How the receiver is set up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Receiver {
    pub(crate) is_server: bool,
    pub(crate) chunks: bool,
    pub(crate) max_message: usize,
    pub(crate) max_frame: usize,
    pub(crate) max_fragments: usize,
    /// `None` where compression has not been negotiated.
    pub(crate) compressed: Option<Compressed>,
}

/// How a stream ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// In the open, perhaps within a frame.
    Starved,
    /// With a close frame.
    Closed,
    /// With this error.
    Failed(Kind),
}

/// What a stream says, how it ends, and how many bytes of whole frames come before that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Story {
    pub(crate) heard: Vec<Heard>,
    pub(crate) end: End,
    pub(crate) offset: usize,
}

/// Reads a stream from its beginning.
pub(crate) fn receive(receiver: Receiver, stream: &[u8]) -> Story {
    let mut story = Story {
        heard: Vec::new(),
        end: End::Starved,
        offset: 0,
    };
    let mut so_far = SoFar::default();
    loop {
        let rest = &stream[story.offset..];
        match frame(receiver, rest, &mut so_far, &mut story.heard) {
            Ok(Some(size)) => story.offset += size,
            Ok(None) => return story,
            Err(kind) => {
                story.end = End::Failed(kind);
                return story;
            }
        }
        if let Some(Heard::Close(_)) = story.heard.last() {
            story.end = End::Closed;
            return story;
        }
    }
}

#[derive(Default)]
struct SoFar {
    /// The message that has begun.
    message: Option<Message>,
    /// What the compressed messages before it have inflated to.
    inflated: Vec<u8>,
}

struct Message {
    kind: MessageKind,
    is_compressed: bool,
    /// As it has come, unmasked.
    payload: Vec<u8>,
    /// What that means: the same, unless it is compressed.
    data: Vec<u8>,
    fragments: usize,
}

impl Message {
    /// More payload has come, and with `ends` that was all.
    fn push(
        &mut self,
        receiver: Receiver,
        inflated: &[u8],
        payload: &[u8],
        ends: bool,
    ) -> Result<(), Kind> {
        self.payload.extend_from_slice(payload);
        let result = match receiver.compressed {
            Some(compressed) if self.is_compressed => {
                let (payload, limit) = (&self.payload, receiver.max_message);
                let (data, result) = inflate::inflate(compressed, inflated, payload, ends, limit);
                self.data = data;
                result
            }
            _ => {
                self.data.clone_from(&self.payload);
                Ok(())
            }
        };
        // Up to the limit, what is wrong first is told, and what comes before that is handed on.
        self.data.truncate(receiver.max_message);
        let may_go_on = !ends || result.is_err();
        if self.kind == MessageKind::Text && !is_text(&self.data, may_go_on) {
            while !is_text(&self.data, true) {
                self.data.pop();
            }
            return Err(Kind::InvalidUtf8);
        }
        result
    }
}

/// Reads one frame and returns its size; `None` when it is not complete.
fn frame(
    receiver: Receiver,
    stream: &[u8],
    so_far: &mut SoFar,
    heard: &mut Vec<Heard>,
) -> Result<Option<usize>, Kind> {
    let &[first, second, ..] = stream else {
        return Ok(None);
    };
    let (opcode, is_last, is_masked) = (first & 0x0f, first & 0x80 != 0, second & 0x80 != 0);
    let is_control = opcode >= 8;
    if !matches!(opcode, 0..=2 | 8..=10) {
        return Err(Kind::ReservedOpcode(opcode));
    }
    let is_compressed = first & 0x40 != 0;
    let may_be_compressed = receiver.compressed.is_some() && matches!(opcode, 1 | 2);
    if first & 0x30 != 0 || is_compressed && !may_be_compressed {
        return Err(Kind::ReservedBits);
    }
    if receiver.is_server && !is_masked {
        return Err(Kind::UnmaskedFrame);
    }
    if !receiver.is_server && is_masked {
        return Err(Kind::MaskedFrame);
    }
    if is_control && !is_last {
        return Err(Kind::FragmentedControl);
    }
    if is_control && second & 0x7f > 125 {
        return Err(Kind::OversizedControl);
    }

    let (len_size, shortest) = match second & 0x7f {
        126 => (2, 126),
        127 => (8, 0x1_0000),
        _ => (0, 0),
    };
    let Some(len_bytes) = stream.get(2..2 + len_size) else {
        return Ok(None);
    };
    let len = match len_size {
        0 => u64::from(second & 0x7f),
        _ => len_bytes
            .iter()
            .fold(0, |len, byte| len << 8 | u64::from(*byte)),
    };
    if len < shortest {
        return Err(Kind::NonMinimalLength);
    }
    if len >= 1 << 63 {
        return Err(Kind::LengthOverflow);
    }
    let key_size = if is_masked { 4 } else { 0 };
    let header_size = 2 + len_size + key_size;
    let (Some(key), Some(payload)) = (
        stream.get(2 + len_size..header_size),
        stream.get(header_size..),
    ) else {
        return Ok(None);
    };

    let SoFar { message, inflated } = so_far;
    if !is_control {
        match (opcode, &message) {
            (0, None) => return Err(Kind::UnexpectedContinuation),
            (1 | 2, Some(_)) => return Err(Kind::ExpectedContinuation),
            _ => {}
        }
        let before = message.as_ref().map_or(0, |message| message.payload.len());
        let fragments = message.as_ref().map_or(0, |message| message.fragments);
        let is_compressed = message
            .as_ref()
            .map_or(is_compressed, |message| message.is_compressed);
        if len > receiver.max_frame as u64 {
            return Err(Kind::FrameTooLarge);
        }
        if !is_compressed && before as u64 + len > receiver.max_message as u64 {
            return Err(Kind::MessageTooLarge);
        }
        if fragments + 1 > receiver.max_fragments {
            return Err(Kind::TooManyFragments);
        }
    }

    let is_complete = payload.len() as u64 >= len;
    let payload = &payload[..payload.len().min(len as usize)];
    let keys = key.iter().chain(&[0; 4]).take(4).cycle();
    let payload: Vec<u8> = payload
        .iter()
        .zip(keys)
        .map(|(byte, key)| byte ^ key)
        .collect();
    if is_control {
        if !is_complete {
            return Ok(None);
        }
        heard.push(match opcode {
            8 => Heard::Close(close(&payload)?),
            9 => Heard::Ping(payload),
            _ => Heard::Pong(payload),
        });
        return Ok(Some(header_size + len as usize));
    }

    let ends = is_complete && is_last;
    let kind = match opcode {
        1 => MessageKind::Text,
        _ => MessageKind::Binary,
    };
    let whole = message.get_or_insert(Message {
        kind,
        is_compressed,
        payload: Vec::new(),
        data: Vec::new(),
        fragments: 0,
    });
    whole.fragments += 1;
    let told = whole.data.len();
    let result = whole.push(receiver, inflated, &payload, ends);
    let ends = ends && result.is_ok();
    let news = &whole.data[told..];
    if receiver.chunks && (ends || !news.is_empty()) {
        heard::push(heard, Heard::data(whole.kind, news, ends));
    } else if !receiver.chunks && ends {
        heard.push(Heard::data(whole.kind, &whole.data, true));
    }
    result?;
    if ends {
        if whole.is_compressed {
            inflated.extend_from_slice(&whole.data);
        }
        *message = None;
    }
    Ok(is_complete.then_some(header_size + len as usize))
}

/// Whether it is UTF-8, or the beginning of some.
pub(crate) fn is_text(bytes: &[u8], may_go_on: bool) -> bool {
    match std::str::from_utf8(bytes) {
        Ok(_) => true,
        Err(error) => may_go_on && error.error_len().is_none(),
    }
}

fn close(payload: &[u8]) -> Result<Option<CloseFrame>, Kind> {
    let &[high, low, ref reason @ ..] = payload else {
        return match payload {
            [] => Ok(None),
            _ => Err(Kind::TruncatedClose),
        };
    };
    let code = u16::from_be_bytes([high, low]);
    let reason = std::str::from_utf8(reason).map_err(|_| Kind::InvalidUtf8)?;
    if !matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999) {
        return Err(Kind::InvalidCloseCode(CloseCode::from(code)));
    }
    Ok(CloseFrame::new(CloseCode::from(code), reason).ok())
}
