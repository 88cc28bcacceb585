//! What the adapter promises, one file for each group of promises.

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
mod streams;
mod subprotocols;
mod verifying;
