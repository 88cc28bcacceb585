//! What `hostile soak` soaks, on smol.

#[path = "common/soaked.rs"]
mod soaked;

use miniws_async_std::smol::Server;

fn main() -> std::io::Result<()> {
    let bind = async |server: Server, addr: &str| server.bind(addr).await;
    smol::block_on(soaked::run(bind))
}
