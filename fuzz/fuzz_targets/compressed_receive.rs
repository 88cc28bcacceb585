//! The receive path of either role with compression.

#![cfg_attr(fuzzing, no_main)]

miniws_fuzz::target!(compressed_receive);
