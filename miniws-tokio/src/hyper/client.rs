//! The client's side.

use std::io;
use std::pin::pin;

use http::Uri;
use http::header::HOST;
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use hyper::client::conn::{http1, http2};
use hyper::ext::Protocol;
use hyper_util::rt::TokioIo;
use miniws_adapter::{ResponseHook, Wish};
use miniws_proto::{Connection, HandshakeError, Offer, Response};
use tokio::select;
use tokio::time::sleep;

use super::{Upgraded, socket};
use crate::{Client, Error, WebSocket};

impl Client {
    /// Upgrades a connection of HTTP/1.1 to a WebSocket. The connection must be driven
    /// [with upgrades](hyper::client::conn::http1::Connection::with_upgrades).
    ///
    /// # Errors
    ///
    /// As [`connect`](Self::connect).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops the request, and with it the connection.
    ///
    /// ```no_run
    /// use http_body_util::Empty;
    /// use hyper::body::Bytes;
    /// use hyper_util::rt::TokioIo;
    /// use miniws_tokio::Client;
    ///
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// let stream = tokio::net::TcpStream::connect("127.0.0.1:9001").await?;
    /// let (mut http1, connection) =
    ///     hyper::client::conn::http1::handshake::<_, Empty<Bytes>>(TokioIo::new(stream)).await?;
    /// tokio::spawn(connection.with_upgrades());
    /// let socket = Client::new("ws://127.0.0.1:9001/").over_http1(&mut http1).await?;
    /// # let _ = socket;
    /// # Ok(()) }
    /// ```
    pub async fn over_http1<B>(
        self,
        sender: &mut http1::SendRequest<B>,
    ) -> Result<WebSocket<Upgraded>, Error>
    where
        B: Body + Default + 'static,
    {
        let trace = self.wish.trace();
        socket(upgrade(self.wish, sender).await, None, trace)
    }

    /// Opens a WebSocket as one stream of a connection of HTTP/2, by an extended CONNECT (RFC 8441).
    /// [The module](crate::hyper) has an example.
    ///
    /// The server must have allowed it by its settings (RFC 8441 section 3), or it refuses the
    /// stream. hyper's
    /// [`is_extended_connect_protocol_enabled`](hyper::client::conn::http2::Connection::is_extended_connect_protocol_enabled)
    /// tells, once the settings have come; on a new connection a client has to wait for them.
    ///
    /// # Errors
    ///
    /// As [`connect`](Self::connect).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future resets the stream. The connection goes on.
    pub async fn over_http2<B>(
        self,
        sender: &mut http2::SendRequest<B>,
    ) -> Result<WebSocket<Upgraded>, Error>
    where
        B: Body + Default + 'static,
    {
        let trace = self.wish.trace();
        socket(connect(self.wish, sender).await, None, trace)
    }
}

async fn upgrade<B>(
    wish: Wish,
    sender: &mut http1::SendRequest<B>,
) -> Result<(Upgraded, Connection), Error>
where
    B: Body + Default + 'static,
{
    let offer = Offer::upgrade(wish.request?, wish.config, wish.entropy)?;
    let request = http::Request::try_from(offer.request())?.map(|()| B::default());
    let response = async {
        sender.ready().await?;
        sender.send_request(request).await
    };
    open(offer, response, wish.on_response).await
}

async fn connect<B>(
    wish: Wish,
    sender: &mut http2::SendRequest<B>,
) -> Result<(Upgraded, Connection), Error>
where
    B: Body + Default + 'static,
{
    let request = wish.request?;
    let scheme = if request.url().is_secure() {
        "https"
    } else {
        "http"
    };
    let offer = Offer::connect(request, wish.config, wish.entropy)?;
    let mut request = http::Request::try_from(offer.request())?.map(|()| B::default());
    make_absolute(&mut request, scheme)?;
    request
        .extensions_mut()
        .insert(Protocol::from_static("websocket"));
    let response = async {
        sender.ready().await?;
        sender.send_request(request).await
    };
    open(offer, response, wish.on_response).await
}

/// Moves the `Host` into the URI, from which HTTP/2 takes its pseudo-header fields.
fn make_absolute<B>(request: &mut http::Request<B>, scheme: &str) -> Result<(), Error> {
    let host = request.headers_mut().remove(HOST);
    let path = request
        .uri()
        .path_and_query()
        .map_or("/", |path| path.as_str());
    let uri = Uri::builder().scheme(scheme).path_and_query(path);
    let uri = match &host {
        Some(host) => uri.authority(host.as_bytes()),
        None => uri,
    };
    let uri = uri.build();
    *request.uri_mut() = uri.map_err(|_| HandshakeError::InvalidHeaderValue("Host".into()))?;
    Ok(())
}

/// Awaits the response, and the stream that comes with it, under the deadline of the handshake.
async fn open(
    offer: Offer,
    response: impl Future<Output = hyper::Result<http::Response<Incoming>>>,
    on_response: Option<Box<ResponseHook>>,
) -> Result<(Upgraded, Connection), Error> {
    let mut deadline = pin!(sleep(offer.timeout()));
    let mut response = select! {
        response = response => response.map_err(io::Error::other)?,
        () = &mut deadline => return Err(HandshakeError::Timeout.into()),
    };
    let on_upgrade = hyper::upgrade::on(&mut response);
    let (parts, body) = response.into_parts();
    let mut response = Response::try_from(&parts)?;
    if !offer.is_accepted_by(response.status()) {
        let mut read = Vec::new();
        select! {
            () = read_body(body, offer.max_body_size(), &mut read) => {}
            // That the server refused says more than how the rest got lost.
            () = &mut deadline => {}
        }
        response = response.with_body(read);
    }
    let connection = offer.accept(&response)?;
    if on_response.is_some_and(|hook| !hook(&response)) {
        return Err(Error::Aborted);
    }
    let stream = select! {
        stream = on_upgrade => stream.map_err(io::Error::other)?,
        () = deadline => return Err(HandshakeError::Timeout.into()),
    };
    Ok((TokioIo::new(stream), connection))
}

/// As much of the body as comes, up to a limit.
async fn read_body(mut body: Incoming, max: usize, read: &mut Vec<u8>) {
    while let Some(Ok(frame)) = body.frame().await {
        if let Ok(data) = frame.into_data() {
            read.extend_from_slice(&data[..data.len().min(max - read.len())]);
        }
        if read.len() == max {
            return;
        }
    }
}
