//! The load, by hand: clients that know what every byte has to be.

mod clients;
mod crowd;
mod expected;
mod one;

pub use clients::{Clients, Load};
pub use crowd::Crowd;
pub use one::{connect, echo, heap, leave, read_head};
