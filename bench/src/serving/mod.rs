//! Servers, and clients, over loopback TCP, each in a process of its own.

pub mod bare;
pub mod blocking;
mod child;
mod greeting;
pub mod handshake;
pub mod hyper;
mod relay;
mod server;
pub mod tokio;

pub use child::{Child, Movsb, pin_load, run_named};
pub use greeting::greet;
pub use server::{Server, start_to_connect};

/// What a server does for its clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// Sends back what comes.
    Echo,
    /// The same with permessage-deflate.
    EchoDeflate,
    /// What one client sends, that has asked for `/sender`, is sent to all that came before it.
    Broadcast,
}

impl Service {
    const ALL: [Self; 3] = [Self::Echo, Self::EchoDeflate, Self::Broadcast];

    /// As it is named on a command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Echo => "echo",
            Self::EchoDeflate => "echo-deflate",
            Self::Broadcast => "broadcast",
        }
    }

    /// The one of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }
}
