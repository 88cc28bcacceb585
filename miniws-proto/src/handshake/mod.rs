//! The opening handshake over HTTP/1.1 (RFC 6455 section 4), in both roles. It knows nothing of
//! frames: what it hands over is a [`Connection`](crate::Connection).

mod accept;
mod body;
mod client;
mod client_request;
mod deadline;
mod error;
mod headers;
#[cfg(feature = "http")]
mod http;
mod http1;
mod incoming;
mod offer;
mod proxy;
mod reply;
mod request;
mod response;
mod server;
mod url;

pub use accept::Accept;
pub use client::ClientHandshake;
pub use client_request::ClientRequest;
pub use error::HandshakeError;
pub use headers::Headers;
pub use incoming::{Incoming, PlainRequest, Upgrade};
pub use offer::Offer;
pub use proxy::{Proxy, ProxyError, ProxyHandshake};
pub use reply::Reply;
pub use request::Request;
pub use response::Response;
pub use server::ServerHandshake;
pub use url::Url;
