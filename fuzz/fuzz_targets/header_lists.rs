//! The values of the handshake's list headers.

#![cfg_attr(fuzzing, no_main)]

miniws_fuzz::target!(header_lists);
