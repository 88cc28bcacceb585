//! The receive path of either role, beside another implementation's.

#![cfg_attr(fuzzing, no_main)]

miniws_fuzz::target!(differential);
