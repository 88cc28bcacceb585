//! WebSocket for [tokio](https://tokio.rs).
mod client;
mod io;
mod listener;
mod server;
mod split;
mod tcp;
mod websocket;

pub use bytes;
pub use client::{Client, Connecting, connect};
pub use listener::{Listener, Stopper};
pub use miniws_adapter::{Attempt, Error, IpFamily, OsEntropy};
pub use miniws_proto::{
    Accept, CloseCode, CloseFrame, CloseStatus, Config, Connection, Entropy, Event, HandshakeError,
    Headers, Message, MessageKind, Negotiated, PreparedMessage, ReceiveError, ReceiveErrorKind,
    Reply, Request, Response, SendError, State, Url, Utf8Bytes, negotiate,
};
pub use server::{Server, accept};
pub use split::{Receiver, Sender};
pub use websocket::WebSocket;
