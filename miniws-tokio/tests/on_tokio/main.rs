//! What every asynchronous adapter promises, on tokio, and what only this one does.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../../../behaviour/mod.rs"]
mod behaviour;
mod defaults;
mod runtime;
mod vectored;

use miniws_tokio as miniws;
