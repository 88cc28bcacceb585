//! A stream that writes nothing, upon which futures-rustls would try again for ever.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_lite::future::zip as join;
use futures_lite::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use miniws_async_std::Listen;
use miniws_async_std::tls::TlsListener;
use smol::net::{TcpListener, TcpStream};

use crate::tls::authority::{Authority, client_config, params, server_config};
use crate::tls::{connect, run};

struct Mute(TcpStream);

impl AsyncRead for Mute {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Mute {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, _: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(0))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

struct MuteListener(TcpListener);

impl Listen for MuteListener {
    type Stream = Mute;
    type Address = SocketAddr;

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }

    async fn accept(&self) -> io::Result<(Mute, Option<SocketAddr>)> {
        let (stream, remote_addr) = self.0.accept().await?;
        Ok((Mute(stream), Some(remote_addr)))
    }
}

#[test]
fn is_an_error() {
    run(async {
        let authority = Authority::new();
        let config = server_config(&authority.sign(params("localhost")));
        let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let listener = TlsListener::new(MuteListener(tcp), config);
        let address = listener.local_addr().unwrap();
        let (failed, client) = join(
            async {
                let (mut stream, _) = listener.accept().await.unwrap();
                stream.read(&mut [0]).await
            },
            connect(address, client_config(&authority)),
        )
        .await;
        assert_eq!(failed.unwrap_err().kind(), io::ErrorKind::WriteZero);
        assert!(client.is_err());
    });
}
