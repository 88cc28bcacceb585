//! Runs all cases of an Autobahn fuzzing server on smol:
//! `autobahn_client_smol URL [--deflate[=SETTING,..]]`.

#[path = "common/autobahn_client.rs"]
mod autobahn_client;

use miniws_async_std::smol::Smol;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    smol::block_on(autobahn_client::run::<Smol>("miniws-smol"))
}
