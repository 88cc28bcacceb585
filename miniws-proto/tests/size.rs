//! What a connection that waits takes, and what is handed from one place to another.

use std::mem::size_of;

use miniws_proto::{Connection, Reply};

/// There are many of them, and most of them wait: what only some need is in a box.
#[test]
fn a_connection_is_small() {
    let counts = if cfg!(feature = "stats") { 96 } else { 0 };
    assert!(size_of::<Connection>() <= 328 + counts);
}

/// A hook returns it as an error, and clippy complains of larger ones to who writes the hook.
#[test]
fn a_reply_is_small() {
    assert!(size_of::<Reply>() < 128);
}
