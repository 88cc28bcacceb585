//! The table `proto`: what it takes to receive and send in memory, without sockets.

mod case;
pub mod drive;
mod instructions;
mod one;
mod table;

pub use case::{Case, all, named, size_name};
pub use instructions::count_under_callgrind;
pub use one::{OneResult, one};
pub use table::run;
