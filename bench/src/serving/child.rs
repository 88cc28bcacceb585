//! A process of its own, pinned to a processor.

use std::io::{self, BufRead, BufReader, Read};
use std::net::{SocketAddr, TcpListener};
use std::process::{self, Command, Stdio};
use std::sync::LazyLock;
use std::time::Duration;

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

use super::Service;
use crate::contestants;
use crate::options::Part;

/// No child lives longer than this.
const LIFE: Duration = Duration::from_secs(300);
/// Takes away glibc's copies by `rep movsb`, which are slow on some machines.
const NO_MOVSB: (&str, &str) = (
    "GLIBC_TUNABLES",
    "glibc.cpu.x86_rep_movsb_threshold=1000000000",
);

/// What is measured. It ends when this is dropped, or this process ends.
pub struct Child {
    process: process::Child,
}

/// With glibc's copies by `rep movsb` or without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Movsb {
    AsGlibcLikes,
    Never,
}

impl Movsb {
    pub fn apply(self, command: &mut Command) -> &mut Command {
        match self {
            Self::AsGlibcLikes => command,
            Self::Never => command.env(NO_MOVSB.0, NO_MOVSB.1),
        }
    }
}

impl Child {
    /// Starts a command.
    ///
    /// # Errors
    ///
    /// When it does not start.
    pub fn start(command: &mut Command) -> io::Result<Self> {
        command
            // One thread each, as on tokio.
            .env("ASYNC_STD_THREAD_COUNT", "1")
            .env("SMOL_THREADS", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        // A child inherits this.
        pin(PROCESSORS.0);
        let process = command.spawn();
        pin_load();
        Ok(Self { process: process? })
    }

    /// Waits for the address that a server prints.
    ///
    /// # Errors
    ///
    /// When it ends instead.
    pub fn read_address(&mut self) -> io::Result<SocketAddr> {
        let mut line = String::new();
        if let Some(stdout) = self.process.stdout.take() {
            BufReader::new(stdout).read_line(&mut line)?;
        }
        let address = line.trim().parse();
        address.map_err(|_| io::Error::other("it does not serve"))
    }

    /// The time that it has been running on a processor, all its threads together.
    ///
    /// # Errors
    ///
    /// When the kernel does not tell.
    pub fn processor_time(&self) -> io::Result<Duration> {
        let mut nanos = 0;
        for task in std::fs::read_dir(format!("/proc/{}/task", self.process.id()))? {
            // A thread may end meanwhile.
            let text = std::fs::read_to_string(task?.path().join("schedstat")).unwrap_or_default();
            let first = text.split_whitespace().next().unwrap_or_default();
            nanos += first.parse().unwrap_or(0);
        }
        Ok(Duration::from_nanos(nanos))
    }

    /// The bytes of memory that it occupies.
    ///
    /// # Errors
    ///
    /// When the kernel does not tell.
    pub fn resident(&self) -> io::Result<u64> {
        let path = format!("/proc/{}/smaps_rollup", self.process.id());
        let text = std::fs::read_to_string(path)?;
        let line = text.lines().find_map(|line| line.strip_prefix("Rss:"));
        let kibibytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
        let kibibytes = kibibytes.ok_or_else(|| io::Error::other("no Rss"))?;
        Ok(kibibytes << 10)
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What such a process does.
///
/// # Errors
///
/// When there is no such part, or no contestant that takes it.
pub fn run_named(part: &Part) -> Result<(), Box<dyn std::error::Error>> {
    std::thread::spawn(|| {
        // The end of its input is the end of whoever started it.
        let _ = io::stdin().read(&mut [0]);
        process::exit(0);
    });
    std::thread::spawn(|| {
        std::thread::sleep(LIFE);
        process::exit(1);
    });
    let named = |name: &str| contestants::named(name).ok_or("no such contestant");
    match part {
        Part::Serve {
            contestant,
            service,
        } => {
            let service = Service::named(service).ok_or("no such service")?;
            let serve = named(contestant)?.serve(service);
            serve.ok_or("it does not serve that")?(listen()?, service);
        }
        Part::Accept { contestant } => {
            named(contestant)?.accept.ok_or("it does not accept")?(listen()?);
        }
        Part::Connect { contestant, server } => {
            named(contestant)?.connect.ok_or("it does not connect")?(server.parse()?);
        }
    }
    Ok(())
}

fn listen() -> io::Result<TcpListener> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    // Many clients come at once.
    rustix::net::listen(&listener, 4096)?;
    println!("{}", listener.local_addr()?);
    Ok(listener)
}

/// Keeps this thread, and those that it starts, off the processor that is measured.
pub fn pin_load() {
    pin(PROCESSORS.1);
}

/// The processors for what is measured and for the load, the same where there is only one.
static PROCESSORS: LazyLock<(usize, usize)> = LazyLock::new(|| {
    let allowed = sched_getaffinity(None).unwrap_or_default();
    let mut processors = (0..CpuSet::MAX_CPU).filter(|&one| allowed.is_set(one));
    let measured = processors.next().unwrap_or(0);
    (measured, processors.next().unwrap_or(measured))
});

/// A system that does not allow it goes without.
fn pin(processor: usize) {
    let mut set = CpuSet::new();
    set.set(processor);
    let _ = sched_setaffinity(None, &set);
}
