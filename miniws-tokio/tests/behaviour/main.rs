//! What the adapter promises, one file for each group of promises.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod bad_requests;
mod cancelling;
mod closing;
mod connecting;
mod detached;
mod events;
mod keeping_alive;
mod listening;
mod requesting;
mod responses;
mod sending;
mod splitting;
mod stopping;
mod stream_and_sink;
mod subprotocols;
#[path = "../support/mod.rs"]
mod support;
mod verifying;
