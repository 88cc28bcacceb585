//! What is said when a case fails.

use std::fmt;
use std::path::PathBuf;

use crate::way::Way;

/// Why a case failed, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The case.
    pub case: String,
    /// Its file.
    pub file: PathBuf,
    /// The step, counted from 1; one more than there are if the end was wrong.
    pub step: usize,
    /// How the bytes were cut.
    pub way: Way,
    /// What was expected.
    pub expected: String,
    /// What there was.
    pub got: String,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} in {}", self.case, self.file.display())?;
        writeln!(f, "  step      {}", self.step)?;
        writeln!(f, "  expected  {}", self.expected)?;
        writeln!(f, "  got       {}", self.got)?;
        write!(f, "  bytes cut {}", self.way)
    }
}

impl std::error::Error for Report {}
