//! The contestants. To add one: a file that implements [`Contestant`], and a line in the list below.

use std::net::TcpListener;

use crate::contestant::{Contestant, Info};
use crate::proto::{Case, drive};

macro_rules! contestants {
    ($($module:ident::$name:ident),* $(,)?) => {
        $(mod $module;)*

        /// All of them, in the order of the tables.
        pub const ALL: &[Entry] = &[$(Entry::of::<$module::$name>()),*];
    };
}

contestants![
    floor::Floor,
    miniws_core::MiniwsCore,
    miniws_tokio::MiniwsTokio,
    tungstenite::Tungstenite,
    tokio_tungstenite::TokioTungstenite,
    fastwebsockets::FastWebSockets,
    tokio_websockets::TokioWebSockets,
    sockudo_ws::SockudoWs,
    yawc::Yawc,
    wtx::Wtx,
    web_socket::WebSocketCrate,
    soketto::Soketto,
];

/// A contestant behind function pointers.
#[derive(Clone, Copy)]
pub struct Entry {
    pub info: Info,
    /// Does a case with at least so many messages, measured; tells how many it were.
    pub run: fn(&Case, u64) -> u64,
    /// Does a case with a few messages and compares every byte.
    pub check: fn(&Case),
    pub serve: Option<fn(TcpListener)>,
}

impl Entry {
    const fn of<C: Contestant>() -> Self {
        Self {
            info: C::INFO,
            run: drive::run::<C>,
            check: drive::check::<C>,
            serve: C::SERVE,
        }
    }
}

/// The one of this name.
pub fn named(name: &str) -> Option<&'static Entry> {
    ALL.iter().find(|entry| entry.info.name == name)
}
