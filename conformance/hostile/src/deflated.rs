//! The payload of compressed messages (RFC 7692 section 7.2), each for itself.

use miniz_oxide::deflate::core::{
    CompressorOxide, TDEFLFlush, compress_to_output, create_comp_flags_from_zip_params,
};

use miniz_oxide::inflate::stream::{InflateState, inflate};
use miniz_oxide::{DataFormat, MZFlush};

use crate::Result;

/// What the end of a message is without (section 7.2.1).
const TAIL: [u8; 4] = [0, 0, 0xff, 0xff];

pub(crate) fn compress(message: &[u8]) -> Vec<u8> {
    const WITHOUT_ZLIB_HEADER: i32 = -15;
    let flags = create_comp_flags_from_zip_params(6, WITHOUT_ZLIB_HEADER, 0);
    let mut payload = Vec::new();
    compress_to_output(
        &mut CompressorOxide::new(flags),
        message,
        TDEFLFlush::Sync,
        |bytes| {
            payload.extend_from_slice(bytes);
            true
        },
    );
    payload.truncate(payload.len() - TAIL.len());
    payload
}

/// Inflates the messages of a connection, one after the other.
pub(crate) struct Inflater(Box<InflateState>);

impl Inflater {
    pub(crate) fn new() -> Self {
        Self(InflateState::new_boxed(DataFormat::Raw))
    }

    /// A message that should have so many bytes; one that has more is an error.
    pub(crate) fn message(&mut self, payload: &[u8], len: usize) -> Result<Vec<u8>> {
        let input = [payload, &TAIL].concat();
        let mut message = vec![0; len + 1];
        let inflated = inflate(&mut self.0, &input, &mut message, MZFlush::None);
        let whole = inflated.status.is_ok() && inflated.bytes_consumed == input.len();
        if !whole || inflated.bytes_written > len {
            return Err(format!("{len} bytes inflate to {inflated:?}").into());
        }
        message.truncate(inflated.bytes_written);
        Ok(message)
    }
}

/// A payload that inflates to so many MiB of zeros, and takes a thousandth of that.
pub(crate) fn bomb(mebibytes: usize) -> Vec<u8> {
    let one = [&*compress(&[0; 1 << 20]), &TAIL].concat();
    let mut payload = one.repeat(mebibytes);
    payload.truncate(payload.len() - TAIL.len());
    payload
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::{Inflater, bomb, compress};

    #[test]
    fn there_and_back() {
        let mut inflater = Inflater::new();
        for message in ["", "x", &"Hello, hello! ".repeat(10_000)] {
            let inflated = inflater.message(&compress(message.as_bytes()), message.len());
            assert_eq!(inflated.unwrap(), message.as_bytes());
        }
        let zeros = inflater.message(&bomb(3), 3 << 20);
        assert_eq!(zeros.unwrap(), vec![0; 3 << 20]);
        assert!(inflater.message(&compress(b"xyz"), 2).is_err());
    }
}
