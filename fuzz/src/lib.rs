//! What the fuzz targets do with their input. `README.md` says how to run them.
//!
//! A target is a function of bytes that panics when something is wrong. The programs in
//! `fuzz_targets/` hand it what libFuzzer makes up, and `tests/replay.rs` the seeds and mutations of
//! them, on stable.

mod compression;
mod cut;
mod differential;
mod header_lists;
mod limits;
mod memory;
/// The same that the core's own tests use.
#[path = "../../miniws-proto/tests/model/mod.rs"]
mod model;
mod negotiation;
mod receive;
mod request_head;
mod response_head;
mod round_trip;
mod tunnel;

pub use compression::{CompressionSettings, compressed_receive};
pub use differential::{DifferentialSettings, differential};
pub use header_lists::header_lists;
pub use limits::FromOne;
pub use negotiation::negotiation;
pub use receive::{ReceiveSettings, client_receive, server_receive};
pub use request_head::{RequestSettings, request_head};
pub use response_head::{ResponseSettings, response_head};
pub use round_trip::round_trip;
pub use tunnel::{TunnelSettings, tunnel};

/// A fuzz target.
pub type Target = fn(&[u8]);

/// All targets by their names, which are those of their programs and of their folders in `seeds/`.
pub const TARGETS: [(&str, Target); 10] = [
    ("server_receive", server_receive),
    ("client_receive", client_receive),
    ("compressed_receive", compressed_receive),
    ("differential", differential),
    ("request_head", request_head),
    ("response_head", response_head),
    ("tunnel", tunnel),
    ("header_lists", header_lists),
    ("negotiation", negotiation),
    ("round_trip", round_trip),
];

/// The program of a target: under cargo-fuzz libFuzzer's, and else one that replays the files it is
/// given.
#[macro_export]
macro_rules! target {
    ($target:ident) => {
        #[cfg(fuzzing)]
        ::libfuzzer_sys::fuzz_target!(|data: &[u8]| $crate::$target(data));

        #[cfg(not(fuzzing))]
        fn main() -> ::std::io::Result<()> {
            for file in ::std::env::args_os().skip(1) {
                $crate::$target(&::std::fs::read(file)?);
            }
            Ok(())
        }
    };
}
