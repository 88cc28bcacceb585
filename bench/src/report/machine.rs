//! Where and with what it was measured.

use std::fmt;
use std::process::Command;

use serde_json::{Value, json};

/// The machine and the compiler.
pub struct Machine {
    processor: String,
    processors: usize,
    kernel: String,
    compiler: String,
    valgrind: String,
    tunables: String,
}

impl Machine {
    pub fn here() -> Self {
        let cpus = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let processor = cpus
            .lines()
            .find_map(|line| line.strip_prefix("model name")?.split_once(": "))
            .map_or("unknown", |(_, name)| name);
        let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
        Self {
            processor: processor.to_owned(),
            processors: std::thread::available_parallelism().map_or(1, usize::from),
            kernel: kernel.trim().to_owned(),
            compiler: first_line("rustc", "--version"),
            valgrind: first_line("valgrind", "--version"),
            tunables: std::env::var("GLIBC_TUNABLES").unwrap_or_default(),
        }
    }

    pub fn to_json(&self) -> Value {
        json!({
            "processor": self.processor,
            "processors": self.processors,
            "kernel": self.kernel,
            "compiler": self.compiler,
            "valgrind": self.valgrind,
            "GLIBC_TUNABLES": self.tunables,
        })
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} x {}, Linux {}, {}, {}, GLIBC_TUNABLES={:?}",
            self.processors,
            self.processor,
            self.kernel,
            self.compiler,
            self.valgrind,
            self.tunables
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
