//! permessage-deflate by hand (RFC 7692 section 7.2): what the peer of a contestant does.

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress};

/// What all agree on: each message is compressed on its own.
pub const PARAMETERS: &str =
    "permessage-deflate; server_no_context_takeover; client_no_context_takeover";
/// What a flush ends with, and what is left out on the wire.
const TAIL: &[u8] = &[0, 0, 0xff, 0xff];

/// A message's payload, compressed on its own.
pub fn deflate(payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(payload.len() + 64);
    let mut state = Compress::new(Compression::new(6), false);
    match state.compress_vec(payload, &mut out, FlushCompress::Sync) {
        Ok(_) if out.ends_with(TAIL) => out.truncate(out.len() - TAIL.len()),
        other => panic!("the payload is compressed at once: {other:?}"),
    }
    out
}

/// The payload again, `None` if it is not what it should be or larger than `limit`.
pub fn inflate(compressed: &[u8], limit: usize) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(limit + 1);
    let input = [compressed, TAIL].concat();
    Decompress::new(false)
        .decompress_vec(&input, &mut out, FlushDecompress::Sync)
        .ok()?;
    (out.len() <= limit).then_some(out)
}
