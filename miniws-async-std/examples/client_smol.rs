//! Talks to a WebSocket server from the command line, on smol.
//!
//! `client_smol URL [--subprotocol P] [--header 'N: V'] [--binary]` sends each line of its input,
//! prints what arrives, and closes with 1000 once the input has ended and the server has been quiet
//! for a fifth of a second. `--deflate[=SETTING,..]` offers compression, and `--negotiated` prints the
//! answer on standard error.
//!
//! `client_smol URL --check` sends messages of its own to an echo server and expects each back,
//! within fifteen seconds.

#[path = "common/client.rs"]
mod client;

fn main() {
    client::exit(smol::block_on(client::run()))
}
