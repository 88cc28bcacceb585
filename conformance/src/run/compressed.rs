//! Takes compressed messages out of the output, and inflates them.

use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::inflate_flags::TINFL_FLAG_HAS_MORE_INPUT;
use miniz_oxide::inflate::core::{DecompressorOxide, decompress};

use crate::bytes::shown;
use crate::compressed::ExpectedCompressed;
use crate::event::Kind;

/// A message whose first frame, and no other, is marked as compressed.
pub(super) struct CompressedMessage {
    kind: Kind,
    frames: usize,
    pub(super) payload: Vec<u8>,
}

impl CompressedMessage {
    /// Takes a message from the front of `bytes`, once all of it is there.
    pub(super) fn take(bytes: &mut Vec<u8>) -> Result<Option<Self>, String> {
        let mut rest = &bytes[..];
        let Some((first, mut payload, mut is_last)) = frame(&mut rest) else {
            return Ok(None);
        };
        let kind = match first {
            0x41 => Kind::Text,
            0x42 => Kind::Binary,
            _ => return Err(format!("no compressed message: {}", shown(bytes))),
        };
        let mut frames = 1;
        while !is_last {
            let Some((first, more, last)) = frame(&mut rest) else {
                return Ok(None);
            };
            if first != 0 {
                return Err(format!("no continuation: {first:02x}"));
            }
            payload.extend(more);
            is_last = last;
            frames += 1;
        }
        bytes.drain(..bytes.len() - rest.len());
        Ok(Some(Self {
            kind,
            frames,
            payload,
        }))
    }
}

/// The first byte of a frame without FIN, its payload, and FIN.
fn frame(bytes: &mut &[u8]) -> Option<(u8, Vec<u8>, bool)> {
    let (&[first, second], rest) = bytes.split_first_chunk()?;
    let (len, rest) = match second & 0x7f {
        126 => rest
            .split_first_chunk()
            .map(|(len, rest)| (u16::from_be_bytes(*len).into(), rest))?,
        127 => rest
            .split_first_chunk()
            .map(|(len, rest)| (u64::from_be_bytes(*len), rest))?,
        len => (len.into(), rest),
    };
    let (key, rest) = match second & 0x80 {
        0 => ([0; 4], rest),
        _ => rest.split_first_chunk().map(|(key, rest)| (*key, rest))?,
    };
    let (payload, rest) = rest.split_at_checked(usize::try_from(len).ok()?)?;
    *bytes = rest;
    let payload = payload.iter().zip(key.iter().cycle());
    let payload = payload.map(|(byte, key)| byte ^ key).collect();
    Some((first & 0x7f, payload, first & 0x80 != 0))
}

impl ExpectedCompressed {
    pub(super) fn check(&self, got: &CompressedMessage, data: &[u8]) -> Result<(), String> {
        if data != self.data {
            Err(format!("it inflates to {}", shown(data)))
        } else if got.kind != self.kind {
            Err(format!("it is {:?}", got.kind))
        } else if got.frames != self.frames {
            Err(format!("there are {} frames", got.frames))
        } else if got.payload.len() > self.at_most {
            Err(format!("it has {} bytes", got.payload.len()))
        } else {
            Ok(())
        }
    }
}

/// Inflates what a subject sends. The window is exactly as large as was agreed on, so whatever
/// refers to something farther back comes out wrong.
pub(super) struct Inflater {
    state: Box<DecompressorOxide>,
    window: Vec<u8>,
    position: usize,
}

impl Inflater {
    pub(super) fn new(window_bits: u8) -> Self {
        Self {
            state: Box::default(),
            window: vec![0; 1 << window_bits],
            position: 0,
        }
    }

    pub(super) fn inflate(&mut self, payload: &[u8]) -> Result<Vec<u8>, String> {
        // The rest of the empty block that a message leaves out, and another one, which can only be
        // read where a block may begin.
        const TAIL: [u8; 9] = [0x00, 0x00, 0xff, 0xff, 0x00, 0x00, 0x00, 0xff, 0xff];
        let input = [payload, &TAIL].concat();
        let mut input = &input[..];
        let mut data = Vec::new();
        loop {
            let (status, used, len) = decompress(
                &mut self.state,
                input,
                &mut self.window,
                self.position,
                TINFL_FLAG_HAS_MORE_INPUT,
            );
            input = &input[used..];
            data.extend_from_slice(&self.window[self.position..self.position + len]);
            self.position = (self.position + len) % self.window.len();
            match status {
                TINFLStatus::HasMoreOutput => {}
                TINFLStatus::NeedsMoreInput if input.is_empty() => return Ok(data),
                status => return Err(format!("it cannot be inflated: {status:?}")),
            }
        }
    }
}
