//! Instructions, counted by callgrind.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use super::{Case, OneResult};
use crate::serving::Movsb;

/// Whether there is a valgrind.
pub fn callgrind_is_there() -> bool {
    let version = Command::new("valgrind").arg("--version").output();
    version.is_ok_and(|output| output.status.success())
}

/// A result, and the instructions that one message takes; `None` if that failed.
///
/// glibc copies large blocks with `rep movsb`, which valgrind counts in a way of its own, so that is
/// turned off.
pub fn count_under_callgrind(contestant: &str, case: &Case) -> Option<(OneResult, f64)> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let name = format!(
        "miniws-bench.{}.{}",
        std::process::id(),
        NEXT.fetch_add(1, Relaxed)
    );
    let out = std::env::temp_dir().join(name);
    let mut command = Command::new("valgrind");
    command
        .arg("--tool=callgrind")
        .arg("--zero-before=*begin_measuring*")
        .arg("--dump-before=*end_measuring*")
        .arg(format!("--callgrind-out-file={}", out.display()))
        .arg(std::env::current_exe().ok()?)
        .args(["one", contestant, &case.name(), &messages(case).to_string()])
        .stdin(Stdio::null())
        .stderr(Stdio::null());
    let output = Movsb::Never.apply(&mut command).output().ok()?;
    let mut dump = out.clone().into_os_string();
    dump.push(".1");
    let dump = PathBuf::from(dump);
    let text = std::fs::read_to_string(&dump).unwrap_or_default();
    let _ = std::fs::remove_file(dump);
    let _ = std::fs::remove_file(out);
    let result = OneResult::parse(&String::from_utf8_lossy(&output.stdout))?;
    let totals = text
        .lines()
        .find_map(|line| line.strip_prefix("totals: "))?;
    let total: f64 = totals.trim().parse().ok()?;
    Some((result, total / result.messages as f64))
}

/// Enough for what happens now and then, a read of 64 KiB say, to be shared out evenly.
fn messages(case: &Case) -> u64 {
    let messages = (1_u64 << 20) / (case.size + 8) as u64;
    messages.clamp(8, 20_000)
}
