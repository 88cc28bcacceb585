#![doc = include_str!("tracing.md")]

#[doc(no_inline)]
pub use ::tracing::Span;
