//! The server's receive path.

#![cfg_attr(fuzzing, no_main)]

miniws_fuzz::target!(server_receive);
