//! An echo server on smol, with a page to try it on.
//!
//! `echo_smol [--addr 127.0.0.1:9001] [--max-message BYTES] [--subprotocol NAME]...
//! [--deflate[=SETTING,..]]`
//!
//! It prints `listening on ws://ADDR` when it is ready. Ctrl-C closes everyone with 1001.

#[path = "common/echo.rs"]
mod echo;

use miniws_async_std::smol::Server;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let options = echo::Options::parse()?;
    let server: Server = options.server();
    smol::block_on(async { echo::run(server.bind(&*options.addr).await?).await })
}
