//! An echo server on async-std, with a page to try it on.
//!
//! `echo_async_std [--addr 127.0.0.1:9001] [--max-message BYTES] [--subprotocol NAME]...
//! [--deflate[=SETTING,..]]`
//!
//! It prints `listening on ws://ADDR` when it is ready. Ctrl-C closes everyone with 1001.

#[path = "common/echo.rs"]
mod echo;

use async_std::task;
use miniws_async_std::async_std::Server;

fn main() {
    let bind = async |server: Server, addr: &str| server.bind(addr).await;
    echo::exit(task::block_on(echo::run(bind)))
}
