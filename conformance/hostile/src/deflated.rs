//! The payload of compressed messages (RFC 7692 section 7.2), each for itself.

use miniz_oxide::deflate::core::{
    CompressorOxide, TDEFLFlush, compress_to_output, create_comp_flags_from_zip_params,
};

use crate::Result;

/// What the end of a message is without (section 7.2.1).
const TAIL: [u8; 4] = [0, 0, 0xff, 0xff];

/// An empty block that is the last one.
const LAST_BLOCK: [u8; 5] = [1, 0, 0, 0xff, 0xff];

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

pub(crate) fn inflate(payload: &[u8]) -> Result<Vec<u8>> {
    let stream = [payload, &TAIL, &LAST_BLOCK].concat();
    miniz_oxide::inflate::decompress_to_vec(&stream).map_err(|error| error.to_string().into())
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

    use super::{bomb, compress, inflate};

    #[test]
    fn there_and_back() {
        for message in ["", "x", &"Hello, hello! ".repeat(10_000)] {
            assert_eq!(
                inflate(&compress(message.as_bytes())).unwrap(),
                message.as_bytes()
            );
        }
        assert_eq!(inflate(&bomb(3)).unwrap(), vec![0; 3 << 20]);
    }
}
