//! The notation for bytes: hex with repetition, quoted text and masking.
//!
//! | notation | meaning |
//! |---|---|
//! | `81 05`, `8105` | the bytes; blanks mean nothing |
//! | `'Hello'` | the UTF-8 of the text between the quotes, without escapes |
//! | `61*256`, `'ab'*3` | one byte, or one text, repeated |
//! | `(00 01)*256` | a group repeated |
//! | `37fa213d ^('Hello')` | the group XORed with the four bytes that stand before it, over and over: a mask key and the payload that it masks |

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _};

/// Bytes that were written in the notation of this module.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bytes(pub Vec<u8>);

/// More than any case needs; a mistyped repetition shall not take all memory.
const MOST: usize = 64 << 20;

impl Bytes {
    /// Reads the notation.
    ///
    /// # Errors
    ///
    /// What is wrong with it, and where.
    pub fn parse(notation: &str) -> Result<Self, String> {
        let mut reader = Reader {
            notation,
            position: 0,
        };
        let mut bytes = Vec::new();
        reader.sequence(&mut bytes)?;
        match reader.peek() {
            None => Ok(Self(bytes)),
            Some(_) => Err(reader.wrong("a `)` without its `(`")),
        }
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let notation = String::deserialize(deserializer)?;
        Self::parse(&notation).map_err(D::Error::custom)
    }
}

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&shown(&self.0))
    }
}

/// Bytes as a failure message shows them: hex, and the text where it can be read as one.
pub(crate) fn shown(bytes: &[u8]) -> String {
    const MOST_SHOWN: usize = 64;
    let mut shown = String::new();
    for byte in bytes.iter().take(MOST_SHOWN) {
        shown.push_str(&format!("{byte:02x} "));
    }
    if bytes.len() > MOST_SHOWN {
        shown.push_str(&format!("… ({} bytes) ", bytes.len()));
    }
    match std::str::from_utf8(bytes) {
        _ if bytes.is_empty() => String::from("(nothing)"),
        Ok(text) if bytes.len() <= 4096 && !text.contains('\0') => format!("{shown}= {text:?}"),
        _ => shown.trim_end().to_owned(),
    }
}

struct Reader<'a> {
    notation: &'a str,
    position: usize,
}

impl Reader<'_> {
    /// Items up to the end or to a `)`, which is left.
    fn sequence(&mut self, bytes: &mut Vec<u8>) -> Result<(), String> {
        loop {
            self.skip_blanks();
            match self.peek() {
                None | Some(b')') => return Ok(()),
                Some(_) => self.item(bytes)?,
            }
        }
    }

    fn item(&mut self, bytes: &mut Vec<u8>) -> Result<(), String> {
        let start = bytes.len();
        match self.peek() {
            Some(b'\'') => self.quoted(bytes)?,
            Some(b'(') => self.group(bytes)?,
            Some(b'^') => {
                self.position += 1;
                self.masked(bytes)?;
            }
            _ => self.hex(bytes)?,
        }
        self.repetition(bytes, start)
    }

    fn quoted(&mut self, bytes: &mut Vec<u8>) -> Result<(), String> {
        let text = &self.notation[self.position + 1..];
        let Some(len) = text.find('\'') else {
            return Err(self.wrong("a quote that is never closed"));
        };
        bytes.extend_from_slice(&text.as_bytes()[..len]);
        self.position += len + 2;
        Ok(())
    }

    fn group(&mut self, bytes: &mut Vec<u8>) -> Result<(), String> {
        if self.peek() != Some(b'(') {
            return Err(self.wrong("`(` expected"));
        }
        self.position += 1;
        self.sequence(bytes)?;
        if self.peek() != Some(b')') {
            return Err(self.wrong("a `(` that is never closed"));
        }
        self.position += 1;
        Ok(())
    }

    fn masked(&mut self, bytes: &mut Vec<u8>) -> Result<(), String> {
        let start = bytes.len();
        let Some(key) = bytes.last_chunk::<4>().copied() else {
            return Err(self.wrong("a mask without four bytes before it"));
        };
        self.group(bytes)?;
        for (byte, key) in bytes[start..].iter_mut().zip(key.iter().cycle()) {
            *byte ^= key;
        }
        Ok(())
    }

    fn hex(&mut self, bytes: &mut Vec<u8>) -> Result<(), String> {
        let digits = self.notation[self.position..]
            .bytes()
            .take_while(u8::is_ascii_hexdigit)
            .count();
        if digits == 0 {
            return Err(self.wrong("neither hex nor a quote nor a group"));
        }
        if digits % 2 == 1 {
            return Err(self.wrong("an odd number of hex digits"));
        }
        let run = &self.notation[self.position..self.position + digits];
        for at in (0..digits).step_by(2) {
            let byte = u8::from_str_radix(&run[at..at + 2], 16);
            bytes.push(byte.map_err(|error| self.wrong(&error.to_string()))?);
        }
        self.position += digits;
        // `0001*3` could be read in two ways, so it is not a notation.
        if digits > 2 && self.peek() == Some(b'*') {
            return Err(self.wrong("a repetition of several bytes without `(` and `)`"));
        }
        Ok(())
    }

    fn repetition(&mut self, bytes: &mut Vec<u8>, start: usize) -> Result<(), String> {
        if self.peek() != Some(b'*') {
            return Ok(());
        }
        let after = &self.notation[self.position + 1..];
        let digits = after.bytes().take_while(u8::is_ascii_digit).count();
        let Ok(times) = after[..digits].parse::<usize>() else {
            return Err(self.wrong("a `*` without a number"));
        };
        self.position += 1 + digits;
        let once = bytes.split_off(start);
        match once.len().checked_mul(times) {
            Some(len) if len <= MOST => bytes.extend_from_slice(&once.repeat(times)),
            _ => return Err(self.wrong("a repetition of more than 64 MiB")),
        }
        Ok(())
    }

    fn skip_blanks(&mut self) {
        while self.peek().is_some_and(|byte| byte.is_ascii_whitespace()) {
            self.position += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.notation.as_bytes().get(self.position).copied()
    }

    fn wrong(&self, what: &str) -> String {
        format!("{what}, at {} of {:?}", self.position, self.notation)
    }
}

#[cfg(test)]
mod tests {
    use super::Bytes;

    fn bytes(notation: &str) -> Result<Vec<u8>, String> {
        Bytes::parse(notation).map(|bytes| bytes.0)
    }

    #[test]
    fn reads_what_the_table_says() {
        assert_eq!(bytes("81 05"), Ok(vec![0x81, 5]));
        assert_eq!(bytes("8105 'Hé'"), Ok(vec![0x81, 5, b'H', 0xc3, 0xa9]));
        assert_eq!(bytes("61*3 'ab'*2"), Ok(b"aaaabab".to_vec()));
        assert_eq!(bytes("(00 (01)*2)*2"), Ok(vec![0, 1, 1, 0, 1, 1]));
        assert_eq!(bytes("61*0"), Ok(vec![]));
        assert_eq!(bytes(""), Ok(vec![]));
    }

    /// The masked example of RFC 6455 section 5.7.
    #[test]
    fn masks_with_the_four_bytes_before() {
        let masked = bytes("81 85 37fa213d ^('Hello')");
        assert_eq!(masked, bytes("81 85 37fa213d 7f9f4d5158"));
        assert!(bytes("81 ^('a')").is_err());
    }

    #[test]
    fn refuses_what_is_not_the_notation() {
        for wrong in [
            "8",
            "0x81",
            "'a",
            "(00",
            "00)",
            "61*",
            "0001*2",
            "61*99999999999",
            "zz",
        ] {
            assert!(bytes(wrong).is_err(), "{wrong}");
        }
    }
}
