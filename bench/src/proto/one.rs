//! One measurement in a process of its own.

use std::io;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::{Case, Footprint, named};
use crate::serving::Movsb;
use crate::{contestants, meter};

/// What such a process prints and its parent reads.
#[derive(Clone, Copy, Debug)]
pub struct OneResult {
    pub messages: u64,
    pub time: Duration,
    pub allocations: u64,
    pub footprint: Footprint,
}

impl OneResult {
    pub fn parse(text: &str) -> Option<Self> {
        let mut numbers = text.split_whitespace().map(str::parse);
        let mut next = || numbers.next()?.ok();
        Some(Self {
            messages: next()?,
            time: Duration::from_nanos(next()?),
            allocations: next()?,
            footprint: Footprint {
                wire: next()?,
                heap: next()?,
            },
        })
    }

    /// Measures in a new process.
    ///
    /// # Errors
    ///
    /// When that failed.
    pub fn measure(contestant: &str, case: &Case, messages: u64, movsb: Movsb) -> io::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command
            .args(["one", contestant, &case.name(), &messages.to_string()])
            .stdin(Stdio::null())
            .stderr(Stdio::null());
        let output = movsb.apply(&mut command).output()?;
        let result = Self::parse(&String::from_utf8_lossy(&output.stdout));
        result.ok_or_else(|| io::Error::other(format!("{} fails", case.name())))
    }

    /// For one message.
    pub fn nanos(&self) -> f64 {
        self.time.as_nanos() as f64 / self.messages as f64
    }

    /// For one message.
    pub fn allocations(&self) -> f64 {
        self.allocations as f64 / self.messages as f64
    }
}

/// What the new process does: measures and prints.
///
/// # Errors
///
/// When there is no such contestant or case, or nothing was measured.
pub fn one(contestant: &str, case: &str, messages: u64) -> Result<(), String> {
    let entry = contestants::named(contestant).ok_or("no such contestant")?;
    let case = named(case).ok_or("no such case")?;
    let proto = entry.proto(&case).ok_or("it cannot do that")?;
    let messages = (proto.run)(&case, messages);
    let measured = meter::take().ok_or("nothing was measured")?;
    let footprint = if case.deflate {
        (proto.footprint)(&case)
    } else {
        Footprint::default()
    };
    println!(
        "{messages} {} {} {} {}",
        measured.time.as_nanos(),
        measured.allocations,
        footprint.wire,
        footprint.heap,
    );
    Ok(())
}
