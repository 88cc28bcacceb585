//! The bytes that have to come.

use std::io;

/// Bytes that come over and over.
pub struct Expected {
    bytes: Vec<u8>,
}

impl Expected {
    pub const fn new(bytes: Vec<u8>) -> Self {
        Self { bytes }
    }

    /// Compares what has come, and moves on.
    ///
    /// # Errors
    ///
    /// At a wrong byte.
    pub fn check(&self, at: &mut usize, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let expected = &self.bytes[*at..];
            let length = expected.len().min(bytes.len());
            if bytes[..length] != expected[..length] {
                return Err(io::Error::other("the server sent a wrong byte"));
            }
            bytes = &bytes[length..];
            *at = (*at + length) % self.bytes.len();
        }
        Ok(())
    }
}
