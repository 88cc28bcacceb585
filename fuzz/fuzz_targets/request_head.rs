//! The request of a handshake, as a server reads it, and the answers to it.

#![cfg_attr(fuzzing, no_main)]

miniws_fuzz::target!(request_head);
