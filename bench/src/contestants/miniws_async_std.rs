//! miniws-async-std, on both of its runtimes, each with one thread to run tasks.

use std::net::TcpListener;

use bytes::BytesMut;
use futures_util::io::{AsyncRead, AsyncWrite};
use miniws_async_std::{Event, WebSocket};
use tokio_util::compat::FuturesAsyncReadCompatExt;

use super::miniws_core::connection;
use crate::entry::{Entry, Serve};
use crate::serving::{Service, greet};
use crate::wire::Role;

async fn serve_one<S>(mut stream: S, service: Service)
where
    S: AsyncRead + AsyncWrite + Unpin + 'static,
{
    if greet(&mut (&mut stream).compat(), service).await.is_none() {
        return;
    }
    let connection = match service {
        Service::EchoDeflate => connection::<true>(Role::Server),
        Service::Echo | Service::Broadcast => connection::<false>(Role::Server),
    };
    let mut socket = WebSocket::from_parts(stream, connection, BytesMut::new());
    // Receiving writes what is queued before it waits.
    loop {
        // Before there is a message, so that the task has no place for one while it waits.
        if !socket.can_send() && socket.flush().await.is_err() {
            return;
        }
        let Ok(Some(event)) = socket.recv().await else {
            return;
        };
        if let Event::Message(message) = event
            && socket.feed(message).is_err()
        {
            return;
        }
    }
}

fn serve_smol(listener: TcpListener, service: Service) {
    let served: std::io::Result<()> = smol::block_on(async {
        let listener = smol::net::TcpListener::try_from(listener)?;
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            smol::spawn(serve_one(stream, service)).detach();
        }
    });
    panic!("the server ended: {served:?}");
}

fn serve_async_std(listener: TcpListener, service: Service) {
    let served: std::io::Result<()> = async_std::task::block_on(async {
        let listener = async_std::net::TcpListener::from(listener);
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            async_std::task::spawn(serve_one(stream, service));
        }
    });
    panic!("the server ended: {served:?}");
}

const fn entry(name: &'static str, serve: Serve) -> Entry {
    Entry {
        package: "miniws-async-std",
        serve: Some(serve),
        serve_deflate: Some(serve),
        ..Entry::new(
            name,
            "ours; all checks, limits and timeouts; serves echoes only",
        )
    }
}

pub const SMOL: Entry = entry("miniws-smol", serve_smol);
pub const ASYNC_STD: Entry = entry("miniws-async-std", serve_async_std);
