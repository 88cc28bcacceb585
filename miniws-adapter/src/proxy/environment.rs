//! The proxies that the environment names.

use std::env;
use std::fmt;
use std::net::IpAddr;

use miniws_proto::{Proxy, ProxyError, Url};

/// What the environment says about proxies, in the variables that are usual.
///
/// A `ws` URL has the proxy in `ws_proxy`, else in `http_proxy`; a `wss` URL that in `wss_proxy`, else
/// in `https_proxy`; both else that in `all_proxy`. The names may be in upper case, lower case counts
/// first, and an empty variable is none. In a CGI program, which has a `REQUEST_METHOD`, a client could
/// set `HTTP_PROXY` by a header field `Proxy`: there it does not count.
///
/// `no_proxy` or `NO_PROXY` lists what is reached without a proxy, with commas or spaces between:
/// names, which stand for all names within them as well, with a dot or a `*.` in front or without; IP
/// addresses, and ranges of them such as `10.0.0.0/8`; any of these with a port, and then for that port
/// only; or `*` for everything. Names are not resolved for that.
#[derive(Clone, Default)]
pub struct Environment {
    /// For `ws`.
    plain: Option<String>,
    /// For `wss`.
    secure: Option<String>,
    exempt: String,
}

impl Environment {
    /// The environment as it is now.
    #[must_use]
    pub fn read() -> Self {
        Self::from_variables(|name| env::var(name).ok())
    }

    fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Self {
        let is_cgi = variable("REQUEST_METHOD").is_some();
        let value = |name: &str| {
            // Names of variables have no case on Windows.
            let may_be_forged = name == "HTTP_PROXY" || cfg!(windows) && name == "http_proxy";
            let is_told = !(is_cgi && may_be_forged);
            variable(name).filter(|value| is_told && !value.trim().is_empty())
        };
        let first = |names: &[&str]| {
            let mut values = names
                .iter()
                .map(|name| value(name).or_else(|| value(&name.to_ascii_uppercase())));
            values.find_map(|value| value)
        };
        Self {
            plain: first(&["ws_proxy", "http_proxy", "all_proxy"]),
            secure: first(&["wss_proxy", "https_proxy", "all_proxy"]),
            exempt: first(&["no_proxy"]).unwrap_or_default(),
        }
    }

    pub(super) fn choose(&self, url: &Url) -> Result<Option<Proxy>, ProxyError> {
        let proxy = match url.is_secure() {
            true => &self.secure,
            false => &self.plain,
        };
        match proxy {
            Some(proxy) if !self.is_exempt(url.host(), url.port()) => {
                Proxy::parse(proxy.trim()).map(Some)
            }
            _ => Ok(None),
        }
    }

    fn is_exempt(&self, host: &str, port: u16) -> bool {
        let entries = self.exempt.split([',', ' ', '\t']);
        entries
            .filter(|entry| !entry.is_empty())
            .any(|entry| is_meant(entry, host, port))
    }
}

/// Whether an entry of the list means this server.
fn is_meant(entry: &str, host: &str, port: u16) -> bool {
    if entry == "*" {
        return true;
    }
    let (name, wanted) = split_port(entry);
    if wanted.is_some_and(|wanted| wanted.parse() != Ok(port)) {
        return false;
    }
    match host.parse() {
        Ok(address) => contains(name, address),
        Err(_) => is_within(host, name),
    }
}

/// An IPv6 address that has a port is in brackets.
fn split_port(entry: &str) -> (&str, Option<&str>) {
    if let Some((address, behind)) = entry
        .strip_prefix('[')
        .and_then(|rest| rest.split_once(']'))
    {
        let port = behind.strip_prefix(':').unwrap_or(behind);
        return (address, Some(port).filter(|_| !behind.is_empty()));
    }
    match entry.split_once(':') {
        Some((name, port)) if !port.contains(':') => (name, Some(port)),
        _ => (entry, None),
    }
}

/// Whether `host` is `name` or ends with it, at a dot.
fn is_within(host: &str, name: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    let name = name.strip_prefix('*').unwrap_or(name);
    let name = name.strip_prefix('.').unwrap_or(name);
    let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
    match host.strip_suffix(&name) {
        _ if name.is_empty() => false,
        Some(before) => before.is_empty() || before.ends_with('.'),
        None => false,
    }
}

/// Whether the address is this one, or in this range.
fn contains(range: &str, address: IpAddr) -> bool {
    let (network, length) = range.split_once('/').unwrap_or((range, "128"));
    match (network.parse::<IpAddr>(), length.parse::<u32>()) {
        (Ok(network), Ok(length)) if network.is_ipv4() == address.is_ipv4() => {
            (bits(network) ^ bits(address)).leading_zeros() >= length
        }
        _ => false,
    }
}

/// From the top.
fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(address.to_bits()) << 96,
        IpAddr::V6(address) => address.to_bits(),
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not the proxies: they may have passwords.
        f.debug_struct("Environment").finish_non_exhaustive()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn environment(variables: &[(&str, &str)]) -> Environment {
        Environment::from_variables(|name| {
            let mut found = variables.iter().filter(|(other, _)| *other == name);
            found.next().map(|(_, value)| (*value).to_owned())
        })
    }

    fn proxy(variables: &[(&str, &str)], url: &str) -> Option<String> {
        let chosen = environment(variables).choose(&Url::parse(url).unwrap());
        chosen.unwrap().map(|proxy| proxy.host().to_owned())
    }

    #[test]
    fn which_variable_counts() {
        let secure = [
            ("wss_proxy", "a"),
            ("WSS_PROXY", "b"),
            ("https_proxy", "c"),
            ("HTTPS_PROXY", "d"),
            ("all_proxy", "e"),
            ("ALL_PROXY", "f"),
        ];
        let plain = [
            ("ws_proxy", "a"),
            ("WS_PROXY", "b"),
            ("http_proxy", "c"),
            ("HTTP_PROXY", "d"),
            ("all_proxy", "e"),
            ("ALL_PROXY", "f"),
        ];
        for (at, expected) in ["a", "b", "c", "d", "e", "f"].into_iter().enumerate() {
            assert_eq!(proxy(&secure[at..], "wss://h").as_deref(), Some(expected));
            assert_eq!(proxy(&plain[at..], "ws://h").as_deref(), Some(expected));
        }
        assert_eq!(proxy(&secure[..4], "ws://h"), None);
        assert_eq!(proxy(&plain[..4], "wss://h"), None);
        assert_eq!(proxy(&[], "ws://h"), None);
        let empty = [("http_proxy", " "), ("ALL_PROXY", " f:1 ")];
        assert_eq!(proxy(&empty, "ws://h").as_deref(), Some("f"));
    }

    /// The header field `Proxy` of whoever asks a CGI program is its `HTTP_PROXY`.
    #[test]
    fn no_proxy_of_a_cgi_programs_client() {
        let forged = [("HTTP_PROXY", "evil"), ("REQUEST_METHOD", "GET")];
        assert_eq!(proxy(&forged, "ws://h"), None);
        let own = [("http_proxy", "own"), forged[0], forged[1]];
        assert_eq!(proxy(&own, "ws://h").as_deref(), Some("own"));
    }

    #[test]
    fn what_is_wrong_is_told_when_it_is_used() {
        let wrong = environment(&[("http_proxy", "gopher://p"), ("no_proxy", "exempt")]);
        let choose = |url| wrong.choose(&Url::parse(url).unwrap());
        assert_eq!(choose("ws://h"), Err(ProxyError::UnsupportedScheme));
        assert_eq!(choose("ws://exempt"), Ok(None));
        assert_eq!(choose("wss://h"), Ok(None));
    }

    #[test]
    fn what_needs_no_proxy() {
        for (list, host, port, expected) in [
            ("*", "a", 1, true),
            ("", "a", 1, false),
            ("example.com", "example.com", 1, true),
            ("example.com", "EXAMPLE.com.", 1, true),
            ("Example.com.", "www.example.com", 1, true),
            (".example.com", "example.com", 1, true),
            (".example.com", "www.example.com", 1, true),
            ("*.example.com", "www.example.com", 1, true),
            ("*.example.com", "wwwexample.com", 1, false),
            ("example.com", "badexample.com", 1, false),
            ("www.example.com", "example.com", 1, false),
            ("a, b\tc,,", "c", 1, true),
            ("a,b", "c", 1, false),
            (".", "a", 1, false),
            ("*:80", "a", 80, false),
            ("example.com:81", "example.com", 81, true),
            ("example.com:81", "example.com", 80, false),
            ("example.com:x", "example.com", 80, false),
            ("10.0.0.1", "10.0.0.1", 1, true),
            ("10.0.0.1", "10.0.0.2", 1, false),
            ("10.0.0.1:5", "10.0.0.1", 5, true),
            ("0.0.0.1", "10.0.0.1", 1, false),
            ("10.0.0.0/8", "10.255.0.1", 1, true),
            ("10.0.0.0/8", "11.0.0.1", 1, false),
            ("10.0.0.0/9", "10.128.0.1", 1, false),
            ("10.0.0.0/8:80", "10.1.2.3", 80, true),
            ("10.0.0.0/8:80", "10.1.2.3", 81, false),
            ("10.0.0.0/33", "10.0.0.1", 1, false),
            ("10.0.0.0/999", "10.0.0.0", 1, false),
            ("0.0.0.0/0", "1.2.3.4", 1, true),
            ("10.0.0.0/x", "10.0.0.0", 1, false),
            ("10.0.0.0/8", "ten.example", 1, false),
            ("::1", "::1", 1, true),
            ("[::1]", "::1", 1, true),
            ("[::1]:8", "::1", 8, true),
            ("[::1]:8", "::1", 9, false),
            ("[::1", "::1", 1, false),
            ("fd00::/8", "fd12::1", 1, true),
            ("fd00::/8", "fe80::1", 1, false),
            ("[fd00::/8]:80", "fd12::1", 80, true),
            ("[fd00::]/8", "fd00::", 80, false),
            ("::/0", "1.2.3.4", 1, false),
        ] {
            let exempt = list.to_owned();
            let environment = Environment {
                exempt,
                ..Environment::default()
            };
            let is_exempt = environment.is_exempt(host, port);
            assert_eq!(is_exempt, expected, "{list}: {host}:{port}");
        }
    }

    #[test]
    fn no_secret_is_printed() {
        let environment = environment(&[("http_proxy", "http://u:secret@p")]);
        assert!(!format!("{environment:?}").contains("secret"));
    }
}
