//! Whether the corpus itself is in order. Loading it checks the rest: ids are unique and begin with
//! the name of their file, bytes can be read, every case expects something and says what it rests
//! on.

use std::collections::BTreeSet;

use miniws_conformance::{Attacks, Corpus, Requirements};

#[test]
fn it_can_be_read_and_no_topic_is_missing() -> Result<(), Box<dyn std::error::Error>> {
    let corpus = Corpus::load()?;
    let topics: BTreeSet<_> = corpus
        .cases
        .iter()
        .filter_map(|case| case.id.split('/').next())
        .collect();
    let expected = [
        "chunks",
        "close",
        "control",
        "deflate-limits",
        "deflate-negotiation",
        "deflate-receiving",
        "deflate-sending",
        "failure",
        "fragments",
        "framing",
        "handshake-client",
        "handshake-server",
        "limits",
        "masking",
        "prepared",
        "sending",
        "time",
        "utf8",
    ];
    assert_eq!(topics, BTreeSet::from(expected));
    Ok(())
}

#[test]
fn every_requirement_has_a_case() -> Result<(), Box<dyn std::error::Error>> {
    let defects = Requirements::load()?.defects(&Corpus::load()?);
    assert!(defects.is_empty(), "{defects:#?}");
    Ok(())
}

#[test]
fn every_attack_is_withstood_by_a_case_or_a_test() -> Result<(), Box<dyn std::error::Error>> {
    let defects = Attacks::load()?.defects(&Corpus::load()?);
    assert!(defects.is_empty(), "{defects:#?}");
    Ok(())
}
