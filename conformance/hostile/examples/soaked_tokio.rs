//! What `hostile soak` soaks, on tokio.

#[path = "common/figures.rs"]
mod figures;

use std::io;

use figures::Served;
use miniws_tokio::{Event, Server, WebSocket};
use tokio::net::TcpStream;

#[tokio::main]
async fn main() -> io::Result<()> {
    let server = Server::new()
        .config(figures::config())
        .plain(|_| figures::tell());
    let listener = server.bind("127.0.0.1:0").await?;
    println!("listening on ws://{}", listener.local_addr());
    listener.serve(echo).await;
    Ok(())
}

async fn echo(mut socket: WebSocket<TcpStream>) {
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
