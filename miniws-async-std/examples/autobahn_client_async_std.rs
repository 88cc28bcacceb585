//! Runs all cases of an Autobahn fuzzing server on async-std:
//! `autobahn_client_async_std URL [--deflate[=SETTING,..]]`.

#[path = "common/autobahn_client.rs"]
mod autobahn_client;

use async_std::task;
use autobahn_client::{exit, run};

fn main() {
    exit(task::block_on(run("miniws-async-std")))
}
