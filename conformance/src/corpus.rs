//! All the cases.

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::case::Case;

/// The corpus: every case of every file, in order.
#[derive(Clone, Debug)]
pub struct Corpus {
    /// The cases.
    pub cases: Vec<Case>,
}

/// What is wrong with the corpus itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CorpusError {
    /// The file.
    pub file: PathBuf,
    /// What is wrong with it.
    pub what: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    case: Vec<Case>,
}

impl Corpus {
    /// Reads the corpus that belongs to this crate.
    ///
    /// # Errors
    ///
    /// The first file that cannot be read, and what is wrong with it.
    pub fn load() -> Result<Self, CorpusError> {
        Self::load_from(&Path::new(env!("CARGO_MANIFEST_DIR")).join("cases"))
    }

    /// Reads all `.toml` files of a directory and of the directories in it.
    ///
    /// # Errors
    ///
    /// The first file that cannot be read, and what is wrong with it.
    pub fn load_from(directory: &Path) -> Result<Self, CorpusError> {
        let mut cases = Vec::new();
        for file in toml_files(directory)? {
            cases.extend(read(directory, &file)?);
        }
        let mut ids = BTreeSet::new();
        match cases.iter().find(|case| !ids.insert(case.id.clone())) {
            None => Ok(Self { cases }),
            Some(case) => Err(CorpusError {
                file: case.file.clone(),
                what: format!("{} is there twice", case.id),
            }),
        }
    }
}

fn toml_files(directory: &Path) -> Result<Vec<PathBuf>, CorpusError> {
    let wrong = |error: std::io::Error| CorpusError {
        file: directory.to_owned(),
        what: error.to_string(),
    };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(directory).map_err(wrong)? {
        let path = entry.map_err(wrong)?.path();
        if path.is_dir() {
            files.extend(toml_files(&path)?);
        } else if path
            .extension()
            .is_some_and(|extension| extension == "toml")
        {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn read(directory: &Path, file: &Path) -> Result<Vec<Case>, CorpusError> {
    let wrong = |what: String| CorpusError {
        file: file.to_owned(),
        what,
    };
    let text = std::fs::read_to_string(file).map_err(|error| wrong(error.to_string()))?;
    let File { mut case } = toml::from_str(&text).map_err(|error| wrong(error.to_string()))?;
    for case in &mut case {
        // As it is named in messages: from this crate's directory on.
        let within = file.strip_prefix(directory).unwrap_or(file);
        case.file = Path::new("conformance/cases").join(within);
        if let Some(defect) = case.defect(&topic(within)) {
            return Err(wrong(format!("{}: {defect}", case.id)));
        }
    }
    Ok(case)
}

/// What the ids of a file's cases begin with: its name, or that of the directory it is in.
fn topic(file: &Path) -> String {
    let first = file.iter().next().unwrap_or_default();
    Path::new(first)
        .with_extension("")
        .to_string_lossy()
        .into_owned()
}

impl fmt::Display for CorpusError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.file.display(), self.what)
    }
}

impl std::error::Error for CorpusError {}
