//! Runs all cases of an Autobahn fuzzing server on smol:
//! `autobahn_client_smol URL [--deflate[=SETTING,..]]`.

#[path = "common/autobahn_client.rs"]
mod autobahn_client;

use miniws_async_std::smol::Smol;

use autobahn_client::{exit, run};

fn main() {
    exit(smol::block_on(run::<Smol>("miniws-smol")))
}
