//! RFC 7692 section 7.2.2 as plainly as the rest of the model: all of a message's payload at once,
//! from the beginning each time. How a bit is decoded is left to the same library; when it gets
//! which bytes, what it may look back at and what is too much is said here once more.

use miniws_proto::ReceiveErrorKind as Kind;
use zlib_rs::{Inflate, InflateFlush, Status};

/// What was negotiated and set for receiving compressed messages.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Compressed {
    /// How far a message may look back at those before it: 2 to the power of this; `None` without
    /// context takeover.
    pub(crate) window_bits: Option<u8>,
    /// Judged each time that more is to come out than another block, and all that can be read
    /// without has been.
    pub(crate) max_ratio: Option<u32>,
}

/// How much comes out before the ratio is judged.
pub(crate) const BLOCK: usize = 16 << 10;

/// The rest of the empty block that the sender leaves out, and an empty block that is the last.
const TAIL: [u8; 9] = [0, 0, 0xff, 0xff, 1, 0, 0, 0xff, 0xff];

/// What comes out of a message's payload, up to one byte more than the limit, and what is wrong with
/// it. `before` is all that came out of the messages before it.
pub(crate) fn inflate(
    compressed: Compressed,
    before: &[u8],
    payload: &[u8],
    is_whole: bool,
    limit: usize,
) -> (Vec<u8>, Result<(), Kind>) {
    let mut out = Vec::new();
    let result = streams(compressed, before, payload, is_whole, limit, &mut out);
    (out, result)
}

/// A message is one stream, or several where there are final blocks in it (RFC 7692
/// section 7.2.3.4).
fn streams(
    compressed: Compressed,
    before: &[u8],
    payload: &[u8],
    is_whole: bool,
    limit: usize,
    out: &mut Vec<u8>,
) -> Result<(), Kind> {
    let input = match is_whole {
        true => [payload, &TAIL].concat(),
        false => payload.to_vec(),
    };
    let mut used = 0;
    let mut judged = 0;
    while used < payload.len() {
        let mut stream = Inflate::new(false, 15);
        if let Some(bits) = compressed.window_bits {
            let all = [before, out].concat();
            let seen = &all[all.len().saturating_sub(1 << bits)..];
            if !seen.is_empty() {
                stream.set_dictionary(seen).expect("a raw stream takes it");
            }
        }
        let start = used;
        loop {
            let len = out.len();
            let is_judged =
                compressed.max_ratio.is_some() && judged < len && len.is_multiple_of(BLOCK);
            let room = match is_judged {
                true => 0,
                false => (BLOCK - len % BLOCK).min(limit.saturating_add(1) - len),
            };
            out.resize(len + room, 0);
            let before = stream.total_out();
            let status = stream.decompress(&input[used..], &mut out[len..], InflateFlush::NoFlush);
            let count = (stream.total_out() - before) as usize;
            out.truncate(len + count);
            used = start + stream.total_in() as usize;
            if out.len() > limit {
                return Err(Kind::MessageTooLarge);
            }
            let status = status.map_err(|_| Kind::InvalidDeflate)?;
            match status {
                Status::StreamEnd if used <= payload.len() => break,
                Status::StreamEnd if used == input.len() => return Ok(()),
                Status::StreamEnd => return Err(Kind::InvalidDeflate),
                _ if is_judged && used < input.len() => {
                    let payload_used = used.min(payload.len()) as u64;
                    let max_ratio = compressed.max_ratio.map_or(u64::MAX, u64::from);
                    if len as u64 > payload_used.saturating_mul(max_ratio) {
                        return Err(Kind::RatioTooHigh);
                    }
                    judged = len;
                }
                _ if !is_judged && count == room => {}
                _ if is_whole => return Err(Kind::InvalidDeflate),
                _ => return Ok(()),
            }
        }
    }
    Ok(())
}
