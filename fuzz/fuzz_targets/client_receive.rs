//! The client's receive path.

#![cfg_attr(fuzzing, no_main)]

miniws_fuzz::target!(client_receive);
