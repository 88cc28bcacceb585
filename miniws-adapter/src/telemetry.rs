#![doc = include_str!("telemetry.md")]

#[doc(no_inline)]
pub use ::tracing::Span;
