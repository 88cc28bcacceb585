//! What has gone wrong elsewhere, and what proves that it does not here.

use std::fs;
use std::path::Path;

use serde::Deserialize;

use crate::corpus::{Corpus, CorpusError};

/// Known attacks on WebSocket implementations.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attacks {
    /// All of them.
    pub attack: Vec<Attack>,
}

/// Something that has gone wrong in some implementation.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attack {
    /// A short name.
    pub id: String,
    /// What happens, and where it is known from.
    pub text: String,
    /// The cases of the corpus that would fail without the defence.
    #[serde(default)]
    pub cases: Vec<String>,
    /// The tests that would, as `path::name`, the path from the root of the repository.
    #[serde(default)]
    pub tests: Vec<String>,
}

impl Attacks {
    /// Reads the list that belongs to this crate.
    ///
    /// # Errors
    ///
    /// What is wrong with the file.
    pub fn load() -> Result<Self, CorpusError> {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("attacks.toml");
        let text = fs::read_to_string(&file).map_err(|error| error.to_string());
        let read = text.and_then(|text| toml::from_str(&text).map_err(|error| error.to_string()));
        read.map_err(|what| CorpusError { file, what })
    }

    /// What does not hold: an attack without a proof, a case or a test that does not exist, an id
    /// that is there twice.
    #[must_use]
    pub fn defects(&self, corpus: &Corpus) -> Vec<String> {
        let mut defects = Vec::new();
        for attack in &self.attack {
            if attack.cases.is_empty() && attack.tests.is_empty() {
                defects.push(format!("{} has neither a case nor a test", attack.id));
            }
            for id in &attack.cases {
                if !corpus.cases.iter().any(|case| case.id == *id) {
                    defects.push(format!("{}: there is no case {id}", attack.id));
                }
            }
            for test in &attack.tests {
                if !test_exists(test) {
                    defects.push(format!("{}: there is no test {test}", attack.id));
                }
            }
        }
        let mut ids: Vec<_> = self.attack.iter().map(|attack| &attack.id).collect();
        ids.sort();
        let twice = ids.windows(2).filter(|two| two[0] == two[1]);
        defects.extend(twice.map(|two| format!("{} is there twice", two[0])));
        defects
    }
}

/// Whether there is such a test: `path::name`, the path from the root of the repository.
#[must_use]
pub fn test_exists(test: &str) -> bool {
    let Some((file, name)) = test.split_once("::") else {
        return false;
    };
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file);
    fs::read_to_string(file).is_ok_and(|text| text.contains(&format!("fn {name}(")))
}
