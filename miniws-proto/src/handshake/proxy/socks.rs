//! SOCKS5 (RFC 1928) with user and password (RFC 1929).

use alloc::vec;
use alloc::vec::Vec;
use core::mem;
use core::net::IpAddr;

use bytes::{Buf as _, BytesMut};

use super::ProxyError;
use crate::handshake::Url;
use crate::queue::SendQueue;

/// Asks for a tunnel.
pub(super) struct Socks {
    awaited: Awaited,
    /// RFC 1929 section 2; `None` without credentials.
    login: Option<Vec<u8>>,
    /// RFC 1928 section 4.
    request: Vec<u8>,
}

#[derive(Clone, Copy)]
enum Awaited {
    Method,
    Login,
    Reply,
}

const NO_AUTHENTICATION: u8 = 0;
const USER_AND_PASSWORD: u8 = 2;

impl Socks {
    pub(super) fn new(
        url: &Url,
        credentials: Option<(&str, &str)>,
        outgoing: &mut SendQueue,
    ) -> Result<Self, ProxyError> {
        let login = match credentials {
            Some((user, password)) => {
                let mut login = vec![1];
                push(&mut login, user).ok_or(ProxyError::InvalidCredentials)?;
                push(&mut login, password).ok_or(ProxyError::InvalidCredentials)?;
                Some(login)
            }
            None => None,
        };
        let request = request(url).ok_or(ProxyError::InvalidServer)?;
        outgoing.copy(match login {
            None => &[5, 1, NO_AUTHENTICATION],
            Some(_) => &[5, 2, NO_AUTHENTICATION, USER_AND_PASSWORD],
        });
        Ok(Self {
            awaited: Awaited::Method,
            login,
            request,
        })
    }

    /// Whether there is a tunnel.
    pub(super) fn receive(
        &mut self,
        input: &mut BytesMut,
        outgoing: &mut SendQueue,
    ) -> Result<bool, ProxyError> {
        loop {
            match (self.awaited, &input[..]) {
                (Awaited::Method, [5, NO_AUTHENTICATION, ..]) | (Awaited::Login, [1, 0, ..]) => {
                    outgoing.copy(&mem::take(&mut self.request));
                    self.awaited = Awaited::Reply;
                }
                (Awaited::Method, [5, USER_AND_PASSWORD, ..]) => {
                    let login = self.login.take().ok_or(ProxyError::NotSocks)?;
                    outgoing.copy(&login);
                    self.awaited = Awaited::Login;
                }
                (Awaited::Method, [5, 0xff, ..]) => return Err(ProxyError::NoAcceptableMethod),
                (Awaited::Login, [1, _, ..]) => return Err(ProxyError::AuthenticationFailed),
                (Awaited::Reply, [5, code @ 1..=255, ..]) => return Err(ProxyError::Failed(*code)),
                (Awaited::Reply, [5, 0, 0, 1, ..]) => return Ok(ends(input, 4)),
                (Awaited::Reply, [5, 0, 0, 4, ..]) => return Ok(ends(input, 16)),
                (Awaited::Reply, [5, 0, 0, 3, len, ..]) => {
                    let len = usize::from(*len);
                    return Ok(ends(input, 1 + len));
                }
                (Awaited::Method | Awaited::Reply, [] | [5])
                | (Awaited::Login, [] | [1])
                | (Awaited::Reply, [5, 0] | [5, 0, 0] | [5, 0, 0, 3]) => return Ok(false),
                _ => return Err(ProxyError::NotSocks),
            }
            input.advance(2);
        }
    }
}

/// RFC 1928 section 4. The proxy resolves a name.
fn request(url: &Url) -> Option<Vec<u8>> {
    let mut request = vec![5, 1, 0];
    match url.host().parse() {
        Ok(IpAddr::V4(address)) => {
            request.push(1);
            request.extend_from_slice(&address.octets());
        }
        Ok(IpAddr::V6(address)) => {
            request.push(4);
            request.extend_from_slice(&address.octets());
        }
        Err(_) => {
            request.push(3);
            push(&mut request, url.host())?;
        }
    }
    request.extend_from_slice(&url.port().to_be_bytes());
    Some(request)
}

/// Appends a text behind the byte that counts its own.
fn push(bytes: &mut Vec<u8>, text: &str) -> Option<()> {
    bytes.push(u8::try_from(text.len()).ok()?);
    bytes.extend_from_slice(text.as_bytes());
    Some(())
}

/// Whether the reply is complete; it is taken out then. Behind four bytes it has an address of so many
/// bytes and a port (RFC 1928 section 6), which are of no use here.
fn ends(input: &mut BytesMut, address: usize) -> bool {
    let len = 4 + address + 2;
    let is_complete = input.len() >= len;
    if is_complete {
        input.advance(len);
    }
    is_complete
}
