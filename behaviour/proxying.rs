//! How a client goes through a proxy.

use std::future::Future;
use std::io;

use super::support::alone::alone_with_variables;
use super::support::{TICK, join, run, text, wire};
use crate::miniws::{Client, Error, HandshakeError, ProxyError};
use crate::runtime::{AsyncReadExt, HAS_TLS, TcpListener, TcpStream};

/// A proxy for one connection, and its host and port. What it does is up to the test, which plays the
/// server behind it as well.
async fn proxy() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    (listener, address)
}

async fn accept(proxy: &TcpListener) -> TcpStream {
    proxy.accept().await.unwrap().0
}

/// Answers the CONNECT that comes next; its head.
async fn answer(stream: &mut TcpStream, answer: &str) -> String {
    let request = wire::read_head(stream).await;
    wire::write(stream, answer).await;
    request
}

async fn expect(stream: &mut TcpStream, bytes: &[u8]) {
    let mut read = vec![0; bytes.len()];
    stream.read_exact(&mut read).await.unwrap();
    assert_eq!(read, bytes);
}

/// The server at the end of the tunnel opens a WebSocket; the head of the request for it.
async fn welcome(stream: &mut TcpStream) -> String {
    let request = wire::read_head(stream).await;
    wire::write(stream, wire::switching(&request, "")).await;
    wire::write(stream, wire::unmasked(wire::TEXT, "welcome")).await;
    request
}

const OPEN: &str = "HTTP/1.1 200 Connection established\r\n\r\n";

#[test]
fn by_connect() {
    run(async {
        let (proxy, address) = proxy().await;
        let client =
            Client::new("ws://example.invalid/chat").proxy(&format!("ada:secret@{address}"));
        let (connected, (connect, request, _stream)) = join(client.connect(), async {
            let mut stream = accept(&proxy).await;
            let connect = answer(&mut stream, OPEN).await;
            (connect, welcome(&mut stream).await, stream)
        })
        .await;
        let mut socket = connected.unwrap();
        assert_eq!(text(socket.recv().await.unwrap()), "welcome");
        let remote = socket.remote_addr().unwrap().to_string();
        assert_eq!(remote, address, "the proxy's");

        let expected = "CONNECT example.invalid:80 HTTP/1.1\r\nHost: example.invalid:80\r\n\
                        Proxy-Authorization: Basic YWRhOnNlY3JldA==\r\n\r\n";
        assert_eq!(connect, expected);
        assert!(request.starts_with("GET /chat HTTP/1.1\r\n"), "{request}");
        assert_eq!(wire::header(&request, "Host"), Some("example.invalid"));
        assert!(!request.contains("uthorization"), "{request}");
    });
}

#[test]
fn by_socks5() {
    run(async {
        let (proxy, address) = proxy().await;
        let url = format!("socks5://ada:secret@{address}");
        let client = Client::new("ws://example.invalid:81/chat").proxy(&url);
        let (connected, (request, _stream)) = join(client.connect(), async {
            let mut stream = accept(&proxy).await;
            expect(&mut stream, b"\x05\x02\x00\x02").await;
            wire::write(&mut stream, b"\x05\x02").await;
            expect(&mut stream, b"\x01\x03ada\x06secret").await;
            wire::write(&mut stream, b"\x01\x00").await;
            expect(&mut stream, b"\x05\x01\x00\x03\x0fexample.invalid\x00\x51").await;
            wire::write(&mut stream, b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00").await;
            (welcome(&mut stream).await, stream)
        })
        .await;
        let mut socket = connected.unwrap();
        assert_eq!(text(socket.recv().await.unwrap()), "welcome");
        assert_eq!(wire::header(&request, "Host"), Some("example.invalid:81"));
    });
}

/// What becomes of a client whose proxy does this.
async fn failed<F: Future>(client: Client, url: &str, proxy: impl FnOnce(TcpStream) -> F) -> Error {
    let (listener, address) = self::proxy().await;
    let client = client.proxy(&url.replace("PROXY", &address));
    let (connected, _) = join(client.connect(), async {
        proxy(accept(&listener).await).await
    })
    .await;
    connected.unwrap_err()
}

async fn answered(answer: &str) -> Error {
    let client = Client::new("ws://example.invalid/");
    failed(client, "http://PROXY", async |mut stream| {
        self::answer(&mut stream, answer).await;
        stream
    })
    .await
}

#[test]
fn what_a_proxy_says_is_told() {
    run(async {
        let error = answered("HTTP/1.1 407 Who?\r\nProxy-Authenticate: Basic\r\n\r\n").await;
        assert!(error.to_string().contains("407 Who?"), "{error}");
        match error {
            Error::Proxy(ProxyError::Refused(response)) => {
                let authenticate = response.headers().get("Proxy-Authenticate");
                assert_eq!((response.status(), authenticate), (407, Some("Basic")));
            }
            other => panic!("{other:?}"),
        }

        let client = Client::new("ws://example.invalid/");
        let error = failed(client, "socks5h://PROXY", async |mut stream| {
            wire::write(&mut stream, b"\x05\x00\x05\x05").await;
            stream
        })
        .await;
        assert!(matches!(error, Error::Proxy(ProxyError::Failed(5))));

        let client = Client::new("ws://example.invalid/");
        let error = failed(client, "http://PROXY", async |stream| drop(stream)).await;
        let is_lost = matches!(error, Error::Proxy(ProxyError::ConnectionLost));
        // Where the request had not been read.
        assert!(is_lost || matches!(error, Error::Io(_)), "{error:?}");
    });
}

/// A head without end, and bytes of a server that has been asked for nothing.
#[test]
fn what_a_proxy_must_not_say() {
    run(async {
        let endless = format!("HTTP/1.1 200 x\r\nX: {}", "x".repeat(100_000));
        let error = answered(&endless).await;
        let too_large = ProxyError::InvalidAnswer(HandshakeError::HeadTooLarge);
        assert!(matches!(error, Error::Proxy(error) if error == too_large));

        let error = answered(&format!("{OPEN}HTTP/1.1 101 x\r\n")).await;
        assert!(matches!(error, Error::Proxy(ProxyError::UnexpectedData)));
    });
}

/// A proxy that answers little by little, and never all.
#[test]
fn the_connect_timeout_is_for_the_proxy_too() {
    run(async {
        for url in ["http://PROXY", "socks5://PROXY"] {
            let client = Client::new("ws://example.invalid/").connect_timeout(TICK);
            let error = failed(client, url, async |mut stream| {
                let part = if url.starts_with("http") {
                    "HTTP/"
                } else {
                    "\x05"
                };
                wire::write(&mut stream, part).await;
                stream
            })
            .await;
            assert!(matches!(error, Error::ConnectTimeout), "{error:?}");
        }
    });
}

#[test]
fn a_proxy_that_is_not_there() {
    run(async {
        let (gone, address) = proxy().await;
        drop(gone);
        let client = Client::new("ws://127.0.0.1:1/").proxy(&address);
        match client.connect().await {
            Err(Error::Io(error)) => {
                assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
                assert!(error.to_string().contains(&address), "{error}");
            }
            other => panic!("{other:?}"),
        }

        let client = Client::new("ws://127.0.0.1:1/").proxy("gopher://proxy");
        match client.connect().await {
            Err(Error::Proxy(ProxyError::UnsupportedScheme)) => {}
            other => panic!("{other:?}"),
        }
        if !HAS_TLS {
            let client = Client::new("ws://127.0.0.1:1/").proxy("https://127.0.0.1:1");
            match client.connect().await {
                Err(Error::Io(error)) => {
                    assert_eq!(error.kind(), io::ErrorKind::Unsupported);
                    assert!(error.to_string().contains("proxy"), "{error}");
                }
                other => panic!("{other:?}"),
            }
        }
    });
}

/// Each server of a redirect is the proxy's to reach.
#[test]
fn redirects_go_through_it_too() {
    run(async {
        let (proxy, address) = proxy().await;
        let client = Client::new("ws://old.invalid/")
            .max_redirects(1)
            .proxy(&address);
        let (connected, (second, _stream)) = join(client.connect(), async {
            let mut stream = accept(&proxy).await;
            answer(&mut stream, OPEN).await;
            let redirect =
                "HTTP/1.1 302 x\r\nLocation: //new.invalid/\r\nContent-Length: 0\r\n\r\n";
            answer(&mut stream, redirect).await;
            let mut stream = accept(&proxy).await;
            let second = answer(&mut stream, OPEN).await;
            welcome(&mut stream).await;
            (second, stream)
        })
        .await;
        connected.unwrap();
        assert!(second.starts_with("CONNECT new.invalid:80 "), "{second}");
    });
}

#[test]
fn as_the_environment_says() {
    let variables = [
        ("ws_proxy", "127.0.0.1:1"),
        ("no_proxy", "example.com, 127.0.0.0/8"),
    ];
    let test = async {
        let (server, address) = proxy().await;
        let exempt = format!("ws://{address}/");
        let other = exempt.replace("127.0.0.1", "localhost");
        // Nobody but root can listen there.
        let proxied = Client::new(&other).proxy_from_env().connect();
        let error = proxied.await.unwrap_err().to_string();
        assert!(error.contains("127.0.0.1:1"), "{error}");
        for connecting in [
            Client::new(&exempt).proxy_from_env().connect(),
            // Only who asks for it goes through it.
            Client::new(&other).connect(),
        ] {
            let (connected, _stream) = join(connecting, async {
                let mut stream = accept(&server).await;
                welcome(&mut stream).await;
                stream
            })
            .await;
            connected.unwrap();
        }
    };
    alone_with_variables(&variables, "proxying::as_the_environment_says", || {
        run(test)
    });
}
