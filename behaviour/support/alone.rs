//! Tests that need a process of their own, for what they count or use up is the process's.

use std::process::Command;

/// Set in such a process.
const MARK: &str = "MINIWS_TEST_ALONE";

/// Runs `body`, which is all of the test with this name, in a process of its own.
pub(crate) fn alone(test: &str, body: impl FnOnce()) {
    let program = std::env::current_exe().unwrap();
    in_process(Command::new(program), test, body);
}

/// The same, where the process can have so many files open.
#[cfg(unix)]
pub(crate) fn alone_with_files(files: u32, test: &str, body: impl FnOnce()) {
    let program = std::env::current_exe().unwrap();
    let mut command = Command::new("sh");
    command
        .arg("-c")
        .arg(format!("ulimit -n {files} && exec \"$0\" \"$@\""))
        .arg(program);
    in_process(command, test, body);
}

/// The same, with these environment variables.
pub(crate) fn alone_with_variables(variables: &[(&str, &str)], test: &str, body: impl FnOnce()) {
    let program = std::env::current_exe().unwrap();
    let mut command = Command::new(program);
    command.envs(variables.iter().copied());
    in_process(command, test, body);
}

fn in_process(mut command: Command, test: &str, body: impl FnOnce()) {
    if std::env::var_os(MARK).is_some() {
        return body();
    }
    let done = command
        .args(["--exact", &format!("behaviour::{test}"), "--nocapture"])
        .env(MARK, "1")
        .output()
        .unwrap();
    let (said, erred) = (
        String::from_utf8_lossy(&done.stdout),
        String::from_utf8_lossy(&done.stderr),
    );
    assert!(done.status.success(), "{said}{erred}");
    assert!(said.contains("1 passed"), "{said}");
    println!("{said}");
}
