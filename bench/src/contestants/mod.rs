//! The contestants. To add one: a file with an [`Entry`], and two lines here.

mod fastwebsockets;
mod floor;
mod harness;
mod miniws_async_std;
mod miniws_blocking;
mod miniws_core;
mod miniws_tokio;
mod sockudo_ws;
mod soketto;
mod tokio_tungstenite;
mod tokio_websockets;
mod tungstenite;
mod web_socket;
mod wtx;
mod yawc;

use crate::entry::Entry;
pub use miniws_core::connection;

/// What is not to be beaten, and so is left out when the best is looked for.
pub const FLOOR: &str = "floor";
pub const HARNESS: &str = "(harness)";

/// All of them, in the order of the tables.
pub const ALL: &[Entry] = &[
    harness::ENTRY,
    floor::ENTRY,
    miniws_core::ENTRY,
    miniws_tokio::ENTRY,
    miniws_async_std::SMOL,
    miniws_async_std::ASYNC_STD,
    miniws_blocking::ENTRY,
    tungstenite::ENTRY,
    tokio_tungstenite::ENTRY,
    fastwebsockets::ENTRY,
    tokio_websockets::ENTRY,
    sockudo_ws::ENTRY,
    yawc::ENTRY,
    wtx::ENTRY,
    web_socket::ENTRY,
    soketto::ENTRY,
];

/// The one of this name.
pub fn named(name: &str) -> Option<&'static Entry> {
    ALL.iter().find(|entry| entry.name == name)
}
