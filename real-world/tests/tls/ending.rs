//! How TLS ends, and TCP under it.

use std::sync::Arc;

use futures_lite::future::zip as join;

use super::authority::{Authority, client_config, params, server_config};
use super::{connect, run};
use crate::miniws::rustls::pki_types::ServerName;
use crate::miniws::tls::{TlsListener, TlsStream};
use crate::miniws::{Event, Listen, NetStream, WebSocket, accept};
use crate::runtime::{
    AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, TcpListener, TcpStream, TlsAcceptor,
    TlsConnector, end,
};

/// A client, and a server whose stream ends TCP but not TLS when it is dropped.
async fn pair() -> (
    WebSocket<NetStream>,
    WebSocket<impl AsyncRead + AsyncWrite + Unpin>,
) {
    let authority = Authority::new();
    let acceptor = TlsAcceptor::from(Arc::new(server_config(
        &authority.sign(params("localhost")),
    )));
    let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = tcp.local_addr().unwrap();
    let (client, server) = join(connect(address, client_config(&authority)), async {
        let (stream, _) = tcp.accept().await.unwrap();
        let stream = acceptor.accept(stream).await.unwrap();
        accept(stream).await.unwrap()
    })
    .await;
    (client.unwrap(), server)
}

/// After both close frames TLS has nothing to protect any more.
#[test]
fn no_close_notify_after_a_close() {
    run(async {
        let (mut client, mut server) = pair().await;
        let (status, ()) = join(client.close(), async {
            while !matches!(server.recv().await.unwrap(), Some(Event::Close(_))) {}
            drop(server);
        })
        .await;
        assert!(status.unwrap().clean);
        assert!(matches!(client.recv().await, Ok(None)));
    });
}

/// Before them, an end without `close_notify` may be an attacker's.
#[test]
fn no_close_notify_and_no_close() {
    run(async {
        let (mut client, server) = pair().await;
        drop(server);
        assert!(client.recv().await.unwrap_err().is_connection_lost());
    });
}

/// Closing the stream of TLS closes the one beneath, too, though it is still held.
#[test]
fn tcp_ends_with_tls() {
    run(async {
        let authority = Authority::new();
        let config = server_config(&authority.sign(params("localhost")));
        let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let listener = TlsListener::new(tcp, config);
        let address = listener.local_addr().unwrap();
        let connector = TlsConnector::from(Arc::new(client_config(&authority)));

        let server = async {
            let (mut stream, _): (TlsStream<TcpStream>, _) = listener.accept().await.unwrap();
            stream.write_all(b"hello").await.unwrap();
            end(&mut stream).await.unwrap();
            stream
        };
        let client = async {
            let tcp = TcpStream::connect(address).await.unwrap();
            let name = ServerName::try_from("localhost").unwrap();
            let mut stream = connector.connect(name, tcp).await.unwrap();
            let mut bytes = Vec::new();
            stream.read_to_end(&mut bytes).await.unwrap();
            assert_eq!(bytes, b"hello");
            stream.into_inner().0
        };
        let (server, mut tcp) = join(server, client).await;
        let mut rest = Vec::new();
        tcp.read_to_end(&mut rest).await.unwrap();
        assert!(rest.is_empty());
        drop(server);
    });
}
