//! Where and with what it was measured.

use std::fmt;
use std::process::Command;

use serde::{Deserialize, Serialize};

/// The machine and the compiler.
#[derive(Serialize, Deserialize)]
pub struct Machine {
    processor: String,
    processors: usize,
    kernel: String,
    compiler: String,
    valgrind: String,
    /// How many others wanted a processor at the end: more than one or two, and times mean little.
    load: String,
}

impl Machine {
    pub fn here() -> Self {
        let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
        let cpus = read("/proc/cpuinfo");
        let processor = cpus
            .lines()
            .find_map(|line| line.strip_prefix("model name")?.split_once(": "))
            .map_or("unknown", |(_, name)| name);
        let load = read("/proc/loadavg");
        Self {
            processor: processor.to_owned(),
            processors: cpus
                .lines()
                .filter(|line| line.starts_with("processor"))
                .count(),
            kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
            compiler: first_line("rustc", "--version"),
            valgrind: first_line("valgrind", "--version"),
            load: load.split(' ').next().unwrap_or_default().to_owned(),
        }
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            processor,
            processors,
            kernel,
            compiler,
            valgrind,
            load,
        } = self;
        write!(
            f,
            "{processors} x {processor}, Linux {kernel}, {compiler}, {valgrind}, load {load}"
        )
    }
}

fn first_line(program: &str, argument: &str) -> String {
    let output = Command::new(program).arg(argument).output();
    let text = output.map_or_else(
        |_| format!("no {program}"),
        |output| String::from_utf8_lossy(&output.stdout).into_owned(),
    );
    text.lines().next().unwrap_or_default().to_owned()
}

/// The version of a package that this program was built with.
pub fn version(package: &str) -> &'static str {
    let lock = include_str!("../../Cargo.lock");
    let mut lines = lock.lines();
    while let Some(line) = lines.next() {
        let name = line
            .strip_prefix("name = \"")
            .and_then(|rest| rest.strip_suffix('"'));
        if name == Some(package) {
            let version = lines
                .next()
                .and_then(|line| line.strip_prefix("version = \""));
            return version.map_or("", |version| version.trim_end_matches('"'));
        }
    }
    ""
}
