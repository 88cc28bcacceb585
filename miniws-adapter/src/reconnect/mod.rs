//! Staying connected: what a client does after a connection is lost, on any runtime.
//!
//! [`Backoff`] says how long to wait, [`Cause`] what has happened and whether trying again makes
//! sense, and [`Retries`] decides with both; none of them has a clock or does I/O. [`Reconnect`]
//! drives them for the asynchronous adapters.

mod backoff;
mod cause;
mod client;
mod retries;
mod update;

pub use backoff::Backoff;
pub use cause::Cause;
pub use client::{Halves, Receive, Reconnect};
pub use retries::{Retries, Retry};
pub use update::Update;
