//! The soaked server, on either runtime of `miniws-async-std`.

#[path = "figures.rs"]
mod figures;

use std::io;
use std::net::SocketAddr;

use figures::Served;
use futures_io::{AsyncRead, AsyncWrite};
use miniws_async_std::generic::{Listener, Runtime, Server};
use miniws_async_std::{Event, Listen, WebSocket};

pub(crate) async fn run<R: Runtime, L: Listen<Address = SocketAddr>>(
    bind: impl AsyncFnOnce(Server<R>, &str) -> io::Result<Listener<R, L>>,
) -> io::Result<()> {
    let server = Server::<R>::new()
        .config(figures::config())
        .plain(|_| figures::tell());
    let listener = bind(server, "127.0.0.1:0").await?;
    println!("listening on ws://{}", listener.local_addr());
    listener.serve(echo).await;
    Ok(())
}

async fn echo<S: AsyncRead + AsyncWrite + Unpin>(mut socket: WebSocket<S>) {
    let _served = Served::begin();
    while let Ok(Some(event)) = socket.recv().await {
        let Event::Message(message) = event else {
            continue;
        };
        if !socket.can_send() && socket.flush().await.is_err() {
            return;
        }
        let _ = socket.feed(message);
    }
}
