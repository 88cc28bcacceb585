//! WebSockets within hyper and axum, over HTTP/1.1 and HTTP/2.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::routing::any;
use bytes::Bytes;
use http_body_util::{Empty, Full};
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use miniws_tokio::axum::WebSocketUpgrade;
use miniws_tokio::hyper::Upgraded;
use miniws_tokio::{
    Accept, Client, CloseCode, Config, DeflateConfig, Error, Event, HandshakeError, Message, Reply,
    Server, WebSocket,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

type Http1 = http1::SendRequest<Empty<Bytes>>;
type Http2 = http2::SendRequest<Empty<Bytes>>;

/// A client's end of a connection of each version, with the same service behind both.
async fn both(server: Server) -> (Http1, Http2) {
    (http1(server.clone()).await, http2(server).await)
}

async fn http1(server: Server) -> Http1 {
    let (ours, theirs) = duplex(1 << 14);
    let service = service_fn(move |request| serve(server.clone(), request));
    let serving = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(theirs), service)
        .with_upgrades();
    tokio::spawn(serving);
    let (sender, connection) = http1::handshake(TokioIo::new(ours)).await.unwrap();
    tokio::spawn(connection.with_upgrades());
    sender
}

async fn http2(server: Server) -> Http2 {
    let (ours, theirs) = duplex(1 << 14);
    let service = service_fn(move |request| serve(server.clone(), request));
    let mut http2 = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
    http2.enable_connect_protocol();
    tokio::spawn(http2.serve_connection(TokioIo::new(theirs), service));
    http2_over(ours).await
}

async fn http2_over(stream: DuplexStream) -> Http2 {
    let executor = TokioExecutor::new();
    let (sender, connection) = http2::handshake(executor, TokioIo::new(stream))
        .await
        .unwrap();
    tokio::spawn(connection);
    sender
}

async fn serve(
    server: Server,
    mut request: hyper::Request<Incoming>,
) -> Result<hyper::Response<Full<Bytes>>, Infallible> {
    let remote_addr = SocketAddr::from(([192, 0, 2, 7], 4711));
    let response = match server.upgrade(&mut request, Some(remote_addr)).await {
        Ok((response, upgrading)) => {
            tokio::spawn(async move { echo(upgrading.await.unwrap()).await });
            response
        }
        Err(refusal) => refusal,
    };
    Ok(response.map(Full::new))
}

async fn echo<S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin>(mut socket: WebSocket<S>) {
    while let Ok(Some(event)) = socket.recv().await {
        if let Event::Message(message) = event {
            socket.send(message).await.unwrap();
        }
    }
}

fn client(path: &str) -> Client {
    Client::new(&format!("ws://localhost{path}"))
}

async fn is_echoed(socket: &mut WebSocket<Upgraded>, message: impl Into<Message>) {
    let message = message.into();
    let (sender, receiver) = (message.clone(), message);
    socket.send(sender).await.unwrap();
    assert_eq!(socket.recv().await.unwrap(), Some(Event::Message(receiver)));
}

#[tokio::test]
async fn echo_and_close_over_both_versions() {
    let deflate = Config::default().deflate(Some(DeflateConfig::default()));
    let server = Server::new().subprotocols(["echo"]).config(deflate.clone());
    let (mut http1, mut http2) = both(server).await;
    let asking = || client("/").subprotocol("echo").config(deflate.clone());
    let sockets = [
        asking().over_http1(&mut http1).await.unwrap(),
        asking().over_http2(&mut http2).await.unwrap(),
    ];
    for mut socket in sockets {
        assert_eq!(socket.subprotocol(), Some("echo"));
        assert!(socket.deflate().is_some());
        is_echoed(&mut socket, "hello").await;
        // More than a window of HTTP/2.
        is_echoed(&mut socket, vec![7; 1 << 20]).await;
        let status = socket.close().await.unwrap();
        assert!(status.clean);
        assert_eq!(status.code, CloseCode::NORMAL);
    }
}

#[tokio::test]
async fn many_over_one_connection() {
    let mut http2 = http2(Server::new()).await;
    let mut sockets = Vec::new();
    for _ in 0..20 {
        sockets.push(client("/").over_http2(&mut http2).await.unwrap());
    }
    for (number, socket) in sockets.iter_mut().enumerate() {
        socket.send(number.to_string()).await.unwrap();
    }
    for (number, socket) in sockets.iter_mut().enumerate() {
        let expected = Event::Message(number.to_string().into());
        assert_eq!(socket.recv().await.unwrap(), Some(expected));
    }
    // One ends without a word, and the others don't notice.
    sockets.swap_remove(3).terminate();
    for socket in &mut sockets {
        is_echoed(socket, "still there").await;
    }
}

#[tokio::test]
async fn a_hook_rejects_and_accepts() {
    let server = Server::new().verify(|attempt| async move {
        assert_eq!(attempt.remote_addr().unwrap().port(), 4711);
        assert_eq!(attempt.request().host(), Some("localhost"));
        match attempt.request().target() {
            "/open?sesame" => Ok(Accept::new().header("X-Door", "open")),
            _ => Err(Reply::new(401)
                .header("X-Door", "shut")
                .body("say the word")),
        }
    });
    let (mut http1, mut http2) = both(server).await;
    let refused = [
        client("/").over_http1(&mut http1).await.unwrap_err(),
        client("/").over_http2(&mut http2).await.unwrap_err(),
    ];
    for error in refused {
        let Error::Handshake(HandshakeError::Refused(response)) = error else {
            panic!("{error}");
        };
        assert_eq!(
            (response.status(), response.body()),
            (401, &b"say the word"[..])
        );
        assert_eq!(response.headers().get("X-Door"), Some("shut"));
    }
    let is_open =
        |response: &miniws_tokio::Response| response.headers().get("x-door") == Some("open");
    let open = || client("/open?sesame").on_response(is_open);
    open().over_http1(&mut http1).await.unwrap();
    open().over_http2(&mut http2).await.unwrap();
    let aborted = client("/open?sesame")
        .on_response(|_| false)
        .over_http2(&mut http2)
        .await;
    assert!(matches!(aborted, Err(Error::Aborted)));
}

#[tokio::test]
async fn what_is_no_request_for_a_websocket() {
    let (mut http1, mut http2) = both(Server::new()).await;
    let plain = |uri: &str| {
        hyper::Request::get(uri)
            .header("host", "localhost")
            .body(Empty::new())
    };
    let answers = [
        http1.send_request(plain("/").unwrap()).await.unwrap(),
        http2
            .send_request(plain("http://localhost/").unwrap())
            .await
            .unwrap(),
    ];
    for answer in answers {
        assert_eq!(answer.status(), 426);
        assert_eq!(answer.headers()["sec-websocket-version"], "13");
    }
    let mut other = hyper::Request::connect("http://localhost/")
        .body(Empty::new())
        .unwrap();
    other
        .extensions_mut()
        .insert(hyper::ext::Protocol::from_static("connect-udp"));
    assert_eq!(http2.send_request(other).await.unwrap().status(), 405);
    let mut old = hyper::Request::connect("http://localhost/")
        .body(Empty::new())
        .unwrap();
    old.extensions_mut()
        .insert(hyper::ext::Protocol::from_static("websocket"));
    assert_eq!(http2.send_request(old).await.unwrap().status(), 400);
}

/// Over HTTP/1.1 a page is a refusal too.
#[tokio::test]
async fn a_page_instead_of_an_upgrade() {
    let (ours, theirs) = duplex(1 << 14);
    let page = service_fn(|_| async {
        Ok::<_, Infallible>(hyper::Response::new(Full::new(Bytes::from("a page"))))
    });
    let http1 = hyper::server::conn::http1::Builder::new();
    tokio::spawn(http1.serve_connection(TokioIo::new(theirs), page));
    let (mut sender, connection) = http1::handshake(TokioIo::new(ours)).await.unwrap();
    tokio::spawn(connection.with_upgrades());
    let sender: &mut Http1 = &mut sender;
    match client("/").over_http1(sender).await {
        Err(Error::Handshake(HandshakeError::Refused(response))) => {
            assert_eq!((response.status(), response.body()), (200, &b"a page"[..]));
        }
        other => panic!("{other:?}"),
    }
}

/// What there is of its body is told at the deadline.
#[tokio::test]
async fn a_refusal_that_does_not_end() {
    let (ours, mut theirs) = duplex(1 << 14);
    let (mut sender, connection) = http1::handshake(TokioIo::new(ours)).await.unwrap();
    tokio::spawn(connection.with_upgrades());
    let sender: &mut Http1 = &mut sender;
    let config = Config::default().handshake_timeout(Duration::from_secs(1));
    let refusing = async {
        assert!(theirs.read(&mut [0; 1024]).await.unwrap() > 0);
        let part = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 10\r\n\r\nno";
        theirs.write_all(part).await.unwrap();
    };
    match tokio::join!(client("/").config(config).over_http1(sender), refusing).0 {
        Err(Error::Handshake(HandshakeError::Refused(response))) => {
            assert_eq!((response.status(), response.body()), (403, &b"no"[..]));
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_server_that_does_not_allow_extended_connect() {
    let (ours, theirs) = duplex(1 << 14);
    let service = service_fn(|request| serve(Server::new(), request));
    let http2 = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
    tokio::spawn(http2.serve_connection(TokioIo::new(theirs), service));
    let mut sender = http2_over(ours).await;
    assert!(matches!(
        client("/").over_http2(&mut sender).await,
        Err(Error::Io(_))
    ));
}

#[tokio::test]
async fn axum_serves_both_versions_with_one_handler() {
    async fn handle(upgrade: WebSocketUpgrade) -> axum::response::Response {
        assert_eq!(upgrade.request().path(), "/echo");
        upgrade
            .config(Config::default().max_message_size(100))
            .subprotocols(["v2", "v1"])
            .on_upgrade(|mut socket| async move {
                let failure = loop {
                    match socket.recv().await {
                        Ok(Some(Event::Message(message))) => socket.send(message).await.unwrap(),
                        Ok(_) => {}
                        Err(error) => break error,
                    }
                };
                assert_eq!(failure.close_code(), Some(CloseCode::MESSAGE_TOO_BIG));
            })
    }
    let app: Router = Router::new().route("/echo", any(handle));
    let (mut http1, mut http2) = axum_senders(app).await;
    let asking = || client("/echo").subprotocol("v1").subprotocol("v2");
    let sockets = [
        asking().over_http1(&mut http1).await.unwrap(),
        asking().over_http2(&mut http2).await.unwrap(),
    ];
    for mut socket in sockets {
        assert_eq!(socket.subprotocol(), Some("v1"));
        is_echoed(&mut socket, "hello").await;
        socket.send(vec![0; 101]).await.unwrap();
        let Some(Event::Close(Some(frame))) = socket.recv().await.unwrap() else {
            panic!("it should have been closed");
        };
        assert_eq!(frame.code(), CloseCode::MESSAGE_TOO_BIG);
    }
}

#[tokio::test]
async fn axum_rejects_with_the_right_status() {
    async fn handle(upgrade: WebSocketUpgrade) -> axum::response::Response {
        upgrade.on_upgrade(|_| async {})
    }
    let app: Router = Router::new().route("/", any(handle));
    let (mut http1, _) = axum_senders(app).await;
    let websocket = |method: &str, version: &str| {
        hyper::Request::builder()
            .method(method)
            .uri("/")
            .header("host", "localhost")
            .header("upgrade", "websocket")
            .header("connection", "upgrade")
            .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
            .header("sec-websocket-version", version)
            .body(Empty::new())
            .unwrap()
    };
    for (method, version, status) in [("POST", "13", 405), ("GET", "8", 426), ("GET", "x", 426)] {
        http1.ready().await.unwrap();
        let answer = http1
            .send_request(websocket(method, version))
            .await
            .unwrap();
        assert_eq!(answer.status(), status, "{method} {version}");
        assert_eq!(
            answer.headers().contains_key("sec-websocket-version"),
            status == 426
        );
    }
}

async fn axum_senders(app: Router) -> (Http1, Http2) {
    let service = hyper_util::service::TowerToHyperService::new(app);
    let (ours, theirs) = duplex(1 << 14);
    let serving = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(theirs), service.clone())
        .with_upgrades();
    tokio::spawn(serving);
    let (http1, connection) = http1::handshake(TokioIo::new(ours)).await.unwrap();
    tokio::spawn(connection.with_upgrades());

    let (ours, theirs) = duplex(1 << 14);
    let mut http2 = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
    http2.enable_connect_protocol();
    tokio::spawn(http2.serve_connection(TokioIo::new(theirs), service));
    (http1, http2_over(ours).await)
}
