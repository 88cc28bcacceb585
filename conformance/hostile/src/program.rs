//! A server as a process: how it is started, and what it takes of the machine.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::Result;

const START: Duration = Duration::from_secs(10);

/// A server that runs until this is dropped.
pub(crate) struct Program {
    pub(crate) address: SocketAddr,
    /// It is killed with this.
    _child: Child,
    pid: u32,
}

impl Program {
    /// Returns when it listens.
    pub(crate) async fn start(path: &Path, options: &[&str]) -> Result<Self> {
        let mut child = Command::new(path)
            .args(options)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| format!("{}: {error}", path.display()))?;
        let output = child.stdout.take().ok_or("it has no output")?;
        let mut line = String::new();
        timeout(START, BufReader::new(output).read_line(&mut line)).await??;
        let address = line
            .trim_end()
            .strip_prefix("listening on ws://")
            .and_then(|address| address.parse().ok())
            .ok_or_else(|| format!("{} began with {line:?}", path.display()))?;
        let pid = child.id().ok_or("it ended at once")?;
        Ok(Self {
            address,
            _child: child,
            pid,
        })
    }

    /// The most memory that it has taken so far, in KiB.
    pub(crate) fn peak(&self) -> Result<usize> {
        peak(self.pid)
    }

    /// The memory that it takes now, in KiB.
    pub(crate) fn memory(&self) -> Result<usize> {
        status(self.pid, "VmRSS:")
    }

    /// How many descriptors it has open.
    pub(crate) fn descriptors(&self) -> Result<usize> {
        Ok(fs::read_dir(format!("/proc/{}/fd", self.pid))?.count())
    }
}

/// The runtime whose programs are in there.
pub(crate) fn name(directory: &Path) -> String {
    let name = directory.file_name().unwrap_or(directory.as_os_str());
    name.to_string_lossy().into_owned()
}

/// The most memory that a process has taken so far, in KiB.
pub(crate) fn peak(pid: u32) -> Result<usize> {
    status(pid, "VmHWM:")
}

fn status(pid: u32, field: &str) -> Result<usize> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let value = status
        .lines()
        .find_map(|line| line.strip_prefix(field)?.trim().strip_suffix(" kB"))
        .ok_or("it has no memory left")?;
    Ok(value.parse()?)
}
