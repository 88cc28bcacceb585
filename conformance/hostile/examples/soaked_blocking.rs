//! What `hostile soak` soaks, with a thread for each connection.

#[path = "common/figures.rs"]
mod figures;

use std::io;
use std::net::TcpStream;

use figures::Served;
use miniws_blocking::{Event, Server, WebSocket};

fn main() -> io::Result<()> {
    let server = Server::new()
        .config(figures::config())
        .plain(|_| figures::tell());
    let listener = server.bind("127.0.0.1:0")?;
    println!("listening on ws://{}", listener.local_addr());
    listener.serve(echo);
    Ok(())
}

fn echo(mut socket: WebSocket<TcpStream>) {
    let _served = Served::begin();
    while let Ok(Some(event)) = socket.recv() {
        let Event::Message(message) = event else {
            continue;
        };
        if !socket.can_send() && socket.flush().is_err() {
            return;
        }
        let _ = socket.feed(message);
    }
}
