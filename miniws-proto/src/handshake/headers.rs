//! Header fields.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Range;
use core::{fmt, mem, str};

use super::HandshakeError;
use crate::negotiate::is_token;

/// By their values somebody proves who he is.
const SECRETS: [&str; 4] = [
    "Authorization",
    "Cookie",
    "Proxy-Authorization",
    "Set-Cookie",
];

/// Header fields in their order. Names keep their case and are found in any; repeats are allowed.
///
/// ```
/// use miniws_proto::Headers;
///
/// let mut headers = Headers::new();
/// headers.push("Cookie", "a=1")?;
/// headers.push("cookie", "b=2")?;
/// assert_eq!(headers.get("COOKIE"), Some("a=1"));
/// assert!(headers.get_all("cookie").eq(["a=1", "b=2"]));
/// assert!(headers.push("X-Name", "a\r\nX-Injected: b").is_err());
/// # Ok::<(), miniws_proto::HandshakeError>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Headers {
    /// All names, one behind the other. A handshake has a dozen fields, and memory for each name and
    /// value would be most of what it costs.
    names: String,
    /// All values, likewise.
    values: Vec<u8>,
    ends: Vec<End>,
}

/// Where the name and the value of a field end.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct End {
    name: usize,
    value: usize,
}

impl Headers {
    /// No fields.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            names: String::new(),
            values: Vec::new(),
            ends: Vec::new(),
        }
    }

    /// No fields, and room for so many, and so many bytes of names and of values.
    pub(super) fn with_capacity(fields: usize, names: usize, values: usize) -> Self {
        Self {
            names: String::with_capacity(names),
            values: Vec::with_capacity(values),
            ends: Vec::with_capacity(fields),
        }
    }

    /// Appends a field. White space around the value is not part of it.
    ///
    /// # Errors
    ///
    /// [`HandshakeError::InvalidHeaderName`] for a name that is not a token (RFC 9110
    /// section 5.1), and [`HandshakeError::InvalidHeaderValue`] for a value with a control
    /// character other than a tab, such as the end of a line (RFC 9110 section 5.5).
    pub fn push(&mut self, name: &str, value: impl AsRef<[u8]>) -> Result<(), HandshakeError> {
        let value = value.as_ref();
        if !is_token(name) {
            return Err(HandshakeError::InvalidHeaderName(name.into()));
        }
        if value
            .iter()
            .any(|&byte| byte.is_ascii_control() && byte != b'\t')
        {
            return Err(HandshakeError::InvalidHeaderValue(name.into()));
        }
        self.put(name, value.trim_ascii());
        Ok(())
    }

    /// Appends a field that has been checked.
    fn put(&mut self, name: &str, value: &[u8]) {
        self.names.push_str(name);
        self.values.extend_from_slice(value);
        self.ends.push(End {
            name: self.names.len(),
            value: self.values.len(),
        });
    }

    /// The value of the first field with this name; `None` also when it is not UTF-8.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.values(name)
            .next()
            .and_then(|value| str::from_utf8(value).ok())
    }

    /// The values of all fields with this name, less those that are not UTF-8.
    pub fn get_all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.values(name)
            .filter_map(|value| str::from_utf8(value).ok())
    }

    /// All fields in their order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.places()
            .map(|(name, value)| (&self.names[name], &self.values[value]))
    }

    /// How many fields there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The values of all fields with this name.
    pub(super) fn values(&self, name: &str) -> impl Iterator<Item = &[u8]> {
        let is_named = move |place: &Range<usize>| {
            place.len() == name.len() && self.names[place.clone()].eq_ignore_ascii_case(name)
        };
        self.places()
            .filter(move |(name, _)| is_named(name))
            .map(|(_, value)| &self.values[value])
    }

    /// Where the names and values of all fields are.
    fn places(&self) -> impl Iterator<Item = (Range<usize>, Range<usize>)> {
        let mut start = End::default();
        self.ends.iter().map(move |&end| {
            let End { name, value } = mem::replace(&mut start, end);
            (name..end.name, value..end.value)
        })
    }

    pub(super) fn contains(&self, name: &str) -> bool {
        self.values(name).next().is_some()
    }

    /// The value of the field with this name that there must be one of.
    pub(super) fn exactly_one(
        &self,
        name: &str,
        missing: HandshakeError,
        duplicate: HandshakeError,
    ) -> Result<&[u8], HandshakeError> {
        let mut values = self.values(name);
        let value = values.next().ok_or(missing)?;
        match values.next() {
            None => Ok(value),
            Some(_) => Err(duplicate),
        }
    }

    /// The elements of the list that all fields with this name are together, less empty ones
    /// (RFC 9110 section 5.6.1.2). It is for fields whose elements have no quoted strings.
    pub(super) fn elements(&self, name: &str) -> impl Iterator<Item = &[u8]> {
        self.values(name)
            .flat_map(|value| value.split(|&byte| byte == b','))
            .map(<[u8]>::trim_ascii)
            .filter(|element| !element.is_empty())
    }

    /// Whether this keyword, in any case, is an element of the list.
    pub(super) fn has_element(&self, name: &str, keyword: &str) -> bool {
        self.elements(name)
            .any(|element| element.eq_ignore_ascii_case(keyword.as_bytes()))
    }

    /// Takes out all fields with any of these names.
    pub(super) fn remove(&mut self, names: &[&str]) {
        let is_named = |name: &str| names.iter().any(|other| other.eq_ignore_ascii_case(name));
        let mut left = Self::new();
        for (name, value) in self.iter().filter(|(name, _)| !is_named(name)) {
            left.put(name, value);
        }
        *self = left;
    }

    pub(super) fn append(&mut self, other: &Self) {
        for (name, value) in other.iter() {
            self.put(name, value);
        }
    }

    /// Appends the lines of all fields to `head`.
    pub(super) fn encode(&self, head: &mut Vec<u8>) {
        head.reserve(self.names.len() + self.values.len() + 4 * self.len() + 2);
        for (name, value) in self.iter() {
            encode_field(head, name, value);
        }
    }
}

/// Appends the line of one field. `name` and `value` must have been checked.
pub(super) fn encode_field(head: &mut Vec<u8>, name: &str, value: impl AsRef<[u8]>) {
    head.extend_from_slice(name.as_bytes());
    head.extend_from_slice(b": ");
    head.extend_from_slice(value.as_ref());
    head.extend_from_slice(b"\r\n");
}

/// Whether the field says how the message is delimited or the connection goes on, which no
/// application can be let decide.
pub(super) fn is_framing(name: &str) -> bool {
    ["Connection", "Content-Length", "Transfer-Encoding"]
        .iter()
        .any(|reserved| name.eq_ignore_ascii_case(reserved))
}

/// Whether the field belongs to the WebSocket handshake itself.
pub(super) fn is_handshake(name: &str) -> bool {
    const PREFIX: &[u8] = b"Sec-WebSocket-";
    let prefix = name.as_bytes().get(..PREFIX.len());
    name.eq_ignore_ascii_case("Upgrade")
        || prefix.is_some_and(|prefix| prefix.eq_ignore_ascii_case(PREFIX))
}

impl fmt::Debug for Headers {
    /// Leaves out the values by which somebody proves who he is, so that they get into no log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_secret = |name: &str| {
            let mut secrets = SECRETS.iter();
            secrets.any(|secret| secret.eq_ignore_ascii_case(name))
        };
        let fields = self.iter().map(|(name, value)| match is_secret(name) {
            true => (name, Cow::Borrowed("...")),
            false => (name, String::from_utf8_lossy(value)),
        });
        f.debug_map().entries(fields).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_can_be_injected() {
        for name in ["", "a b", "a:", "a\r", "a\n", "a\0", "é", "a,b", "a\u{7f}"] {
            let result = Headers::new().push(name, "v");
            assert_eq!(result, Err(HandshakeError::InvalidHeaderName(name.into())));
        }
        for value in ["\r", "\n", "a\r\nb: c", "\0", "a\x01", "\x7f", " \r\n"] {
            let result = Headers::new().push("a", value);
            assert_eq!(result, Err(HandshakeError::InvalidHeaderValue("a".into())));
        }
    }

    #[test]
    fn values_keep_what_is_not_ascii() {
        let mut headers = Headers::new();
        assert_eq!(headers.push("a", "\t b\tc \u{e9} "), Ok(()));
        assert_eq!(headers.push("b", b"\xff"), Ok(()));
        assert_eq!(headers.get("A"), Some("b\tc \u{e9}"));
        assert_eq!(headers.get("b"), None);
        assert_eq!(headers.iter().nth(1), Some(("b", &b"\xff"[..])));
    }

    #[test]
    fn what_is_printed() {
        let mut headers = Headers::new();
        for (name, value) in [
            ("Host", &b"h"[..]),
            ("X", b"a\xff\t"),
            ("cookie", b"secret"),
            ("Set-Cookie", b"secret"),
            ("AUTHORIZATION", b"secret"),
            ("Proxy-Authorization", b"secret"),
        ] {
            assert_eq!(headers.push(name, value), Ok(()));
        }
        let expected = "{\"Host\": \"h\", \"X\": \"a\u{fffd}\", \"cookie\": \"...\", \
             \"Set-Cookie\": \"...\", \"AUTHORIZATION\": \"...\", \"Proxy-Authorization\": \"...\"}";
        assert_eq!(alloc::format!("{headers:?}"), expected);
    }

    #[test]
    fn lists_span_fields() {
        let mut headers = Headers::new();
        assert_eq!(headers.push("Connection", "keep-alive,, x"), Ok(()));
        assert_eq!(headers.push("connection", " ,\tUPGRADE"), Ok(()));
        assert!(headers.has_element("Connection", "upgrade"));
        assert!(headers.has_element("Connection", "X"));
        assert!(!headers.has_element("Connection", "keep"));
        assert!(!headers.has_element("Connection", ""));
    }

    #[test]
    fn reserved_names_in_any_case() {
        assert!(is_framing("connection") && is_framing("CONTENT-LENGTH"));
        assert!(is_handshake("upgrade") && is_handshake("sec-websocket-anything"));
        assert!(!is_handshake("Sec-WebSocket") && !is_framing("Upgrade"));
    }
}
