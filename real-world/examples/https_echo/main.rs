//! An echo server within axum, over TLS, with a page to try it on: upgrades of HTTP/1.1, and extended
//! CONNECT over HTTP/2 (RFC 8441), which is how a browser opens a WebSocket to a server that it has a
//! connection of HTTP/2 to.
//!
//! `https_echo [--addr 127.0.0.1:9443] [--plain] [--no-extended-connect] [--subprotocol NAME]...`
//!
//! It prints `listening on wss://ADDR` when it is ready; open `https://ADDR`. Its certificate is made at
//! the start, and signed by itself: a browser has to be told to trust it. With `--plain` it does without
//! TLS, to be behind a proxy. Ctrl-C closes everyone with 1001.
//!
//! A WebSocket of `/how` is told first how it came about.

#[path = "../../../miniws-tokio/examples/common/exit.rs"]
mod exit;
mod options;

use std::sync::Arc;
use std::time::Duration;

use axum::extract::Extension;
use axum::http::{Method, Version};
use axum::response::{Html, IntoResponse, Response};
use axum::{Router, routing::any};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use miniws_tokio::axum::{Rejection, WebSocketUpgrade};
use miniws_tokio::hyper::Upgraded;
use miniws_tokio::rustls::{ServerConfig, crypto::ring::default_provider};
use miniws_tokio::{CloseCode, Config, DeflateConfig, Event, WebSocket};
use serde::Serialize;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::signal::ctrl_c;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

use exit::Error;
use options::Options;

#[tokio::main]
async fn main() {
    exit::exit(run().await)
}

async fn run() -> Result<(), Error> {
    let options = Options::parse()?;
    let bound = TcpListener::bind(&options.addr).await;
    let listener = bound.map_err(|error| format!("{}: {error}", options.addr))?;
    let scheme = if options.plain { "ws" } else { "wss" };
    let ready = format!("listening on {scheme}://{}", listener.local_addr()?);

    let stop = watch::Sender::new(false);
    let site = Site {
        subprotocols: options.subprotocols.into(),
        stop: stop.clone(),
    };
    let mut http = auto::Builder::new(TokioExecutor::new());
    if options.extended_connect {
        http.http2().enable_connect_protocol();
    }
    let tls = (!options.plain).then(acceptor).transpose()?;
    let serving = tokio::spawn(serve(listener, tls, http, site));

    // Who has read that it is ready may interrupt it: `ctrl_c` is polled first, and catches from
    // then on.
    let (interrupted, ()) = tokio::join!(ctrl_c(), async { println!("{ready}") });
    interrupted?;
    serving.abort();
    // Every WebSocket has a receiver, and closes when it is told.
    stop.send_replace(true);
    let _ = tokio::time::timeout(Duration::from_secs(3), stop.closed()).await;
    Ok(())
}

/// TLS by a certificate made on the spot. ALPN lets the client choose the version of HTTP.
fn acceptor() -> Result<TlsAcceptor, Error> {
    let made = rcgen::generate_simple_self_signed(["localhost".into(), "127.0.0.1".into()])?;
    let key = made.signing_key.serialize_der().try_into()?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

type Http = auto::Builder<TokioExecutor>;

/// Which connection of the server this is.
#[derive(Clone, Copy)]
struct Number(u64);

async fn serve(listener: TcpListener, tls: Option<TlsAcceptor>, http: Http, site: Site) {
    let (http, app) = (Arc::new(http), app(site));
    for number in 1.. {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                eprintln!("{error}");
                // Such as: no descriptor is left.
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let (http, tls) = (http.clone(), tls.clone());
        let app = app.clone().layer(Extension(Number(number)));
        tokio::spawn(async move {
            if let Err(error) = connection(stream, tls, &http, app).await {
                eprintln!("connection {number}: {error}");
            }
        });
    }
}

async fn connection(
    stream: TcpStream,
    tls: Option<TlsAcceptor>,
    http: &Http,
    app: Router,
) -> Result<(), Error> {
    stream.set_nodelay(true)?;
    match tls {
        Some(tls) => {
            let handshake = tokio::time::timeout(Duration::from_secs(10), tls.accept(stream));
            requests(handshake.await??, http, app).await
        }
        None => requests(stream, http, app).await,
    }
}

/// All requests of a connection, of either version of HTTP.
async fn requests<S>(stream: S, http: &Http, app: Router) -> Result<(), Error>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = TowerToHyperService::new(app);
    http.serve_connection_with_upgrades(TokioIo::new(stream), service)
        .await
}

/// What the handlers know.
#[derive(Clone)]
struct Site {
    subprotocols: Arc<[String]>,
    /// Whether everyone is to be closed.
    stop: watch::Sender<bool>,
}

/// `any`, for HTTP/1.1 asks with GET and HTTP/2 with CONNECT.
fn app(site: Site) -> Router {
    Router::new()
        .route("/", any(echo))
        .route("/how", any(how))
        .layer(Extension(site))
}

/// The page, or a WebSocket that echoes.
async fn echo(
    Extension(site): Extension<Site>,
    upgrade: Result<WebSocketUpgrade, Rejection>,
    method: Method,
) -> Response {
    match upgrade {
        Ok(upgrade) => site.accept(upgrade, None),
        Err(refusal) if refusal.status() == 426 && method == Method::GET => {
            let page = include_str!("../../../miniws-tokio/examples/pages/echo.html");
            Html(page).into_response()
        }
        Err(refusal) => refusal.into_response(),
    }
}

/// How a WebSocket came about.
#[derive(Serialize)]
struct How {
    version: String,
    method: String,
    connection: u64,
}

/// A WebSocket that tells how it came about, and then echoes.
async fn how(
    Extension(site): Extension<Site>,
    Extension(Number(connection)): Extension<Number>,
    version: Version,
    method: Method,
    upgrade: WebSocketUpgrade,
) -> Response {
    let how = How {
        version: format!("{version:?}"),
        method: method.to_string(),
        connection,
    };
    site.accept(upgrade, serde_json::to_string(&how).ok())
}

impl Site {
    fn accept(self, upgrade: WebSocketUpgrade, greeting: Option<String>) -> Response {
        let config = Config::default()
            .max_message_size(32 << 20)
            .max_frame_size(32 << 20)
            .deflate(Some(DeflateConfig::default()));
        let stop = self.stop.subscribe();
        upgrade
            .config(config)
            .subprotocols(&*self.subprotocols)
            .on_upgrade(move |socket| async move {
                if let Err(error) = talk(socket, greeting, stop).await {
                    eprintln!("{error}");
                }
            })
    }
}

async fn talk(
    mut socket: WebSocket<Upgraded>,
    greeting: Option<String>,
    mut stop: watch::Receiver<bool>,
) -> Result<(), Error> {
    if let Some(greeting) = greeting {
        socket.send(greeting).await?;
    }
    loop {
        let event = tokio::select! {
            event = socket.recv() => event?,
            _ = async { stop.wait_for(|stop| *stop).await.is_ok() } => {
                socket.close_with(CloseCode::GOING_AWAY, "").await?;
                return Ok(());
            }
        };
        match event {
            Some(Event::Message(message)) => socket.send(message).await?,
            Some(_) => {}
            None => return Ok(()),
        }
    }
}
