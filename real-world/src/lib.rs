//! Tests and examples of the crates beside what they meet: TLS, HTTP stacks, brokers.
//!
//! They are in a crate of their own because of what they need to be built: cargo builds all
//! development dependencies of a crate for each of its examples.
//!
//! Examples in the crates' documentation that need as much are run here as well. Their text is in a
//! file beside the module, which shows it unless documentation is being tested.

#[doc = include_str!("../../miniws-tokio/src/axum.md")]
mod axum {}

#[doc = include_str!("../../miniws-tokio/src/tls.md")]
mod tls_of_tokio {}

#[doc = include_str!("../../miniws-async-std/src/tls.md")]
mod tls_of_futures_io {}

#[doc = include_str!("../../miniws-blocking/src/tls.md")]
mod tls_of_blocking {}

mod cookbook {
    #[doc = include_str!("../../miniws-tokio/src/cookbook/clients.md")]
    mod clients {}
    #[doc = include_str!("../../miniws-tokio/src/cookbook/conversations.md")]
    mod conversations {}
    #[doc = include_str!("../../miniws-tokio/src/cookbook/core.md")]
    mod core {}
    #[doc = include_str!("../../miniws-tokio/src/cookbook/running.md")]
    mod running {}
}
