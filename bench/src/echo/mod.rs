//! The table `echo`: servers over loopback TCP, under a load that checks every byte.

mod load;
mod table;

pub use table::run;
