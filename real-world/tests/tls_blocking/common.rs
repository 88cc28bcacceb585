//! What tests of `miniws-blocking` need as well.

#![allow(dead_code, unreachable_pub)]

pub(crate) use crate::PATIENCE;

#[path = "../../../miniws-blocking/tests/common/pipe.rs"]
pub(crate) mod pipe;
