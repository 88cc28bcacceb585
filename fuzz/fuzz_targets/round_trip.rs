//! A client and a server, connected back to back.

#![cfg_attr(fuzzing, no_main)]

miniws_fuzz::target!(round_trip);
