//! A proxy that is asked by CONNECT.

use std::net::SocketAddr;

use futures_lite::future::zip as join;
use futures_lite::io::{AsyncBufReadExt, BufReader, copy, split};
use futures_lite::{AsyncRead, AsyncWrite, AsyncWriteExt, StreamExt};
use smol::net::TcpStream;

/// Hands on one connection to `server`, whatever it is asked for, and tells what that was.
pub(crate) async fn proxy<S>(client: S, server: SocketAddr) -> String
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut client = BufReader::new(client);
    let mut lines = (&mut client).lines();
    let asked = lines.next().await.unwrap().unwrap();
    while !lines.next().await.unwrap().unwrap().is_empty() {}
    let mut client = client.into_inner();
    client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
    client.flush().await.unwrap();
    let server = TcpStream::connect(server).await.unwrap();
    smol::spawn(async {
        let ((from_client, to_client), (from_server, to_server)) = (split(client), split(server));
        join(relay(from_client, to_server), relay(from_server, to_client)).await;
    })
    .detach();
    asked
}

async fn relay(from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin) {
    let _ = copy(from, &mut to).await;
    let _ = to.close().await;
}
