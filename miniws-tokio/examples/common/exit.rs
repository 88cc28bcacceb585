//! How the examples end.

use std::process;

pub(crate) type Error = Box<dyn std::error::Error + Send + Sync>;

/// Ends the program; what went wrong is told in a line on standard error. To return from `main`
/// could take for ever: a read of the terminal that is under way can't be called off.
pub(crate) fn exit(result: Result<(), Error>) -> ! {
    let status = match result {
        Ok(()) => 0,
        Err(error) => {
            eprintln!("{}: {error}", env!("CARGO_CRATE_NAME"));
            1
        }
    };
    process::exit(status)
}
