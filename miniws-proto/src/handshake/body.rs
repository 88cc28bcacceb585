//! The body of a response that refuses the handshake.

use alloc::boxed::Box;
use core::str;

use bytes::{Buf as _, BytesMut};

use super::{Headers, Response};

/// Collects a response's body, up to a limit.
///
/// What is wrong with the body is no error of its own: the handshake has failed already, and why
/// is what the application wants to see. The body just ends there.
#[derive(Debug)]
pub(super) struct BodyReader {
    /// Boxed because a handshake that succeeds never has one.
    response: Box<Response>,
    framing: Framing,
    max: usize,
}

/// How the body is delimited (RFC 9112 section 6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Framing {
    /// So many bytes are still to come.
    Length(u64),
    Chunked(Chunk),
    UntilEof,
}

/// Where in the chunked coding (RFC 9112 section 7.1) the reader is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Chunk {
    /// Before the end of the line with the size, of which so much has been looked at.
    Size { scanned: usize },
    /// So many bytes of it are still to come, more than 0.
    Data(u64),
    /// Before the line break behind its data.
    End,
}

/// The longest line with a chunk's size, which may carry extensions that nobody uses.
const MAX_SIZE_LINE: usize = 256;

impl BodyReader {
    pub(super) fn new(response: Response, max: usize) -> Self {
        Self {
            framing: framing(response.status(), response.headers()),
            response: Box::new(response),
            max,
        }
    }

    /// Takes what belongs to the body out of `input`; whether the body is over.
    pub(super) fn read(&mut self, input: &mut BytesMut) -> bool {
        loop {
            match &mut self.framing {
                Framing::Length(0) => return true,
                Framing::Length(left) => {
                    let left = *left;
                    let taken = self.take(input, left);
                    self.framing = Framing::Length(left - taken);
                    if taken == 0 {
                        return self.is_full();
                    }
                }
                Framing::UntilEof => {
                    self.take(input, u64::MAX);
                    // Whatever is left now found no room.
                    return !input.is_empty();
                }
                Framing::Chunked(chunk) => {
                    let chunk = *chunk;
                    match self.read_chunk(chunk, input) {
                        Progress::To(next) => self.framing = Framing::Chunked(next),
                        Progress::NeedsMore(same) => {
                            self.framing = Framing::Chunked(same);
                            return false;
                        }
                        Progress::Over => return true,
                    }
                }
            }
        }
    }

    /// The response, with as much of its body as there is.
    pub(super) fn into_response(self) -> Box<Response> {
        self.response
    }

    fn read_chunk(&mut self, chunk: Chunk, input: &mut BytesMut) -> Progress {
        match chunk {
            Chunk::Size { scanned } => {
                let within_limit = input.len().min(MAX_SIZE_LINE);
                let unscanned = input.get(scanned..within_limit).unwrap_or_default();
                let Some(end) = unscanned.iter().position(|&byte| byte == b'\n') else {
                    return match within_limit {
                        MAX_SIZE_LINE => Progress::Over,
                        scanned => Progress::NeedsMore(Chunk::Size { scanned }),
                    };
                };
                let line = input.split_to(scanned + end + 1);
                match httparse::parse_chunk_size(&line) {
                    // Fields may follow the last chunk, but there is nobody to read them.
                    Ok(httparse::Status::Complete((_, size @ 1..))) => {
                        Progress::To(Chunk::Data(size))
                    }
                    _ => Progress::Over,
                }
            }
            Chunk::Data(left) => match self.take(input, left) {
                0 if self.is_full() => Progress::Over,
                0 => Progress::NeedsMore(chunk),
                taken if taken == left => Progress::To(Chunk::End),
                taken => Progress::To(Chunk::Data(left - taken)),
            },
            Chunk::End if input.starts_with(b"\r\n") => {
                input.advance(2);
                Progress::To(Chunk::Size { scanned: 0 })
            }
            Chunk::End if b"\r\n".starts_with(input) => Progress::NeedsMore(chunk),
            Chunk::End => Progress::Over,
        }
    }

    /// Moves up to `count` bytes to the body, and says how many had come and found room.
    fn take(&mut self, input: &mut BytesMut, count: u64) -> u64 {
        let body = self.response.body_mut();
        let room = self.max.saturating_sub(body.len()).min(input.len());
        let taken = usize::try_from(count).map_or(room, |count| count.min(room));
        body.extend_from_slice(&input.split_to(taken));
        taken as u64
    }

    fn is_full(&self) -> bool {
        self.response.body().len() >= self.max
    }
}

enum Progress {
    To(Chunk),
    NeedsMore(Chunk),
    Over,
}

fn framing(status: u16, headers: &Headers) -> Framing {
    if matches!(status, 204 | 304) {
        return Framing::Length(0);
    }
    if let Some(coding) = headers.elements("Transfer-Encoding").last() {
        return match coding.eq_ignore_ascii_case(b"chunked") {
            true => Framing::Chunked(Chunk::Size { scanned: 0 }),
            false => Framing::UntilEof,
        };
    }
    let mut lengths = headers.values("Content-Length").map(length);
    match lengths.next() {
        None => Framing::UntilEof,
        Some(Some(length)) if lengths.all(|other| other == Some(length)) => Framing::Length(length),
        // Where such a body ends nobody knows, and waiting for the end of the connection may take
        // until the deadline.
        Some(_) => Framing::Length(0),
    }
}

fn length(value: &[u8]) -> Option<u64> {
    let is_number = !value.is_empty() && value.iter().all(u8::is_ascii_digit);
    let digits = str::from_utf8(value).ok().filter(|_| is_number)?;
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::borrow::ToOwned as _;
    use alloc::string::String;

    /// Feeds `body` in pieces; whether it came to an end, and what was kept.
    fn read(fields: &[(&str, &str)], body: &str, piece: usize, max: usize) -> (bool, String) {
        let mut headers = Headers::new();
        for (name, value) in fields {
            assert_eq!(headers.push(name, value), Ok(()));
        }
        let mut reader = BodyReader::new(Response::new(403, headers), max);
        let mut input = BytesMut::new();
        let mut is_over = reader.read(&mut input);
        for piece in body.as_bytes().chunks(piece) {
            if is_over {
                break;
            }
            input.extend_from_slice(piece);
            is_over = reader.read(&mut input);
        }
        (
            is_over,
            String::from_utf8_lossy(reader.into_response().body()).into(),
        )
    }

    #[test]
    fn bodies_however_they_arrive() {
        let length = |value| ("Content-Length", value);
        let coding = |value| ("Transfer-Encoding", value);
        let long = "1;x=".to_owned() + &"y".repeat(MAX_SIZE_LINE) + "\r\na\r\n0\r\n\r\n";
        type Case<'a> = (&'a [(&'a str, &'a str)], &'a str, (bool, &'a str));
        let cases: &[Case<'_>] = &[
            (&[length("3")], "abc", (true, "abc")),
            (&[length("3")], "abcdef", (true, "abc")),
            (&[length("3")], "ab", (false, "ab")),
            (&[length("0")], "", (true, "")),
            (&[length("3"), length("3")], "abc", (true, "abc")),
            (&[length("3"), length("4")], "abc", (true, "")),
            (&[length("+3")], "abc", (true, "")),
            (&[length("")], "abc", (true, "")),
            (&[length("99999999999999999999999")], "abc", (true, "")),
            (&[length("18446744073709551615")], "abc", (false, "abc")),
            (&[length("8")], "12345678", (true, "12345678")),
            (&[length("9")], "123456789", (true, "12345678")),
            (&[], "abc", (false, "abc")),
            (&[], "12345678", (false, "12345678")),
            (&[], "123456789", (true, "12345678")),
            (&[coding("chunked")], "3\r\nabc\r\n0\r\n\r\n", (true, "abc")),
            (
                &[coding("chunked"), length("1")],
                "2\r\nab\r\n0\r\n",
                (true, "ab"),
            ),
            (
                &[coding("gzip, Chunked")],
                "1;x=y\r\na\r\n2 \r\nbc\r\n00\r\n",
                (true, "abc"),
            ),
            (&[coding("chunked")], "3\r\nabc\r\n", (false, "abc")),
            (&[coding("chunked")], "A\r\n1234567890", (true, "12345678")),
            (
                &[coding("chunked")],
                "8\r\n12345678\r\n0\r\n\r\n",
                (true, "12345678"),
            ),
            (
                &[coding("chunked")],
                "8\r\n12345678\r\n1\r\n",
                (true, "12345678"),
            ),
            (&[coding("chunked")], "1\r\nabc", (true, "a")),
            (&[coding("chunked")], "x\r\nabc", (true, "")),
            (&[coding("chunked")], "11111111111111111\r\nabc", (true, "")),
            (&[coding("chunked")], &long, (true, "")),
            (&[coding("gzip")], "abc", (false, "abc")),
        ];
        for (fields, body, (is_over, kept)) in cases {
            for piece in [1, 2, 3, 1000] {
                let got = read(fields, body, piece, 8);
                assert_eq!(
                    got,
                    (*is_over, (*kept).into()),
                    "{fields:?} {body:?} by {piece}"
                );
            }
        }
    }

    #[test]
    fn some_responses_never_have_one() {
        for status in [204, 304] {
            let mut reader = BodyReader::new(Response::new(status, Headers::new()), 8);
            assert!(reader.read(&mut BytesMut::new()));
        }
    }

    #[test]
    fn an_announced_length_reserves_nothing() {
        let mut headers = Headers::new();
        assert_eq!(
            headers.push("Content-Length", "18446744073709551615"),
            Ok(())
        );
        let mut reader = BodyReader::new(Response::new(403, headers), usize::MAX);
        assert!(!reader.read(&mut BytesMut::from("abc")));
        assert!(reader.response.body_mut().capacity() < 100);
    }
}
