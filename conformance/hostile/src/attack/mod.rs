//! The attacks of `conformance/attacks.toml`, each over sockets against a process of its own.

mod client;
mod deflate;
mod frames;
mod handshake;
mod lengths;
mod output;
mod play;
mod row;
mod table;
mod transport;

use std::path::PathBuf;
use std::process::ExitCode;

use tokio::task::JoinSet;

use crate::Result;
use row::Attack;
use table::Table;

/// Those that wait for a deadline are under way all at once; meanwhile the others come one after
/// the other, so that they have the machine for themselves.
pub(crate) async fn run(directories: &[PathBuf], only: Option<&str>) -> Result<ExitCode> {
    let mut table = Table::new(directories);
    let mut waiting = JoinSet::new();
    let mut quick = Vec::new();
    for (runtime, directory) in directories.iter().enumerate() {
        for attack in list() {
            if only.is_some_and(|only| !attack.what.contains(only) && attack.id != only) {
                continue;
            }
            table.add(&attack);
            let (what, waits, directory) = (attack.what, attack.waits, directory.clone());
            let played = async move { (runtime, what, play::play(attack, &directory).await) };
            if waits {
                waiting.spawn(played);
            } else {
                quick.push(played);
            }
        }
    }
    for played in quick {
        table.enter(tokio::spawn(played).await?);
    }
    while let Some(played) = waiting.join_next().await {
        table.enter(played?);
    }
    print!("{table}");
    Ok(table.verdict())
}

/// All of them, in the order of `conformance/attacks.toml`.
fn list() -> Vec<Attack> {
    let parts = [
        lengths::list(),
        deflate::list(),
        output::list(),
        handshake::list(),
        frames::list(),
        transport::list(),
        client::list(),
    ];
    parts.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::collections::BTreeSet;

    use miniws_conformance::{Attacks, test_exists};

    /// These are about what an application hands in or writes down, about TLS, or need a proxy.
    const NOT_OVER_SOCKETS: [&str; 6] = [
        "answer-of-a-proxy",
        "foreign-origin",
        "head-injection",
        "proxy-from-a-request",
        "secrets-in-logs",
        "tls-without-a-check",
    ];

    /// These are beyond the list.
    const BEYOND: [&str; 2] = ["messages-without-end", "silent-peer"];

    #[test]
    fn every_attack_is_played() {
        let known = Attacks::load().unwrap().attack;
        let known = known.iter().map(|attack| attack.id.as_str());
        let known: BTreeSet<_> = known.chain(BEYOND).collect();
        let list = super::list();
        let played = list.iter().map(|attack| attack.id);
        let all: BTreeSet<_> = played.chain(NOT_OVER_SOCKETS).collect();
        let odd: Vec<_> = all.symmetric_difference(&known).collect();
        assert!(
            odd.is_empty(),
            "neither played nor NOT_OVER_SOCKETS, or not known: {odd:?}"
        );
    }

    #[test]
    fn every_row_has_its_own_words() {
        let list = super::list();
        let words: BTreeSet<_> = list.iter().map(|attack| attack.what).collect();
        assert_eq!(words.len(), list.len());
    }
    /// The names of tests, and of attacks, in that part of `SECURITY.md`.
    #[test]
    fn what_proves_the_defaults_exists() {
        let part = include_str!("../../../../SECURITY.md")
            .split("\n## ")
            .find_map(|part| part.strip_prefix("What proves the defaults\n"))
            .unwrap();
        let list = super::list();
        let names: Vec<_> = part.split('`').skip(1).step_by(2).collect();
        let missing: Vec<_> = names
            .iter()
            .filter(|name| !test_exists(name) && !list.iter().any(|attack| attack.id == **name))
            .collect();
        assert!(names.len() > 20, "{names:?}");
        assert!(missing.is_empty(), "{missing:?}");
    }
}
