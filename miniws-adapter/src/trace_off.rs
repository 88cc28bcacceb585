//! What stands in for it without the feature `tracing`: nothing.

#![allow(missing_docs)]

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use miniws_proto::{Connection, Reply, Request, Url};

use crate::Error;
use crate::reconnect::Cause;

#[derive(Debug, Default)]
pub struct Trace;

impl Trace {
    #[inline(always)]
    pub fn server(_: Option<SocketAddr>) -> Self {
        Self
    }

    #[inline(always)]
    pub fn client(_: Option<&Url>) -> Self {
        Self
    }

    #[inline(always)]
    pub fn elsewhere(_: bool) -> Self {
        Self
    }

    #[inline(always)]
    pub fn span(&self) -> Span {
        Span
    }

    #[inline(always)]
    pub fn peer(&self, _: Option<SocketAddr>) {}

    #[inline(always)]
    pub fn redirected(&self, _: &Url) {}

    #[inline(always)]
    pub fn request(&self, _: &Request) {}

    #[inline(always)]
    pub fn open(&mut self, _: &Connection) {}

    #[inline(always)]
    pub fn failed(&mut self, _: &Error) {}

    #[inline(always)]
    pub fn declined(&mut self, _: &Reply) {}

    #[inline(always)]
    pub fn stopped(&mut self, _: &Connection) {}

    #[inline(always)]
    pub fn broken(&mut self, _: &Connection, _: &io::Error) {}

    #[inline(always)]
    pub fn observe(&mut self, _: &Connection, _: Option<&io::Error>) {}
}

#[derive(Clone, Debug)]
pub struct Span;

impl Span {
    #[inline(always)]
    pub fn current() -> Self {
        Self
    }

    #[inline(always)]
    pub fn in_scope<R>(&self, run: impl FnOnce() -> R) -> R {
        run()
    }
}

#[inline(always)]
pub fn instrument<F: Future>(future: F, _: Span) -> F {
    future
}

#[derive(Debug, Default)]
pub struct Crowd(());

impl Crowd {
    #[inline(always)]
    pub fn observe(&mut self, _: usize, _: usize) {}
}

#[inline(always)]
pub fn stopping() {}

#[inline(always)]
pub fn closing_all(_: usize) {}

#[inline(always)]
pub fn ending_all(_: usize) {}

#[inline(always)]
pub fn exhausted(_: &io::Error) {}

#[inline(always)]
pub fn lost(_: &Cause, _: u32, _: Duration) {}

#[inline(always)]
pub fn gave_up(_: &Cause) {}

#[inline(always)]
pub fn reconnected(_: Duration) {}
