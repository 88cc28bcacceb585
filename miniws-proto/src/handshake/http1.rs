//! The head of an HTTP/1.1 message (RFC 9112): from bytes to a request or a response.

use alloc::vec;
use alloc::vec::Vec;

use bytes::BytesMut;

use super::{HandshakeError, Headers, Request, Response};
use crate::config::Config;

/// Looks for the end of a head that arrives piece by piece, and looks at each byte once.
///
/// On its way it counts the lines and refuses what no parser may be lenient about: how a line ends
/// and where a field goes on are what smuggling a request past a proxy is made of.
#[derive(Debug)]
pub(super) struct HeadScanner {
    scanned: usize,
    line: Line,
    /// Lines that have begun, the first one included.
    lines: usize,
    is_response: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Line {
    Empty,
    Filled,
    /// The carriage return has come that ends it.
    Ending {
        is_empty: bool,
    },
}

/// The bytes of a head, up to and including its empty line.
#[derive(Debug)]
pub(super) struct Head {
    bytes: BytesMut,
    fields: usize,
}

impl HeadScanner {
    pub(super) const fn request() -> Self {
        Self {
            scanned: 0,
            line: Line::Empty,
            lines: 0,
            is_response: false,
        }
    }

    pub(super) const fn response() -> Self {
        Self {
            is_response: true,
            ..Self::request()
        }
    }

    /// Goes on where the last call stopped. Once the head is complete it is taken out of `input`;
    /// what is behind it stays there.
    pub(super) fn take_head(
        &mut self,
        input: &mut BytesMut,
        config: &Config,
    ) -> Result<Option<Head>, HandshakeError> {
        let within_limit = &input[..input.len().min(config.max_head_size)];
        if self.is_response && !begins_alike(within_limit, b"HTTP/") {
            // Who speaks another protocol may say one line and wait for ours.
            return Err(HandshakeError::MalformedStartLine);
        }
        while let Some(&byte) = within_limit.get(self.scanned) {
            self.scanned += 1;
            if self.is_end(byte, config)? {
                return Ok(Some(Head {
                    bytes: input.split_to(self.scanned),
                    fields: self.lines.saturating_sub(1),
                }));
            }
            if self.line == Line::Filled {
                // What the line goes on with is most of a head.
                let rest = &within_limit[self.scanned..];
                self.scanned += rest.iter().take_while(|byte| !is_control(**byte)).count();
            }
        }
        match self.scanned >= config.max_head_size {
            true => Err(HandshakeError::HeadTooLarge),
            false => Ok(None),
        }
    }

    fn is_end(&mut self, byte: u8, config: &Config) -> Result<bool, HandshakeError> {
        match (self.line, byte) {
            (Line::Ending { is_empty }, b'\n') => {
                self.line = Line::Empty;
                // Empty lines before a request are passed over (RFC 9112 section 2.2).
                return Ok(is_empty && self.lines > 0);
            }
            (Line::Ending { .. }, _) => return Err(HandshakeError::ControlByte(b'\r')),
            (line, b'\r') => {
                self.line = Line::Ending {
                    is_empty: line == Line::Empty,
                };
            }
            (_, byte) if is_control(byte) => {
                return Err(HandshakeError::ControlByte(byte));
            }
            (Line::Filled, _) => {}
            (Line::Empty, byte) => self.begin_line(byte, config)?,
        }
        Ok(false)
    }

    fn begin_line(&mut self, first: u8, config: &Config) -> Result<(), HandshakeError> {
        let is_folded = matches!(first, b' ' | b'\t');
        match self.lines {
            0 if is_folded => return Err(HandshakeError::MalformedStartLine),
            0 => {}
            _ if is_folded => return Err(HandshakeError::FoldedHeader),
            // The first line is no field, so there have been as many as lines, less it, plus this.
            fields if fields > config.max_headers => return Err(HandshakeError::TooManyHeaders),
            _ => {}
        }
        self.lines += 1;
        self.line = Line::Filled;
        Ok(())
    }
}

/// Whether no line may hold it.
const fn is_control(byte: u8) -> bool {
    byte.is_ascii_control() && byte != b'\t'
}

/// Whether all that there is of `bytes` is as in `expected`, or begins with it.
fn begins_alike(bytes: &[u8], expected: &[u8]) -> bool {
    bytes
        .iter()
        .zip(expected)
        .all(|(byte, expected)| byte == expected)
}

/// The version of HTTP that a head is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    Http10,
    Http11,
}

impl Head {
    pub(super) fn parse_request(&self) -> Result<(Version, Request), HandshakeError> {
        let mut fields = vec![httparse::EMPTY_HEADER; self.fields];
        let mut parsed = httparse::Request::new(&mut fields);
        let status = parsed.parse(&self.bytes);
        let status = status.map_err(|error| match (error, &*self.start_line()) {
            (httparse::Error::Version, [_, _, version]) => wrong_version(version),
            (error, _) => malformed(error),
        })?;
        match (status, parsed.method, parsed.path) {
            (httparse::Status::Complete(_), Some(method), Some(target)) => {
                let headers = headers(parsed.headers)?;
                let request = Request::new(method, target, headers);
                Ok((version(parsed.version), request))
            }
            _ => Err(HandshakeError::MalformedStartLine),
        }
    }

    pub(super) fn parse_response(&self) -> Result<(Version, Response), HandshakeError> {
        let mut fields = vec![httparse::EMPTY_HEADER; self.fields];
        let mut parsed = httparse::Response::new(&mut fields);
        let status = parsed.parse(&self.bytes);
        let status = status.map_err(|error| match (error, &*self.start_line()) {
            (httparse::Error::Version, [version, ..]) => wrong_version(version),
            (error, _) => malformed(error),
        })?;
        match (status, parsed.code, parsed.reason) {
            (httparse::Status::Complete(_), Some(code @ 100..), Some(reason)) => {
                let headers = headers(parsed.headers)?;
                let response = Response::new(code, headers).with_reason(reason);
                Ok((version(parsed.version), response))
            }
            _ => Err(HandshakeError::MalformedStartLine),
        }
    }

    /// The words of the first line.
    fn start_line(&self) -> Vec<&[u8]> {
        let head = self.bytes.trim_ascii_start();
        let line = head.split(|byte| *byte == b'\r').next();
        line.unwrap_or_default()
            .split(|byte| *byte == b' ')
            .collect()
    }
}

/// What is wrong with the word that is in the place of the version, which is neither 1.0 nor 1.1.
fn wrong_version(word: &[u8]) -> HandshakeError {
    match word.strip_prefix(b"HTTP/") {
        Some([b'0'..=b'9', ..]) => HandshakeError::UnsupportedHttpVersion,
        _ => HandshakeError::MalformedStartLine,
    }
}

fn headers(fields: &[httparse::Header<'_>]) -> Result<Headers, HandshakeError> {
    let names = fields.iter().map(|field| field.name.len()).sum();
    let values = fields.iter().map(|field| field.value.len()).sum();
    let mut headers = Headers::with_capacity(fields.len(), names, values);
    for field in fields {
        let pushed = headers.push(field.name, field.value);
        pushed.map_err(|_| HandshakeError::MalformedHeader)?;
    }
    Ok(headers)
}

fn version(minor: Option<u8>) -> Version {
    match minor {
        Some(1) => Version::Http11,
        _ => Version::Http10,
    }
}

fn malformed(error: httparse::Error) -> HandshakeError {
    match error {
        httparse::Error::HeaderName | httparse::Error::HeaderValue => {
            HandshakeError::MalformedHeader
        }
        httparse::Error::TooManyHeaders => HandshakeError::TooManyHeaders,
        httparse::Error::NewLine
        | httparse::Error::Status
        | httparse::Error::Token
        | httparse::Error::Version => HandshakeError::MalformedStartLine,
    }
}

#[cfg(test)]
#[allow(clippy::panic, clippy::unwrap_used)]
mod tests;
