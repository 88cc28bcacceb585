//! What a subscriber of `tracing` is told: all of it, and nothing else, is on the page of the feature.

mod canaries;
mod connections;
mod handshakes;
mod servers;
mod upkeep;

use std::collections::BTreeSet;

use tracing::Level;
use tracing::subscriber::{DefaultGuard, set_default};

use super::support::recorder::Records;
use super::support::{TICK, calm};
use crate::miniws::Config;

const PAGE: &str = include_str!("../miniws-adapter/src/telemetry.md");

/// What is told on this thread as long as the guard is there.
fn record(level: Level) -> (Records, DefaultGuard) {
    let records = Records::default();
    let guard = set_default(records.recorder(level));
    (records, guard)
}

/// A configuration of little patience with a peer that has misbehaved.
fn brief() -> Config {
    calm().close_timeout(TICK)
}

/// What has happened in spans of this kind, a line for each event. All of it must be on the page.
fn story(records: &Records, kind: &str) -> Vec<String> {
    let entries = records.entries().clone();
    for entry in entries.iter().filter(|entry| entry.target == "miniws") {
        let row = match entry.is_event {
            true => row(&entry.name),
            false => PAGE,
        };
        assert!(row.contains(entry.level.as_str()), "{entry:?}");
        for name in entry.fields.keys() {
            assert!(row.contains(&format!("`{name}`")), "{name} of {entry:?}");
        }
    }
    let of_kind =
        |parent: Option<usize>| parent.is_some_and(|at| entries[at].field("otel.kind") == kind);
    let events = entries
        .iter()
        .filter(|entry| entry.is_event && of_kind(entry.parent));
    events
        .map(|event| {
            format!("{} {} {}", event.level, event.name, event.fields())
                .trim_end()
                .to_owned()
        })
        .collect()
}

/// What the page says of an event.
fn row(event: &str) -> &'static str {
    let begin = format!("| `{event}` |");
    let row = PAGE.lines().find(|line| line.starts_with(&begin));
    row.unwrap_or_else(|| panic!("{event} is not on the page"))
}

/// Each of them is in one of the tests here.
#[test]
fn the_page_has_these_events() {
    let events = PAGE.lines().filter(|line| {
        line.contains(" | DEBUG") || line.contains(" | INFO") || line.contains(" | WARN")
    });
    let names: BTreeSet<_> = events.filter_map(|line| line.split('`').nth(1)).collect();
    let expected = [
        "accepted",
        "connecting",
        "redirected",
        "open",
        "not opened",
        "closed",
        "max_handshakes reached",
        "accepting failed",
        "stopping",
        "closing all",
        "ending all",
        "lost",
        "reconnected",
        "gave up",
    ];
    assert_eq!(names, BTreeSet::from(expected));
}
