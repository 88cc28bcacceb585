//! Instructions, counted by callgrind.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::{Case, OneResult};

/// The instructions that one message takes, `None` without valgrind.
///
/// glibc copies large blocks with `rep movsb`, which valgrind counts in a way of its own, so that is
/// turned off.
pub fn count_under_callgrind(contestant: &str, case: &Case) -> Option<f64> {
    let out = std::env::temp_dir().join(format!("miniws-bench.{}", std::process::id()));
    let output = Command::new("valgrind")
        .arg("--tool=callgrind")
        .arg("--zero-before=*begin_measuring*")
        .arg("--dump-before=*end_measuring*")
        .arg(format!("--callgrind-out-file={}", out.display()))
        .arg(std::env::current_exe().ok()?)
        .args(["one", contestant, &case.name(), &messages(case).to_string()])
        .env(
            "GLIBC_TUNABLES",
            "glibc.cpu.x86_rep_movsb_threshold=1000000000",
        )
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
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
    Some(total / result.messages as f64)
}

/// Enough for what happens now and then, a read of 64 KiB say, to be shared out evenly.
fn messages(case: &Case) -> u64 {
    let messages = (1_u64 << 20) / (case.size + 8) as u64;
    messages.clamp(8, 20_000)
}
