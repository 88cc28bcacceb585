//! Text that is known to be UTF-8, and the check that makes it so while bytes arrive.

use alloc::string::String;
use core::fmt;
use core::ops::Deref;

use bytes::Bytes;

/// Bytes that are known to be UTF-8: a cheaply cloned, immutable string.
///
/// ```
/// use miniws_proto::Utf8Bytes;
///
/// let text = Utf8Bytes::from("grüße");
/// assert_eq!(text.to_uppercase(), "GRÜSSE");
/// assert!(Utf8Bytes::try_from(bytes::Bytes::from_static(b"\xff")).is_err());
/// ```
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Utf8Bytes(Bytes);

impl Utf8Bytes {
    /// A text that lives as long as the program, without allocating.
    #[must_use]
    pub const fn from_static(text: &'static str) -> Self {
        Self(Bytes::from_static(text.as_bytes()))
    }

    /// Takes bytes that an [`Utf8Validator`] has passed as a whole.
    pub(crate) fn from_validated(bytes: Bytes) -> Self {
        debug_assert!(core::str::from_utf8(&bytes).is_ok());
        Self(bytes)
    }

    /// The text.
    #[must_use]
    #[allow(unsafe_code)]
    pub fn as_str(&self) -> &str {
        // SAFETY: the field is private to this module; each of its constructors takes a `str`,
        // checks the bytes, or is `from_validated`, whose crate-internal callers have had every
        // byte pass the validator below, and `Bytes` never changes. The alternative is a second
        // check of the whole text each time that it is looked at.
        unsafe { core::str::from_utf8_unchecked(&self.0) }
    }

    /// The bytes of the text, without copying them.
    #[must_use]
    pub fn into_bytes(self) -> Bytes {
        self.0
    }
}

impl Deref for Utf8Bytes {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl AsRef<str> for Utf8Bytes {
    fn as_ref(&self) -> &str {
        self
    }
}

impl fmt::Debug for Utf8Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl fmt::Display for Utf8Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.as_str(), f)
    }
}

impl From<&str> for Utf8Bytes {
    fn from(text: &str) -> Self {
        Self(Bytes::copy_from_slice(text.as_bytes()))
    }
}

impl From<String> for Utf8Bytes {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl TryFrom<Bytes> for Utf8Bytes {
    type Error = core::str::Utf8Error;

    fn try_from(bytes: Bytes) -> Result<Self, Self::Error> {
        match simdutf8::basic::from_utf8(&bytes) {
            Ok(_) => Ok(Self(bytes)),
            // The slow check says where.
            Err(_) => core::str::from_utf8(&bytes).map(|_| Self(bytes.clone())),
        }
    }
}

impl PartialEq<str> for Utf8Bytes {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for Utf8Bytes {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

/// Checks text piece by piece and fails at the first byte that no continuation can make good
/// (RFC 6455 section 8.1).
#[derive(Clone, Debug, Default)]
pub(crate) struct Utf8Validator {
    /// The beginning of a character that the last piece ended in.
    partial: [u8; 4],
    partial_len: u8,
}

/// The text is not UTF-8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct InvalidUtf8 {
    /// How many bytes of the piece come before the first that no continuation can make good.
    pub(crate) good: usize,
}

impl Utf8Validator {
    /// Checks the next piece.
    pub(crate) fn push(&mut self, piece: &[u8]) -> Result<(), InvalidUtf8> {
        let mut at = 0;
        while self.partial_len > 0 {
            let Some(&byte) = piece.get(at) else {
                return Ok(());
            };
            if !self.push_to_partial(byte) {
                return Err(InvalidUtf8 { good: at });
            }
            at += 1;
        }
        let Some(tail) = check(&piece[at..]) else {
            let good = at + good(&piece[at..]);
            return Err(InvalidUtf8 { good });
        };
        for (kept, byte) in self.partial.iter_mut().zip(tail) {
            *kept = *byte;
        }
        self.partial_len = tail.len() as u8;
        Ok(())
    }

    /// Whether the text may end here: not within a character.
    pub(crate) fn finish(&mut self) -> Result<(), InvalidUtf8> {
        match core::mem::take(&mut self.partial_len) {
            0 => Ok(()),
            _ => Err(InvalidUtf8 { good: 0 }),
        }
    }

    /// Whether the character that has begun can go on, or end, with `byte`; or one begin, if none has.
    fn push_to_partial(&mut self, byte: u8) -> bool {
        let len = self.partial_len;
        let is_good = match len {
            0 => width(byte) > 0,
            1 => can_be_second(self.partial[0], byte),
            _ => matches!(byte, 0x80..=0xbf),
        };
        if is_good {
            self.partial[usize::from(len)] = byte;
            let is_whole = len + 1 == width(self.partial[0]);
            self.partial_len = if is_whole { 0 } else { len + 1 };
        }
        is_good
    }
}

/// How many bytes the character has that begins with this one (RFC 3629 section 4); 0 if none does.
const fn width(first: u8) -> u8 {
    match first {
        0..=0x7f => 1,
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => 0,
    }
}

/// Whether the character that begins with `first` can go on with `second`, in the shortest form, up to
/// U+10FFFF, and not as a surrogate (RFC 3629 section 4).
const fn can_be_second(first: u8, second: u8) -> bool {
    match first {
        0xe0 => matches!(second, 0xa0..=0xbf),
        0xed => matches!(second, 0x80..=0x9f),
        0xf0 => matches!(second, 0x90..=0xbf),
        0xf4 => matches!(second, 0x80..=0x8f),
        _ => matches!(second, 0x80..=0xbf),
    }
}

/// Whether `bytes` are UTF-8 as a whole.
#[inline]
pub(crate) fn is_utf8(bytes: &[u8]) -> bool {
    // From 64 bytes on there are vector instructions for what follows; most short texts are ASCII.
    (bytes.len() < 64 && bytes.is_ascii()) || simdutf8::basic::from_utf8(bytes).is_ok()
}

/// Checks `bytes` and returns the beginning of a character that they end in, at most three bytes.
fn check(bytes: &[u8]) -> Option<&[u8]> {
    let (whole, tail) = bytes.split_at(unfinished(bytes));
    let is_hopeless = matches!(*tail, [first, second, ..] if !can_be_second(first, second));
    (!is_hopeless && is_utf8(whole)).then_some(tail)
}

/// How many of `bytes` come before the first that no continuation can make good.
#[cold]
fn good(bytes: &[u8]) -> usize {
    let whole = core::str::from_utf8(bytes).map_or_else(|error| error.valid_up_to(), str::len);
    let mut character = Utf8Validator::default();
    let begun = bytes[whole..].iter();
    whole
        + begun
            .take_while(|byte| character.push_to_partial(**byte))
            .count()
}

/// Where the character begins that crosses the end of `bytes`, or else the end.
fn unfinished(bytes: &[u8]) -> usize {
    let end = bytes.len();
    for len in 1..=end.min(3) {
        let at = end - len;
        return match bytes[at] {
            0x80..0xc0 => continue,
            first if usize::from(width(first)) > len => at,
            _ => end,
        };
    }
    end
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    /// How many bytes are in order, and whether that is all there is to it.
    fn verdict(pieces: &[&[u8]]) -> (usize, bool) {
        let mut validator = Utf8Validator::default();
        let mut good = 0;
        for piece in pieces {
            if let Err(error) = validator.push(piece) {
                return (good + error.good, false);
            }
            good += piece.len();
        }
        (good, validator.finish().is_ok())
    }

    /// Every sequence of up to four bytes out of all the classes that UTF-8 tells apart, cut
    /// everywhere, against the standard library.
    #[test]
    fn agrees_with_the_standard_library_however_cut() {
        const CLASSES: [u8; 20] = [
            0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc2, 0xdf, 0xe0, 0xe1, 0xed,
            0xef, 0xf0, 0xf1, 0xf4, 0xf5, 0xff,
        ];
        for number in 0..CLASSES.len().pow(4) {
            let bytes: Vec<u8> = (0..4)
                .map(|place| CLASSES[number / CLASSES.len().pow(place) % CLASSES.len()])
                .collect();
            let is_whole = core::str::from_utf8(&bytes).is_ok();
            let can_go_on = |bytes: &[u8]| {
                core::str::from_utf8(bytes)
                    .map_or_else(|error| error.error_len().is_none(), |_| true)
            };
            let good = (0..=4).rev().find(|len| can_go_on(&bytes[..*len]));
            let expected = (good.unwrap_or_default(), is_whole);
            for cut in 0..=4 {
                let (head, tail) = bytes.split_at(cut);
                assert_eq!(verdict(&[head, tail]), expected, "{bytes:x?} at {cut}");
            }
        }
    }

    #[test]
    fn fails_at_the_first_hopeless_byte() {
        for (good, bad) in [
            (&b"\xf4"[..], 0x90),
            (b"\xed", 0xa0),
            (b"\xe0", 0x9f),
            (b"\xf0\x90", 0x41),
            (b"abc", 0xc0),
            (b"abc", 0xf5),
            (b"", 0x80),
        ] {
            let mut validator = Utf8Validator::default();
            assert_eq!(validator.push(good), Ok(()));
            assert_eq!(
                validator.push(&[bad]),
                Err(InvalidUtf8 { good: 0 }),
                "{good:x?} {bad:x}"
            );
            let whole = [good, &[bad], b"abc"].concat();
            let good = good.len();
            assert_eq!(
                Utf8Validator::default().push(&whole),
                Err(InvalidUtf8 { good }),
                "{whole:x?}"
            );
        }
    }
}
