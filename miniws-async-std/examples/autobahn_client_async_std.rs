//! Runs all cases of an Autobahn fuzzing server on async-std:
//! `autobahn_client_async_std URL [--deflate[=SETTING,..]]`.

#[path = "common/autobahn_client.rs"]
mod autobahn_client;

use miniws_async_std::async_std::AsyncStd;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    async_std::task::block_on(autobahn_client::run::<AsyncStd>("miniws-async-std"))
}
