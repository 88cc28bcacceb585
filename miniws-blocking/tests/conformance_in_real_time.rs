//! The cases of the conformance corpus that are about time. There is no clock to be moved, so they
//! run in real time, all at once, and each of them in a few seconds.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod common;
#[allow(dead_code)]
#[path = "conformance/peer.rs"]
mod peer;
#[path = "conformance/run.rs"]
mod run;
#[allow(dead_code)]
#[path = "conformance/subject.rs"]
mod subject;
#[path = "../../miniws-proto/tests/core_subject/view.rs"]
mod view;
#[path = "conformance/watched.rs"]
mod watched;

use std::collections::VecDeque;
use std::time::Duration;

use common::spawn;
use miniws_conformance::{Action, Case, Corpus, Need, Settings, Step, Way};

/// How long the time of a case takes, all of it together.
const TOTAL: Duration = Duration::from_secs(3);
/// How late a machine that is busy may be.
const LATE: Duration = Duration::from_millis(50);
/// How often a case that fails is run: a machine may be busier than that for a while.
const ATTEMPTS: u32 = 3;

#[test]
fn deadlines() {
    let cases = Corpus::load().unwrap().cases.into_iter();
    let cases = cases.filter(|case| {
        let needs = case.needs();
        needs.contains(&Need::Clock)
            && !needs.contains(&Need::Held)
            && !needs.contains(&Need::Deflate)
            && !is_left_out(case)
    });
    let mut cases: Vec<_> = cases.collect();
    assert!(cases.len() > 20, "there are {} cases", cases.len());
    let mut reports = Vec::new();
    for _ in 0..ATTEMPTS {
        let running: Vec<_> = cases
            .drain(..)
            .map(|case| spawn(move || run_scaled(&case).map(|report| (case, report))))
            .collect();
        (cases, reports) = running.into_iter().filter_map(|run| run.join()).unzip();
    }
    assert!(reports.is_empty(), "{}", reports.join("\n"));
}

/// What the adapters have no call for, or do otherwise.
fn is_left_out(case: &Case) -> bool {
    // An error is told once all is over: there is nothing to look at after it.
    const EARLY: [&str; 2] = [
        "time/close-of-a-failure-but-tcp-stays-at-the-client",
        "time/idle",
    ];
    let closes_without_a_code = |step: &Step| matches!(step, Step::App(Action::Close(None), _));
    EARLY.contains(&case.id.as_str()) || case.steps.iter().any(closes_without_a_code)
}

/// What is wrong, if anything is.
fn run_scaled(case: &Case) -> Option<String> {
    let times = times(case);
    let total: Duration = times.iter().sum();
    let scale = TOTAL.as_secs_f64() / total.as_secs_f64();
    let case = Case {
        config: scaled(&case.config, scale),
        ..case.clone()
    };
    let pace = pace(&times, scale);
    let start = |case: &Case| subject::start_paced(case, peer::over_a_pipe(), pace.clone());
    let report = miniws_conformance::run(&case, Way::Whole, &start).err()?;
    Some(report.to_string())
}

fn times(case: &Case) -> Vec<Duration> {
    let time = |step: &Step| match step {
        Step::Time(time) => Some(*time),
        _ => None,
    };
    case.steps.iter().filter_map(time).collect()
}

/// Cases look at how things are a millisecond before a deadline: here it is three quarters of the
/// way, which no machine is too slow for.
fn pace(times: &[Duration], scale: f64) -> VecDeque<Duration> {
    let moment = Duration::from_millis(1);
    let next = times.iter().skip(1).map(Some).chain([None]);
    let mut before = Duration::ZERO;
    let mut pace = VecDeque::new();
    for (&time, next) in times.iter().zip(next) {
        pace.push_back(if time == moment {
            before.mul_f64(scale / 4.0) + LATE
        } else if next == Some(&moment) {
            time.mul_f64(scale * 3.0 / 4.0)
        } else {
            time.mul_f64(scale)
        });
        before = time;
    }
    pace
}

fn scaled(settings: &Settings, scale: f64) -> Settings {
    let scaled = |timeout: Option<Duration>| timeout.map(|timeout| timeout.mul_f64(scale));
    Settings {
        keep_alive: scaled(settings.keep_alive),
        pong_timeout: scaled(settings.pong_timeout),
        close_timeout: scaled(settings.close_timeout),
        idle_timeout: scaled(settings.idle_timeout),
        write_timeout: scaled(settings.write_timeout),
        handshake_timeout: scaled(settings.handshake_timeout),
        ..settings.clone()
    }
}
