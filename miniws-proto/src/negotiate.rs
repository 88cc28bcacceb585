//! What the header fields of a WebSocket handshake say: values only, no HTTP.
//!
//! The handshake over HTTP/1.1 is built on these, and so can be one that another HTTP stack
//! carries (RFC 8441).
//!
//! ```
//! use miniws_proto::negotiate::{accept_key, parse_extensions, parse_subprotocols};
//!
//! assert_eq!(accept_key("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
//! assert_eq!(parse_subprotocols(["chat, superchat"])?, ["chat", "superchat"]);
//!
//! let extensions = parse_extensions(["x-gzip; level=\"9\", x-trace"])?;
//! assert_eq!(extensions[0].name(), "x-gzip");
//! assert_eq!(extensions[0].params().next(), Some(("level", Some("9"))));
//! # Ok::<(), miniws_proto::negotiate::HeaderError>(())
//! ```

#[cfg(feature = "deflate")]
pub(crate) mod deflate;

use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest as _, Sha1};

#[cfg(feature = "deflate")]
pub use deflate::{
    DeflateOffer, DeflateParams, Unoffered, confirm_deflate, offer_deflate, select_deflate,
};

/// The value of `Sec-WebSocket-Accept` that answers this `Sec-WebSocket-Key` (RFC 6455
/// section 4.2.2 item 5.4).
#[must_use]
pub fn accept_key(key: &str) -> String {
    let digest = Sha1::new()
        .chain_update(key)
        .chain_update("258EAFA5-E914-47DA-95CA-C5AB0DC85B11")
        .finalize();
    STANDARD.encode(digest)
}

/// The subprotocols in the values of a request's `Sec-WebSocket-Protocol` fields, in the client's
/// order of preference. No values at all are an empty list.
///
/// # Errors
///
/// When there are fields but no subprotocol in them, when one is not a token, or when one comes
/// twice (RFC 6455 section 4.1 item 10).
pub fn parse_subprotocols<'a>(
    values: impl IntoIterator<Item = &'a str>,
) -> Result<Vec<&'a str>, HeaderError> {
    let subprotocols = parse_list(values, Tokens::token)?;
    let mut seen = BTreeSet::new();
    if !subprotocols.iter().all(|name| seen.insert(*name)) {
        return Err(HeaderError::Duplicate);
    }
    Ok(subprotocols)
}

/// The extensions in the values of `Sec-WebSocket-Extensions` fields, in their order; those of
/// repeated fields are one list (RFC 6455 section 9.1). No values at all are an empty list.
///
/// It takes time and memory in proportion to the length of the values.
///
/// # Errors
///
/// When there are fields but no extension in them, or one does not have the form that RFC 6455
/// section 9.1 gives it.
pub fn parse_extensions<'a>(
    values: impl IntoIterator<Item = &'a str>,
) -> Result<Vec<Extension>, HeaderError> {
    parse_list(values, Tokens::extension)
}

/// One element of `Sec-WebSocket-Extensions`: an extension with its parameters (RFC 6455
/// section 9.1).
///
/// It is displayed in the form that the header has.
///
/// ```
/// use miniws_proto::negotiate::Extension;
///
/// let extension = Extension::new("x-gzip")?.param("fast", None)?.param("level", Some("9"))?;
/// assert_eq!(extension.to_string(), "x-gzip; fast; level=9");
/// # Ok::<(), miniws_proto::negotiate::HeaderError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extension {
    name: String,
    params: Vec<(String, Option<String>)>,
}

impl Extension {
    /// An extension without parameters.
    ///
    /// # Errors
    ///
    /// When the name is not a token.
    pub fn new(name: impl Into<String>) -> Result<Self, HeaderError> {
        Ok(Self {
            name: into_token(name)?,
            params: Vec::new(),
        })
    }

    /// Adds a parameter, with or without a value.
    ///
    /// # Errors
    ///
    /// When the name or the value is not a token.
    pub fn param(
        mut self,
        name: impl Into<String>,
        value: Option<&str>,
    ) -> Result<Self, HeaderError> {
        let value = value.map(into_token).transpose()?;
        self.params.push((into_token(name)?, value));
        Ok(self)
    }

    /// Its name, as it was written.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its parameters in their order, repeated ones included, each with its value if it has one.
    pub fn params(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.params
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_deref()))
    }
}

impl fmt::Display for Extension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        for (name, value) in self.params() {
            write!(f, "; {name}")?;
            // A value is a token even where it came in quotes, so it never needs them.
            if let Some(value) = value {
                write!(f, "={value}")?;
            }
        }
        Ok(())
    }
}

/// What is wrong with the value of a header field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HeaderError {
    /// The field is there, but nothing is in it.
    Empty,
    /// Something else stands where a token must (RFC 9110 section 5.6.2).
    InvalidToken,
    /// Two elements are not separated, or not in the way that the field has.
    InvalidSeparator,
    /// A quoted string does not end.
    UnterminatedQuote,
    /// An element comes twice.
    Duplicate,
}

impl core::error::Error for HeaderError {}

impl fmt::Display for HeaderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "it is empty",
            Self::InvalidToken => "something in it is not a token",
            Self::InvalidSeparator => "its elements are not separated by commas",
            Self::UnterminatedQuote => "a quoted string in it does not end",
            Self::Duplicate => "an element comes twice",
        })
    }
}

/// Whether `text` is a token (RFC 9110 section 5.6.2).
pub(crate) fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(is_token_byte)
}

const fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'!' | b'#'
                | b'$'
                | b'%'
                | b'&'
                | b'\''
                | b'*'
                | b'+'
                | b'-'
                | b'.'
                | b'^'
                | b'_'
                | b'`'
                | b'|'
                | b'~'
        )
}

fn into_token(text: impl Into<String>) -> Result<String, HeaderError> {
    let text = text.into();
    match is_token(&text) {
        true => Ok(text),
        false => Err(HeaderError::InvalidToken),
    }
}

/// Parses the list that all `values` are together. Empty elements count for nothing (RFC 9110
/// section 5.6.1.2).
fn parse_list<'a, T>(
    values: impl IntoIterator<Item = &'a str>,
    mut element: impl FnMut(&mut Tokens<'a>) -> Result<T, HeaderError>,
) -> Result<Vec<T>, HeaderError> {
    let mut list = Vec::new();
    let mut is_present = false;
    for value in values {
        is_present = true;
        let mut tokens = Tokens(value);
        while !tokens.is_at_end() {
            if tokens.eat(',') {
                continue;
            }
            list.push(element(&mut tokens)?);
            if !tokens.is_at_end() && !tokens.eat(',') {
                return Err(HeaderError::InvalidSeparator);
            }
        }
    }
    if is_present && list.is_empty() {
        return Err(HeaderError::Empty);
    }
    Ok(list)
}

/// What is left of a value. White space between tokens is skipped.
struct Tokens<'a>(&'a str);

impl<'a> Tokens<'a> {
    fn extension(&mut self) -> Result<Extension, HeaderError> {
        let mut extension = Extension::new(self.token()?)?;
        while self.eat(';') {
            let name = self.token()?.into();
            let value = match self.eat('=') {
                true if self.eat('"') => Some(self.rest_of_quoted()?),
                true => Some(self.token()?.into()),
                false => None,
            };
            extension.params.push((name, value));
        }
        Ok(extension)
    }

    fn token(&mut self) -> Result<&'a str, HeaderError> {
        self.skip_white_space();
        let other = self.0.bytes().position(|byte| !is_token_byte(byte));
        let (token, rest) = self.0.split_at(other.unwrap_or(self.0.len()));
        if token.is_empty() {
            return Err(HeaderError::InvalidToken);
        }
        self.0 = rest;
        Ok(token)
    }

    /// A quoted string behind its opening quote. Unquoted, it must be a token (RFC 6455
    /// section 9.1).
    fn rest_of_quoted(&mut self) -> Result<String, HeaderError> {
        let mut chars = self.0.chars();
        let mut unquoted = String::new();
        loop {
            match chars.next().ok_or(HeaderError::UnterminatedQuote)? {
                '"' => break,
                '\\' => unquoted.push(chars.next().ok_or(HeaderError::UnterminatedQuote)?),
                other => unquoted.push(other),
            }
        }
        self.0 = chars.as_str();
        into_token(unquoted)
    }

    fn eat(&mut self, separator: char) -> bool {
        self.skip_white_space();
        match self.0.strip_prefix(separator) {
            Some(rest) => {
                self.0 = rest;
                true
            }
            None => false,
        }
    }

    fn is_at_end(&mut self) -> bool {
        self.skip_white_space();
        self.0.is_empty()
    }

    fn skip_white_space(&mut self) {
        self.0 = self.0.trim_start_matches([' ', '\t']);
    }
}

#[cfg(test)]
#[allow(clippy::panic, clippy::unwrap_used)]
mod tests;
