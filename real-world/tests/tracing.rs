//! What a subscriber of `tracing` is told of WebSockets within hyper and axum.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

#[allow(dead_code)]
#[path = "../../behaviour/support/recorder.rs"]
mod recorder;

use std::convert::Infallible;
use std::future::Future;

use axum::Router;
use axum::routing::any;
use bytes::Bytes;
use http_body_util::{Empty, Full};
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::service::TowerToHyperService;
use miniws_tokio::axum::WebSocketUpgrade;
use miniws_tokio::{Client, Reply, Server};
use recorder::{Entry, Records, entered};
use tokio::io::duplex;
use tracing::subscriber::set_default;
use tracing::{Instrument, Level, info, info_span};

/// What is told of one kind of connection: messages with their fields, and the span that it is in.
fn story(records: &Records, kind: &str) -> (Vec<String>, Entry) {
    let spans = records.all("websocket");
    let span = spans.iter().find(|span| span.field("otel.kind") == kind);
    let span = span.unwrap().clone();
    let entries = records.entries();
    let parent = |entry: &Entry| {
        entry
            .parent
            .map(|at| entries[at].field("otel.kind") == kind)
    };
    let told = entries
        .iter()
        .filter(|entry| entry.is_event && parent(entry) == Some(true));
    let told = told.map(|event| format!("{} {} {}", event.level, event.name, event.fields()));
    (told.map(|line| line.trim_end().to_owned()).collect(), span)
}

/// hyper's HTTP/2 in memory: a client's end of a connection whose requests `handle` answers.
async fn http2<F, R>(handle: F) -> http2::SendRequest<Empty<Bytes>>
where
    F: Fn(hyper::Request<Incoming>) -> R + Send + 'static,
    R: Future<Output = Result<hyper::Response<Full<Bytes>>, Infallible>> + Send + 'static,
{
    let (ours, theirs) = duplex(1 << 14);
    let mut http2 = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
    http2.enable_connect_protocol();
    tokio::spawn(http2.serve_connection(TokioIo::new(theirs), service_fn(handle)));
    let (sender, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(ours))
        .await
        .unwrap();
    tokio::spawn(connection);
    sender
}

#[tokio::test]
async fn within_hyper() {
    let records = Records::default();
    let _guard = set_default(records.recorder(Level::DEBUG));
    let handle = |mut request: hyper::Request<Incoming>| {
        let answering = async move {
            let server = Server::new().subprotocols(["chat"]);
            let (response, upgrading) = server.upgrade(&mut request, None).await.unwrap();
            tokio::spawn(async move {
                let mut socket = upgrading.await.unwrap();
                while let Ok(Some(_)) = socket.recv().await {}
            });
            Ok(response.map(Full::new))
        };
        answering.instrument(info_span!("request"))
    };
    let mut http2 = http2(handle).await;
    let client = Client::new("ws://localhost/room?token=7").subprotocol("chat");
    let mut socket = client.over_http2(&mut http2).await.unwrap();
    socket.close().await.unwrap();
    drop(socket);

    let closed = "DEBUG closed websocket.close.clean=true websocket.close.code=1000 \
                  websocket.close.initiator=";
    let (told, span) = story(&records, "server");
    assert_eq!(
        told,
        ["DEBUG accepted", "DEBUG open", &format!("{closed}remote")]
    );
    assert_eq!(
        span.fields(),
        "otel.kind=server url.path=/room websocket.subprotocol=chat"
    );
    assert_eq!(records.parent(&span).unwrap().name, "request");
    let (told, span) = story(&records, "client");
    assert_eq!(
        told,
        ["DEBUG connecting", "DEBUG open", &format!("{closed}local")]
    );
    assert_eq!(span.field("server.address"), "localhost");
}

#[tokio::test]
async fn refused_within_hyper() {
    for (path, server_tells, status) in [
        (
            "/",
            "DEBUG not opened error.type=Declined http.response.status_code=403",
            403,
        ),
        (
            "/page",
            "DEBUG not opened error.type=Declined http.response.status_code=426",
            426,
        ),
    ] {
        let records = Records::default();
        let _guard = set_default(records.recorder(Level::DEBUG));
        let handle = |mut request: hyper::Request<Incoming>| async move {
            let server = Server::new().verify(|_| async { Err(Reply::new(403)) });
            if request.uri().path() == "/page" {
                request = hyper::Request::get("/page")
                    .header("Host", "h")
                    .body(request.into_body())
                    .unwrap();
            }
            let refusal = server.upgrade(&mut request, None).await.err().unwrap();
            Ok(refusal.map(Full::new))
        };
        let mut http2 = http2(handle).await;
        let client = Client::new(&format!("ws://localhost{path}"));
        client.over_http2(&mut http2).await.unwrap_err();
        assert_eq!(
            story(&records, "server").0,
            ["DEBUG accepted", server_tells]
        );
        assert_eq!(
            story(&records, "client").0,
            [
                "DEBUG connecting",
                &format!("DEBUG not opened error.type=Refused http.response.status_code={status}")
            ]
        );
    }
}

#[tokio::test]
async fn within_axum() {
    let records = Records::default();
    let _guard = set_default(records.recorder(Level::DEBUG));
    let route = async |upgrade: WebSocketUpgrade| {
        upgrade.on_upgrade(|mut socket| {
            assert!(entered().is_some());
            async move {
                info!("handled");
                while let Ok(Some(_)) = socket.recv().await {}
            }
        })
    };
    let app: Router = Router::new().route("/room", any(route));
    let service = TowerToHyperService::new(app);
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        service.call(request).instrument(info_span!("request"))
    });
    let (ours, theirs) = duplex(1 << 14);
    let serving = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(theirs), service)
        .with_upgrades();
    tokio::spawn(serving);
    let (mut http1, connection) = http1::handshake::<_, Empty<Bytes>>(TokioIo::new(ours))
        .await
        .unwrap();
    tokio::spawn(connection.with_upgrades());
    let client = Client::new("ws://localhost/room?token=7");
    let mut socket = client.over_http1(&mut http1).await.unwrap();
    socket.close().await.unwrap();

    let (told, span) = story(&records, "server");
    assert_eq!(told[..3], ["DEBUG accepted", "DEBUG open", "INFO handled"]);
    assert_eq!(span.fields(), "otel.kind=server url.path=/room");
    assert_eq!(records.parent(&span).unwrap().name, "request");
}
