//! How many descriptors a process may have.

use crate::Result;

/// Raises the limit as far as it may be; the programs that are started inherit it.
#[cfg(unix)]
pub(crate) fn raise_descriptors() -> Result<()> {
    use rustix::process::{Resource, getrlimit, setrlimit};

    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    Ok(setrlimit(Resource::Nofile, limit)?)
}

#[cfg(not(unix))]
pub(crate) fn raise_descriptors() -> Result<()> {
    Ok(())
}
