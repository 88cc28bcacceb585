//! Stands in for `deflate` where that feature is off: nothing is offered, selected or accepted, so
//! there is never a `Deflate`.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::convert::Infallible;
use core::time::Duration;

use crate::config::Config;
use crate::error::ReceiveErrorKind;
use crate::message::Compression;
use crate::negotiate::Extension;

pub(crate) type DeflateParams = Infallible;

#[derive(Debug)]
pub(crate) enum Deflate {}

pub(crate) enum Recipe {}

#[allow(dead_code)]
pub(crate) enum Prepared {
    Uncompressed,
    Shared(Recipe),
    Own,
}

pub(crate) struct Inflated<'a> {
    pub(crate) used: usize,
    pub(crate) bytes: &'a [u8],
    pub(crate) then: Then,
}

#[allow(dead_code)]
pub(crate) enum Then {
    More,
    Starved,
    Ended,
    Failed(ReceiveErrorKind),
}

pub(crate) struct Unoffered;

pub(crate) fn offer(_: &Config) -> Option<String> {
    None
}

pub(crate) fn select(_: &Config, _: &[Extension]) -> Option<DeflateParams> {
    None
}

pub(crate) fn confirm(
    _: &Config,
    answer: &[Extension],
) -> Result<Option<DeflateParams>, Unoffered> {
    match answer {
        [] => Ok(None),
        _ => Err(Unoffered),
    }
}

impl Deflate {
    pub(crate) fn new(_: &Config, params: DeflateParams, _: bool) -> Box<Self> {
        match params {}
    }

    pub(crate) fn inflate(&mut self, _: &[u8], _: bool, _: usize) -> Inflated<'_> {
        match *self {}
    }

    pub(crate) fn end_inflate(&mut self) {
        match *self {}
    }

    pub(crate) fn message(&mut self, _: &[u8], _: Compression) -> Option<Vec<u8>> {
        match *self {}
    }

    pub(crate) fn prepared(&self, _: usize, _: Compression) -> Prepared {
        match *self {}
    }

    pub(crate) fn is_streamed(&self, _: Compression) -> bool {
        match *self {}
    }

    pub(crate) fn chunk(&mut self, _: &[u8], _: bool) -> Option<Vec<u8>> {
        match *self {}
    }

    pub(crate) fn release_after(&self) -> Option<Duration> {
        match *self {}
    }

    pub(crate) fn release(&mut self) {
        match *self {}
    }
}
