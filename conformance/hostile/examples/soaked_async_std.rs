//! What `hostile soak` soaks, on async-std.

#[path = "common/soaked.rs"]
mod soaked;

use async_std::task;
use miniws_async_std::async_std::Server;

fn main() -> std::io::Result<()> {
    let bind = async |server: Server, addr: &str| server.bind(addr).await;
    task::block_on(soaked::run(bind))
}
