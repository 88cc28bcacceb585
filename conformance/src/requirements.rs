//! The requirements of RFC 6455, and the cases that show them.

use std::path::Path;

use serde::Deserialize;

use crate::corpus::{Corpus, CorpusError};

/// Every MUST, MUST NOT, REQUIRED and SHALL of RFC 6455.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Requirements {
    /// Those that an endpoint shows.
    pub requirement: Vec<Requirement>,
    /// Those that cannot be seen from an endpoint's bytes and events.
    pub unobservable: Vec<Unobservable>,
}

/// A requirement that an endpoint shows.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Requirement {
    /// Section and number.
    pub id: String,
    /// What is required.
    pub text: String,
    /// The cases that would fail without it.
    pub cases: Vec<String>,
}

/// A requirement that no case can show.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unobservable {
    /// Section and number.
    pub id: String,
    /// What is required.
    pub text: String,
    /// Why no case can show it, and where it is met instead.
    pub why: String,
}

impl Requirements {
    /// Reads the list that belongs to this crate.
    ///
    /// # Errors
    ///
    /// What is wrong with the file.
    pub fn load() -> Result<Self, CorpusError> {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("requirements.toml");
        let text = std::fs::read_to_string(&file).map_err(|error| error.to_string());
        let read = text.and_then(|text| toml::from_str(&text).map_err(|error| error.to_string()));
        read.map_err(|what| CorpusError { file, what })
    }

    /// What does not hold between this list and the corpus: a requirement without a case, a case
    /// that does not exist, a number that is there twice.
    #[must_use]
    pub fn defects(&self, corpus: &Corpus) -> Vec<String> {
        let mut defects = Vec::new();
        for requirement in &self.requirement {
            if requirement.cases.is_empty() {
                defects.push(format!("{} has no case", requirement.id));
            }
            for id in &requirement.cases {
                if !corpus.cases.iter().any(|case| case.id == *id) {
                    defects.push(format!("{}: there is no case {id}", requirement.id));
                }
            }
        }
        let seen = self.requirement.iter().map(|requirement| &requirement.id);
        let unseen = self.unobservable.iter().map(|unseen| &unseen.id);
        let mut ids: Vec<_> = seen.chain(unseen).collect();
        ids.sort();
        let twice = ids.windows(2).filter(|two| two[0] == two[1]);
        defects.extend(twice.map(|two| format!("{} is there twice", two[0])));
        defects
    }
}
