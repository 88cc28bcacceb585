//! How a client follows redirects: when it is told to.

use super::support::{join, run, text, wire};
use crate::miniws::{Client, Error, HandshakeError, Response, WebSocket, connect};
use crate::runtime::{TcpListener, TcpStream};

/// A plain listener, and the URL of its root.
async fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}/", listener.local_addr().unwrap());
    (listener, url)
}

async fn request(listener: &TcpListener) -> (String, TcpStream) {
    let (mut stream, _) = listener.accept().await.unwrap();
    (wire::read_head(&mut stream).await, stream)
}

/// Answers a request with a redirect; the request.
async fn redirect(listener: &TcpListener, status: u16, location: &str) -> String {
    let (request, mut stream) = request(listener).await;
    let response =
        format!("HTTP/1.1 {status} x\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n");
    wire::write(&mut stream, response).await;
    request
}

/// Answers a request with a WebSocket and a text; the request, and the stream.
async fn welcome(listener: &TcpListener) -> (String, TcpStream) {
    let (request, mut stream) = request(listener).await;
    wire::write(&mut stream, wire::switching(&request, "X-Last: yes\r\n")).await;
    wire::write(&mut stream, wire::unmasked(wire::TEXT, "welcome")).await;
    (request, stream)
}

async fn expect_welcome<S>(connected: Result<WebSocket<S>, Error>)
where
    S: crate::runtime::AsyncRead + crate::runtime::AsyncWrite + Unpin,
{
    let mut socket = connected.unwrap();
    assert_eq!(text(socket.recv().await.unwrap()), "welcome");
}

fn with_credentials(url: &str) -> Client {
    Client::new(&url.replace("//", "//ada:secret@"))
        .header("Cookie", "id=1")
        .header("X-Other", "1")
}

#[test]
fn to_another_server() {
    run(async {
        let (old, url) = listen().await;
        let (new, location) = listen().await;
        let mut next_byte = 0;
        let client = with_credentials(&url)
            .max_redirects(1)
            // The hook is for the response that opens.
            .on_response(|response: &Response| response.headers().get("X-Last") == Some("yes"))
            .entropy(move |bytes: &mut [u8]| {
                for byte in bytes {
                    *byte = next_byte;
                    next_byte = next_byte.wrapping_add(1);
                }
            });
        let location = location.replace("ws:", "http:") + "chat?room=7";
        let (connected, (first, (second, _stream))) = join(client.connect(), async {
            let first = redirect(&old, 307, &location).await;
            (first, welcome(&new).await)
        })
        .await;
        expect_welcome(connected).await;

        assert!(first.starts_with("GET / HTTP/1.1\r\n"), "{first}");
        let credentials = wire::header(&first, "Authorization");
        assert_eq!(credentials, Some("Basic YWRhOnNlY3JldA=="));
        assert_eq!(wire::header(&first, "Cookie"), Some("id=1"));
        assert!(
            second.starts_with("GET /chat?room=7 HTTP/1.1\r\n"),
            "{second}"
        );
        let host = new.local_addr().unwrap().to_string();
        assert_eq!(wire::header(&second, "Host"), Some(&*host));
        assert_eq!(wire::header(&second, "Authorization"), None);
        assert_eq!(wire::header(&second, "Cookie"), None);
        assert_eq!(wire::header(&second, "X-Other"), Some("1"));
        // The source of entropy goes on.
        let key = |request| wire::header(request, "Sec-WebSocket-Key").map(str::to_owned);
        assert_eq!(key(&first).unwrap(), "AAECAwQFBgcICQoLDA0ODw==");
        assert_eq!(key(&second).unwrap(), "EBESExQVFhcYGRobHB0eHw==");
    });
}

#[test]
fn within_a_server() {
    run(async {
        let (server, url) = listen().await;
        let client = with_credentials(&url).max_redirects(3);
        let (connected, (third, _stream)) = join(client.connect(), async {
            redirect(&server, 301, "/a/b").await;
            redirect(&server, 308, "c?d").await;
            welcome(&server).await
        })
        .await;
        expect_welcome(connected).await;
        assert!(third.starts_with("GET /a/c?d HTTP/1.1\r\n"), "{third}");
        assert!(wire::header(&third, "Authorization").is_some());
        assert!(wire::header(&third, "Cookie").is_some());
    });
}

#[test]
fn no_more_than_asked_for() {
    run(async {
        let (server, url) = listen().await;
        let client = Client::new(&url).max_redirects(2);
        let (failed, ()) = join(client.connect(), async {
            for _ in 0..3 {
                redirect(&server, 302, "/").await;
            }
        })
        .await;
        match failed {
            Err(Error::Handshake(HandshakeError::TooManyRedirects)) => {}
            other => panic!("{other:?}"),
        }

        let (refused, _) = join(connect(&url), redirect(&server, 302, "/")).await;
        match refused {
            Err(Error::Handshake(HandshakeError::Refused(response))) => {
                assert_eq!(response.headers().get("Location"), Some("/"));
            }
            other => panic!("{other:?}"),
        }
    });
}

#[test]
fn not_to_where_no_websocket_can_be() {
    run(async {
        let (server, url) = listen().await;
        for location in ["ws+unix:/run/admin:/", "ftp://127.0.0.1/", "/a b"] {
            let client = Client::new(&url).max_redirects(9);
            let (failed, _) = join(client.connect(), redirect(&server, 302, location)).await;
            match failed {
                Err(Error::Handshake(HandshakeError::InvalidLocation)) => {}
                other => panic!("{location}: {other:?}"),
            }
        }
    });
}
