//! Following a redirect.

use core::str;

use super::{ClientRequest, HandshakeError, Headers};
use crate::handshake::{Response, Url};

/// What tells a server who asks. A redirect must not carry it to another.
const CREDENTIALS: [&str; 3] = ["Authorization", "Cookie", "Proxy-Authorization"];

impl ClientRequest {
    /// Lets so many redirects be followed, one after the other: none unless told otherwise.
    pub const fn max_redirects(mut self, max: usize) -> Self {
        self.max_redirects = max;
        self
    }

    /// The request to make instead of this one, which was answered with `response`. `None`: it is no
    /// redirect, or none is to be followed.
    ///
    /// A redirect has status 301, 302, 303, 307 or 308 and a `Location`: a URL that begins with `ws:`
    /// or `http:`, which is the same here, or with `wss:` or `https:`, or a part of one, which counts
    /// from this request's URL.
    ///
    /// Where scheme, host or port is another, `Authorization`, `Cookie`, `Proxy-Authorization`, the
    /// user and the password of the URL, and a `Host` of the caller's are left out, and they stay out
    /// if a later redirect leads back. All else goes along, subprotocols and other fields too, so have
    /// no redirects followed with a secret in these. What the `Location` itself says of a user is used.
    ///
    /// ```
    /// use miniws_proto::{ClientRequest, Headers, Response};
    ///
    /// let request = ClientRequest::new("wss://ada:secret@example.com/chat")?.max_redirects(3);
    /// let mut headers = Headers::new();
    /// headers.push("Location", "https://eu.example.com/chat?room=7")?;
    /// let next = request.redirect(&Response::new(307, headers))?.expect("a redirect");
    /// assert_eq!(format!("{:?}", next.url()), "wss://eu.example.com/chat?room=7");
    /// assert_eq!(next.url().credentials(), None);
    ///
    /// let refusal = Response::new(403, Headers::new());
    /// assert!(request.redirect(&refusal)?.is_none());
    /// # Ok::<(), miniws_proto::HandshakeError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`HandshakeError::TooManyRedirects`]; [`HandshakeError::InsecureRedirect`] from `wss` to `ws`
    /// or `http`; [`HandshakeError::InvalidLocation`] for one that leads nowhere, that is there
    /// twice, or that leads from a Unix socket elsewhere or from elsewhere to one.
    pub fn redirect(&self, response: &Response) -> Result<Option<Self>, HandshakeError> {
        let mut locations = response.headers().values("Location");
        let location = match (response.status(), locations.next(), locations.next()) {
            _ if self.max_redirects == 0 => return Ok(None),
            (301 | 302 | 303 | 307 | 308, Some(location), None) => str::from_utf8(location),
            (301 | 302 | 303 | 307 | 308, Some(_), Some(_)) => {
                return Err(HandshakeError::InvalidLocation);
            }
            _ => return Ok(None),
        };
        if self.redirects >= self.max_redirects {
            return Err(HandshakeError::TooManyRedirects);
        }
        let location = location.map_err(|_| HandshakeError::InvalidLocation)?;
        let url = self.url.resolve(location)?;
        if self.url.is_secure() && !url.is_secure() {
            return Err(HandshakeError::InsecureRedirect);
        }
        Ok(Some(self.clone().redirected(url)))
    }

    fn redirected(mut self, url: Url) -> Self {
        if !url.is_same_origin(&self.url) {
            self.headers.remove(&CREDENTIALS);
            self.host = Headers::new();
            self.url = url;
        } else {
            self.url = url.or_credentials_of(self.url);
        }
        self.redirects += 1;
        self
    }
}

#[cfg(test)]
#[allow(clippy::panic, clippy::unwrap_used)]
mod tests {
    use alloc::format;
    use alloc::string::{String, ToString as _};
    use alloc::vec::Vec;

    use super::*;
    use crate::{Config, Offer};

    fn request(url: &str) -> ClientRequest {
        ClientRequest::new(url).unwrap().max_redirects(1)
    }

    fn response(status: u16, locations: &[&[u8]]) -> Response {
        let mut headers = Headers::new();
        for location in locations {
            headers.push("location", location).unwrap();
        }
        Response::new(status, headers)
    }

    fn redirect(request: &ClientRequest, location: &str) -> Result<ClientRequest, HandshakeError> {
        let redirected = request.redirect(&response(302, &[location.as_bytes()]));
        redirected.map(|next| next.unwrap())
    }

    /// Its fields, less those of the handshake.
    fn fields(request: ClientRequest) -> Vec<String> {
        let offer = Offer::upgrade(request, Config::default(), |key: &mut [u8]| key.fill(0));
        let offer = offer.unwrap();
        let fields = offer.request().headers().iter();
        let fields = fields.map(|(name, value)| format!("{name}: {}", value.escape_ascii()));
        fields
            .filter(|field| {
                !["Upgrade", "Connection", "Sec-"]
                    .iter()
                    .any(|own| field.starts_with(own))
            })
            .collect()
    }

    #[test]
    fn which_responses_redirect() {
        let one = request("ws://h/");
        let to: &[&[u8]] = &[b"ws://other/"];
        for status in [301, 302, 303, 307, 308] {
            let next = one.redirect(&response(status, to)).unwrap().unwrap();
            assert_eq!(next.url().host(), "other", "{status}");
            assert!(one.redirect(&response(status, &[])).unwrap().is_none());
        }
        for status in [101, 200, 201, 300, 304, 305, 306, 399, 401, 426, 503] {
            assert!(
                one.redirect(&response(status, to)).unwrap().is_none(),
                "{status}"
            );
        }
        let unasked = ClientRequest::new("ws://h/").unwrap();
        for locations in [to, &[b"a", b"b"], &[b"ftp://h"]] {
            assert!(
                unasked
                    .redirect(&response(302, locations))
                    .unwrap()
                    .is_none()
            );
        }
    }

    #[test]
    fn where_a_location_leads() {
        for (from, location, to) in [
            ("ws://h/a/b?c", "ws://other:81/x?y", "ws://other:81/x?y"),
            ("ws://h/a/b?c", "HTTP://other/x", "ws://other/x"),
            ("ws://h/a/b?c", "https://other/x", "wss://other/x"),
            ("ws://h/a/b?c", "https://other:443", "wss://other/"),
            ("ws://h/a/b?c", "Wss://other", "wss://other/"),
            ("wss://h/a/b?c", "http://other/", "insecure"),
            ("wss://h/a/b?c", "ws://h:443/", "insecure"),
            ("wss://h/a/b?c", "//other:1/x", "wss://other:1/x"),
            ("wss://h:8/a/b?c", "/x", "wss://h:8/x"),
            ("wss://[::1]:8/a/b?c", "x?y", "wss://[::1]:8/a/x?y"),
            ("ws://h/a/b?c", "./../../x/.", "ws://h/x/"),
            ("ws://h/a/b?c", "?x", "ws://h/a/b?x"),
            ("ws://h/a/b?c", "", "ws://h/a/b?c"),
            ("ws://h/a/b?c", "#x", "ws://h/a/b?c"),
            ("ws://h/a/b?c", "/x#y", "ws://h/x"),
            ("ws://h//a", "b", "ws://h//b"),
            ("ws://h", "/..//other/x", "ws://h//other/x"),
            ("ws+unix:/run/s:/a/b", "x", "ws+unix:/run/s:/a/x"),
            ("ws+unix:/run/s:/a/b", "/x", "ws+unix:/run/s:/x"),
            ("ws+unix:/run/s:/a/b", "//localhost/x", "invalid"),
            ("ws+unix:/run/s:/a/b", "http://localhost/x", "invalid"),
            ("ws+unix:/run/s:/a/b", "ws+unix:/run/t:/x", "invalid"),
            ("ws://h/", "ws+unix:/run/s:/x", "invalid"),
            ("ws://h/", "http+unix:/run/s:/x", "invalid"),
            ("ws://h/", "ftp://h/", "invalid"),
            ("ws://h/", "javascript:1", "invalid"),
            ("ws://h/", "http:/x", "invalid"),
            ("ws://h/", "http:x", "invalid"),
            ("ws://h/", "http:///x", "invalid"),
            ("ws://h/", "http://h:65536/", "invalid"),
            ("ws://h/", "//%6f/", "invalid"),
            ("ws://h/", "/a b", "invalid"),
            ("ws://h/", "/é", "invalid"),
            ("ws://h/", "http://u%0a@h/", "invalid"),
        ] {
            let next = match redirect(&request(from), location) {
                Ok(next) => format!("{:?}", next.url()),
                Err(HandshakeError::InvalidLocation) => "invalid".to_string(),
                Err(HandshakeError::InsecureRedirect) => "insecure".to_string(),
                Err(error) => panic!("{error}"),
            };
            assert_eq!(next, to, "{location} from {from}");
        }
        for locations in [&[&b"/a"[..], b"/a"][..], &[b"\xff"]] {
            let failed = request("ws://h/").redirect(&response(302, locations));
            assert_eq!(failed.unwrap_err(), HandshakeError::InvalidLocation);
        }
    }

    #[test]
    fn credentials_stay_with_their_origin() {
        let with_all = |url| {
            let request = request(url).max_redirects(9).header("host", "named");
            let request = request.header("COOKIE", "a=1").header("cookie", "b=2");
            let request = request
                .header("proxy-authorization", "x")
                .origin("http://o");
            request.header("X-Other", "1")
        };
        let all = [
            "host: named",
            "Authorization: Basic dTpw",
            "Origin: http://o",
            "COOKIE: a=1",
            "cookie: b=2",
            "proxy-authorization: x",
            "X-Other: 1",
        ];
        let same = redirect(&with_all("ws://u:p@h.example/"), "http://H.Example:80/a").unwrap();
        assert_eq!(fields(same), all);
        for (location, host) in [
            ("wss://h.example/a", "h.example"),
            ("//h.example:81/a", "h.example:81"),
            ("//sub.h.example/a", "sub.h.example"),
            ("https://h.example:80/a", "h.example:80"),
        ] {
            let stripped = [&format!("Host: {host}"), "Origin: http://o", "X-Other: 1"];
            let next = redirect(&with_all("ws://u:p@h.example/"), location).unwrap();
            assert_eq!(next.url().credentials(), None);
            assert_eq!(fields(next), stripped, "{location}");
        }

        let there = redirect(&with_all("ws://u:p@h"), "ws://other").unwrap();
        for (location, host) in [("ws://other/b", "other"), ("ws://h", "h")] {
            let next = redirect(&there, location).unwrap();
            let stripped = [&format!("Host: {host}"), "Origin: http://o", "X-Other: 1"];
            assert_eq!(fields(next), stripped, "they are not restored");
        }

        let bearer = request("ws://h").header("Authorization", "Bearer x");
        let next = redirect(&bearer, "ws://other").unwrap();
        assert_eq!(fields(next), ["Host: other"]);
        let next = redirect(&bearer, "/a").unwrap();
        assert_eq!(fields(next), ["Host: h", "Authorization: Bearer x"]);
    }

    #[test]
    fn a_location_may_name_a_user() {
        for location in ["ws://v:q@other", "//v:q@h/"] {
            let next = redirect(&request("ws://u:p@h"), location).unwrap();
            assert_eq!(next.url().credentials(), Some(("v", "q")));
        }
        let next = redirect(&request("ws://u:p@h"), "x").unwrap();
        assert_eq!(next.url().credentials(), Some(("u", "p")));
    }

    #[test]
    fn a_loop_ends() {
        let mut request = request("ws://h/").max_redirects(3);
        for _ in 0..3 {
            request = redirect(&request, "/").unwrap();
        }
        let failed = redirect(&request, "/").unwrap_err();
        assert_eq!(failed, HandshakeError::TooManyRedirects);
        assert!(request.redirect(&response(403, &[])).unwrap().is_none());
    }

    /// It is told in the end.
    #[test]
    fn what_was_wrong_before_stays_so() {
        let wrong = redirect(&request("ws://h/").header("a b", ""), "/x").unwrap();
        assert!(wrong.error().is_some());
    }
}
