//! Reads what a subject wrote in its handshake back from the wire: the order of headers, say, is
//! its own business, but it must be HTTP/1.1.

/// A client's request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HttpRequest {
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
}

impl HttpRequest {
    /// Takes one request from the front of `output`; `None` while it is not all there.
    pub(crate) fn take(output: &mut Vec<u8>) -> Result<Option<Self>, String> {
        let Some((head, body_start)) = head(output)? else {
            return Ok(None);
        };
        let mut lines = head.split("\r\n");
        let line = lines.next().unwrap_or_default();
        let target = line
            .strip_prefix("GET ")
            .and_then(|rest| rest.strip_suffix(" HTTP/1.1"))
            .filter(|target| !target.contains(' '))
            .ok_or_else(|| format!("not the line of a GET request: {line:?}"))?
            .to_owned();
        let headers = lines.map(header).collect::<Result<Vec<_>, _>>()?;
        output.drain(..body_start);
        Ok(Some(Self { target, headers }))
    }
}

/// A server's answer with all of its body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HttpResponse {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl HttpResponse {
    /// Takes one answer from the front of `output`; `None` while it is not all there.
    pub(crate) fn take(output: &mut Vec<u8>) -> Result<Option<Self>, String> {
        let Some((head, body_start)) = head(output)? else {
            return Ok(None);
        };
        let mut lines = head.split("\r\n");
        let status = status(lines.next().unwrap_or_default())?;
        let headers = lines.map(header).collect::<Result<Vec<_>, _>>()?;
        let length = body_length(status, &headers)?;
        if output.len() < body_start + length {
            return Ok(None);
        }
        let body = output[body_start..body_start + length].to_vec();
        output.drain(..body_start + length);
        Ok(Some(Self {
            status,
            headers,
            body,
        }))
    }
}

/// The head without the empty line, and where the body starts.
fn head(output: &[u8]) -> Result<Option<(&str, usize)>, String> {
    const END: &[u8] = b"\r\n\r\n";
    let Some(end) = output.windows(END.len()).position(|at| at == END) else {
        return Ok(None);
    };
    let head = std::str::from_utf8(&output[..end]).map_err(|_| "a head that is not text")?;
    Ok(Some((head, end + END.len())))
}

fn status(line: &str) -> Result<u16, String> {
    let code = line
        .strip_prefix("HTTP/1.1 ")
        .and_then(|rest| rest.get(..3));
    code.and_then(|code| code.parse().ok())
        .ok_or_else(|| format!("not a status line: {line:?}"))
}

fn header(line: &str) -> Result<(String, String), String> {
    match line.split_once(':') {
        Some((name, value)) if !name.is_empty() && !name.contains(' ') => {
            Ok((name.to_owned(), value.trim().to_owned()))
        }
        _ => Err(format!("not a header line: {line:?}")),
    }
}

fn body_length(status: u16, headers: &[(String, String)]) -> Result<usize, String> {
    let mut lengths = headers
        .iter()
        .filter(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .map(|(_, value)| value.parse::<usize>());
    match (status, lengths.next(), lengths.next()) {
        (101, None, _) => Ok(0),
        (101, Some(_), _) => Err("a 101 with a Content-Length".into()),
        (_, Some(Ok(length)), None) => Ok(length),
        _ => Err("not exactly one Content-Length with a number".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::HttpResponse;

    #[test]
    fn takes_the_answer_and_leaves_what_follows() {
        let whole = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\nA: b\r\n\r\nno\x88\x00";
        for len in 0..whole.len() - 2 {
            let mut output = whole[..len].to_vec();
            assert_eq!(HttpResponse::take(&mut output), Ok(None));
        }
        let mut output = whole.to_vec();
        let response = HttpResponse::take(&mut output);
        let Ok(Some(response)) = response else {
            unreachable!("{response:?}")
        };
        assert_eq!((response.status, response.body), (403, b"no".to_vec()));
        assert_eq!(output, b"\x88\x00");
    }

    #[test]
    fn refuses_what_is_no_answer() {
        for wrong in [
            "GET / HTTP/1.1\r\n\r\n",
            "HTTP/1.1 404 Not Found\r\n\r\n",
            "HTTP/1.1 101 Switching Protocols\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nnonsense\r\n\r\n",
        ] {
            assert!(HttpResponse::take(&mut wrong.into()).is_err(), "{wrong}");
        }
    }
}
