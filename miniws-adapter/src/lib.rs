//! What the miniws adapters share, so that each of them stays thin: the [`clock`], the [`OsEntropy`]
//! and the buffers that the pure core doesn't have, one [`Error`], and, for the asynchronous ones,
//! the [`Driver`] that moves bytes between a transport and a [`Connection`](miniws_proto::Connection);
//! how a host is reached, through proxies and with TLS; when to [`reconnect`]; what is told by `tracing`;
//! the pipe and the scripted peer of tests.
//!
//! Applications use an adapter instead: `miniws-tokio`, `miniws-async-std` or `miniws-blocking`.

mod accept;
mod bounded;
mod calls;
pub mod clock;
mod connecting;
mod dial;
mod driver;
mod entropy;
mod error;
mod opened;
pub mod pool;
mod proxy;
pub mod reconnect;
mod split;
mod stop;
pub mod tcp;
#[cfg(feature = "tracing")]
pub mod telemetry;
#[cfg(feature = "testing")]
pub mod testing;
#[cfg(feature = "rustls")]
pub mod tls;
#[cfg(feature = "tracing")]
pub mod trace;
#[cfg(not(feature = "tracing"))]
#[path = "trace_off.rs"]
pub mod trace;
mod waiters;
mod wish;

pub use accept::{Acceptor, Attempt};
pub use connecting::Connecting;
pub use dial::{Dial, Net, TcpDial};
pub use driver::{Driver, Timer, Transport};
pub use entropy::OsEntropy;
pub use error::Error;
pub use opened::Opened;
pub use proxy::{Environment, ProxyChoice};
pub use split::Shared;
pub use stop::{Stop, StopTicket};
pub use tcp::IpFamily;
pub use waiters::Waiter;
pub use wish::{ResponseHook, Wish};
