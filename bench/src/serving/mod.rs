//! Servers over loopback TCP, each in a process of its own.

pub mod bare;
mod child;
mod handshake;
pub mod tokio;

pub use child::{Child, pin_load, serve_named};
