//! Runs all cases of an Autobahn fuzzing server on smol:
//! `autobahn_client_smol URL [--deflate[=SETTING,..]]`.

#[path = "common/autobahn_client.rs"]
mod autobahn_client;

use autobahn_client::{exit, run};

fn main() {
    exit(smol::block_on(run("miniws-smol")))
}
