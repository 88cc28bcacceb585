//! The request that a client makes up, and the response that it reads.

#![cfg_attr(fuzzing, no_main)]

miniws_fuzz::target!(tunnel);
