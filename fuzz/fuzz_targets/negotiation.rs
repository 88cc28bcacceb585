//! The negotiation of compression.

#![cfg_attr(fuzzing, no_main)]

miniws_fuzz::target!(negotiation);
