//! Servers on tokio, all on one thread.

use std::future::Future;
use std::net::TcpListener;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::LocalSet;

use super::handshake::{Answer, answer};

/// Serves every connection with `echo` after a handshake. It never returns.
///
/// # Panics
///
/// When the operating system refuses what a server needs.
pub fn serve<F: Future<Output = ()> + 'static>(listener: TcpListener, echo: fn(TcpStream) -> F) {
    let accepting = async move {
        listener.set_nonblocking(true)?;
        let listener = tokio::net::TcpListener::from_std(listener)?;
        loop {
            let (mut stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            tokio::task::spawn_local(async move {
                if let Some(true) = greet(&mut stream).await {
                    echo(stream).await;
                }
            });
        }
    };
    let served: std::io::Result<()> = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .and_then(|runtime| LocalSet::new().block_on(&runtime, accepting));
    if let Err(error) = served {
        panic!("the server ended: {error}");
    }
}

/// Whether a WebSocket begins.
async fn greet(stream: &mut TcpStream) -> Option<bool> {
    let mut head = Vec::with_capacity(512);
    loop {
        if stream.read_buf(&mut head).await.ok()? == 0 {
            return None;
        }
        match answer(&head) {
            Answer::Wait => {}
            Answer::Upgrade(reply) => {
                stream.write_all(&reply).await.ok()?;
                return Some(true);
            }
            Answer::End(reply) => {
                stream.write_all(&reply).await.ok()?;
                return Some(false);
            }
        }
    }
}
