//! The CONNECT of HTTP/1.1 (RFC 9110 section 9.3.6).

use alloc::boxed::Box;
use alloc::format;
use alloc::sync::Arc;
use alloc::vec::Vec;

use bytes::BytesMut;

use super::ProxyError;
use crate::config::Config;
use crate::handshake::HandshakeError;
use crate::handshake::client::MAX_INTERIM;
use crate::handshake::client_request::basic;
use crate::handshake::headers::encode_field;
use crate::handshake::http1::HeadScanner;

/// The request for a tunnel to a host and port.
pub(super) fn request(server: &str, credentials: Option<(&str, &str)>) -> Vec<u8> {
    let mut request = Vec::from(format!("CONNECT {server} HTTP/1.1\r\n"));
    encode_field(&mut request, "Host", server);
    if let Some(credentials) = credentials {
        encode_field(&mut request, "Proxy-Authorization", basic(credentials));
    }
    request.extend_from_slice(b"\r\n");
    request
}

/// Waits for the answer.
pub(super) struct Connect {
    scanner: HeadScanner,
    interim: u8,
    config: Arc<Config>,
}

impl Connect {
    pub(super) fn new(config: Arc<Config>) -> Self {
        Self {
            scanner: HeadScanner::response(),
            interim: 0,
            config,
        }
    }

    /// Whether there is a tunnel. It begins right behind the head, whatever that says of a length.
    pub(super) fn receive(&mut self, input: &mut BytesMut) -> Result<bool, ProxyError> {
        let invalid = ProxyError::InvalidAnswer;
        while let Some(head) = self
            .scanner
            .take_head(input, &self.config)
            .map_err(invalid)?
        {
            let (_, response) = head.parse_response().map_err(invalid)?;
            match response.status() {
                // RFC 9110 section 15.2: they announce the answer. There is nothing to switch to.
                100 | 102..200 if self.interim < MAX_INTERIM => {
                    self.interim += 1;
                    self.scanner = HeadScanner::response();
                }
                100 | 102..200 => return Err(invalid(HandshakeError::TooManyInterim)),
                200..300 => return Ok(true),
                _ => return Err(ProxyError::Refused(Box::new(response))),
            }
        }
        Ok(false)
    }
}
