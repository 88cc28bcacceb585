//! What differs between the runtimes.

use std::fmt;
use std::future::Future;

/// A runtime that a [`Listener`](crate::generic::Listener) can spawn tasks on. It is sealed:
/// [`AsyncStd`](crate::async_std::AsyncStd) and [`Smol`](crate::smol::Smol) are all there are.
pub trait Runtime: Sealed + Copy + fmt::Debug + Send + Sync + 'static {
    #[doc(hidden)]
    fn spawn(task: impl Future<Output = ()> + Send + 'static);
}

pub trait Sealed {}

/// No runtime in particular: the [`Server`](crate::Server) of the crate's root does handshakes over any
/// stream and accepts from any listener, and spawns nothing.
#[derive(Clone, Copy, Debug)]
pub struct AnyRuntime;
