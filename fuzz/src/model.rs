//! RFC 6455 section 5 once more, as plainly as can be: it looks at a whole stream at once, copies
//! everything, and has no state. What it makes of a stream is what a connection has to make of it.

use miniws_proto::{CloseCode, CloseFrame, MessageKind, ReceiveErrorKind as Kind};

use crate::heard::{self, Heard};

/// How the receiver is set up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Receiver {
    pub(crate) is_server: bool,
    pub(crate) chunks: bool,
    pub(crate) max_message: usize,
    pub(crate) max_frame: usize,
    pub(crate) max_fragments: usize,
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
    let mut message = None;
    loop {
        match frame(
            receiver,
            &stream[story.offset..],
            &mut message,
            &mut story.heard,
        ) {
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

/// The message that has begun.
struct Message {
    kind: MessageKind,
    data: Vec<u8>,
    fragments: usize,
}

/// Reads one frame and returns its size; `None` when it is not complete.
fn frame(
    receiver: Receiver,
    stream: &[u8],
    message: &mut Option<Message>,
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
    if first & 0x70 != 0 {
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

    if !is_control {
        match (opcode, &message) {
            (0, None) => return Err(Kind::UnexpectedContinuation),
            (1 | 2, Some(_)) => return Err(Kind::ExpectedContinuation),
            _ => {}
        }
        let before = message.as_ref().map_or(0, |message| message.data.len());
        let fragments = message.as_ref().map_or(0, |message| message.fragments);
        if len > receiver.max_frame as u64 {
            return Err(Kind::FrameTooLarge);
        }
        if before as u64 + len > receiver.max_message as u64 {
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
        data: Vec::new(),
        fragments: 0,
    });
    whole.fragments += 1;
    let start = whole.data.len();
    whole.data.extend_from_slice(&payload);
    if whole.kind == MessageKind::Text && !is_text(&whole.data, !ends) {
        while !is_text(&whole.data, true) {
            whole.data.pop();
        }
        // What comes before the first byte that is wrong.
        let good = &whole.data[start..];
        if receiver.chunks && !good.is_empty() {
            heard::push(heard, Heard::data(whole.kind, good, false));
        }
        return Err(Kind::InvalidUtf8);
    }
    if receiver.chunks && (ends || !payload.is_empty()) {
        heard::push(heard, Heard::data(whole.kind, &payload, ends));
    } else if !receiver.chunks && ends {
        heard.push(Heard::data(whole.kind, &whole.data, true));
    }
    if ends {
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
