//! Handshakes for those that leave HTTP to hyper.

use std::cell::RefCell;
use std::convert::Infallible;
use std::future::{Future, ready};

use bytes::Bytes;
use http_body_util::Empty;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// Accepts: `upgrade` answers the request and says what to do once the answer is out.
pub async fn accept<F: Future<Output = ()>>(
    stream: TcpStream,
    upgrade: impl Fn(Request<Incoming>) -> Option<(Response<Empty<Bytes>>, F)>,
) -> Option<()> {
    let stay = RefCell::new(None);
    let service = service_fn(|request| {
        let response = match upgrade(request) {
            Some((response, then)) => {
                stay.replace(Some(then));
                response
            }
            None => {
                let mut response = Response::new(Empty::new());
                *response.status_mut() = StatusCode::BAD_REQUEST;
                response
            }
        };
        ready(Ok::<_, Infallible>(response))
    });
    http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades()
        .await
        .ok()?;
    stay.take()?.await;
    Some(())
}
