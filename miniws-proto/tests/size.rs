//! What a connection that waits takes.

use std::mem::size_of;

use miniws_proto::Connection;

/// There are many of them, and most of them wait: what only some need is in a box.
#[test]
fn a_connection_is_small() {
    let counts = if cfg!(feature = "stats") { 96 } else { 0 };
    assert!(size_of::<Connection>() <= 328 + counts);
}
