//! A server in a process of its own, pinned to a processor.

use std::io::{self, BufRead, BufReader, Read};
use std::net::{SocketAddr, TcpListener};
use std::process::{self, Command, Stdio};
use std::time::Duration;

use rustix::thread::{CpuSet, sched_setaffinity};

use crate::contestants;

/// The processors for the server and for the load.
const SERVER: usize = 0;
const LOAD: usize = 1;
/// No server lives longer than this.
const LIFE: Duration = Duration::from_secs(300);

/// A running server. It ends when this is dropped, or this process ends.
pub struct Child {
    process: process::Child,
    address: SocketAddr,
}

impl Child {
    /// Starts a contestant's server.
    ///
    /// # Errors
    ///
    /// When it does not start.
    pub fn start(contestant: &str) -> io::Result<Self> {
        let mut process = Command::new(std::env::current_exe()?)
            .args(["serve", contestant])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let mut line = String::new();
        if let Some(stdout) = process.stdout.take() {
            BufReader::new(stdout).read_line(&mut line)?;
        }
        match line.trim().parse() {
            Ok(address) => Ok(Self { process, address }),
            Err(_) => {
                let _ = process.kill();
                let _ = process.wait();
                Err(io::Error::other(format!("{contestant} does not serve")))
            }
        }
    }

    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The time that the server has been running on a processor, all its threads together.
    ///
    /// # Errors
    ///
    /// When the kernel does not tell.
    pub fn processor_time(&self) -> io::Result<Duration> {
        let mut nanos = 0;
        for task in std::fs::read_dir(format!("/proc/{}/task", self.process.id()))? {
            let text = std::fs::read_to_string(task?.path().join("schedstat"))?;
            let first = text.split_whitespace().next().unwrap_or_default();
            nanos += first.parse().unwrap_or(0);
        }
        Ok(Duration::from_nanos(nanos))
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What the process of a server does.
///
/// # Errors
///
/// When there is no such server.
pub fn serve_named(contestant: &str) -> Result<(), Box<dyn std::error::Error>> {
    let entry = contestants::named(contestant).ok_or("no such contestant")?;
    let serve = entry.serve.ok_or("it has no server")?;
    pin(SERVER);
    std::thread::spawn(|| {
        // The end of its input is the end of whoever started it.
        let _ = io::stdin().read(&mut [0]);
        process::exit(0);
    });
    std::thread::spawn(|| {
        std::thread::sleep(LIFE);
        process::exit(1);
    });
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("{}", listener.local_addr()?);
    serve(listener);
    Ok(())
}

/// Keeps this process off the server's processor, if there is more than one.
pub fn pin_load() {
    if std::thread::available_parallelism().is_ok_and(|count| count.get() > 1) {
        pin(LOAD);
    }
}

fn pin(processor: usize) {
    let mut set = CpuSet::new();
    set.set(processor);
    let _ = sched_setaffinity(None, &set);
}
