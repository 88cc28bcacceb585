//! Does the corpus notice? Each subject here is the core with one thing wrong on purpose, and the
//! corpus must find it, by the cases that are about it.

mod broken;
mod core_subject;

use broken::{Broken, Defect, defects};
use miniws_conformance::{Case, Corpus, Report, Suite, Way};

/// Runs the corpus against the core with a defect. `alter` changes what the subject is told of each
/// case.
fn failures(
    ways: &[Way],
    defect: impl Fn() -> Box<dyn Defect> + Send + Sync + 'static,
    alter: impl Fn(&mut Case) + Send + Sync + 'static,
) -> Vec<Report> {
    let suite = Suite::new(move |case: &Case| {
        let mut case = case.clone();
        alter(&mut case);
        let inner = core_subject::start(&case)?;
        Ok(Box::new(Broken {
            inner,
            defect: defect(),
        }))
    });
    let corpus = Corpus::load().unwrap_or_else(|error| unreachable!("{error}"));
    suite.ways(ways.iter().copied()).failures(&corpus)
}

fn assert_found(failures: &[Report], expected: &[&str]) {
    for id in expected {
        let found = failures.iter().any(|report| report.case == *id);
        assert!(found, "{id} does not notice; these do: {failures:#?}");
    }
}

/// One test for each defect, with some of the cases that must notice it.
macro_rules! found {
    ($($name:ident: $defect:expr => [$($id:literal),+ $(,)?]),+ $(,)?) => {
        $(#[test]
        fn $name() {
            let failures = failures(&[Way::Whole], || Box::new($defect), |_| {});
            assert_found(&failures, &[$($id),+]);
        })+
    };
}

found! {
    drops_pongs: defects::DropsPongs
        => ["control/ping-with-data", "fragments/ping-between"],
    flips_a_bit: defects::FlipsABit
        => ["sending/text-from-server", "close/echo-1000"],
    reports_a_wrong_close_code: defects::ReportsAWrongCloseCode
        => ["close/code-3000", "close/ours-answered-with-another-code"],
    reports_an_unclean_close_as_clean: defects::ReportsEveryCloseAsClean
        => ["failure/eof-while-open", "failure/the-answer-to-its-close-is-not-processed"],
    forgets_the_close: defects::ForgetsTheClose
        => ["close/echo-1000", "failure/server-shuts-down-after-its-close"],
    merges_messages: defects::MergesMessages
        => ["framing/several-in-one-segment", "fragments/one-message-after-the-other"],
    swallows_errors: defects::SwallowsErrors
        => ["failure/eof-while-open", "framing/rsv1-text", "handshake-client/accept-missing"],
    never_shuts_down: defects::NeverShutsDown
        => ["close/echo-1000", "failure/server-shuts-down-after-its-close"],
    accepts_any_accept_key: defects::AcceptsAnyAcceptKey
        => ["handshake-client/accept-of-another-key", "handshake-client/accept-in-another-case"],
    goes_on_after_the_end: defects::GoesOnAfterTheEnd::default()
        => ["close/nothing-counts-after-the-peers", "failure/nothing-is-processed-after-it"],
    tolerates_unmasked_frames: defects::ToleratesUnmaskedFrames
        => ["masking/unmasked-text", "masking/unmasked-ping"],
    answers_pongs: defects::AnswersPongs::default()
        => ["control/pong-unsolicited"],
    judges_text_late: defects::JudgesTextLate::default()
        => ["utf8/invalid-surrogate-ud800", "utf8/invalid-in-the-first-fragment"],
    takes_text_for_binary: defects::TakesTextForBinary
        => ["framing/hello-from-client", "fragments/hel-lo-from-client"],
    has_no_clock: defects::HasNoClock
        => ["time/pong-timeout", "time/close-unanswered", "time/handshake-of-a-silent-client"],
    hides_send_errors: defects::HidesSendErrors
        => ["close/no-data-after-ours", "limits/queue-full", "control/ping-of-ours-126"],
    says_it_is_open: defects::SaysItIsOpen
        => ["close/ours-empty"],
    writes_more_at_the_end: defects::WritesMoreAtTheEnd::default()
        => ["framing/hello-from-client", "control/pong-unsolicited"],
    loses_what_is_behind_a_head: defects::LosesWhatIsBehindAHead
        => ["handshake-server/frames-behind-the-head", "handshake-client/frames-behind-the-answer"],
    takes_an_extension_that_it_has_not: defects::TakesAnExtension
        => ["handshake-server/extensions-are-declined"],
    holds_more_than_it_may: defects::HoldsMore
        => ["control/ping-flood-the-latest-wins", "limits/queue-full"],
}

/// The defect shows only when the bytes come one by one, and the report says so.
#[test]
fn breaks_only_when_cut() {
    let ways = [Way::Whole, Way::Bytewise];
    let failures = failures(&ways, || Box::<defects::BreaksWhenCut>::default(), |_| {});
    assert_found(
        &failures,
        &["framing/length-65536", "handshake-server/minimal"],
    );
    let cut = failures.iter().all(|report| report.way == Way::Bytewise);
    assert!(cut, "{failures:#?}");
}

#[test]
fn ignores_the_limit_on_messages() {
    let failures = failures(
        &[Way::Whole],
        || Box::new(defects::None),
        |case| {
            case.config.max_message_size = None;
        },
    );
    assert_found(
        &failures,
        &[
            "limits/message-size-and-one",
            "limits/message-size-and-one-in-fragments",
            "chunks/message-size",
        ],
    );
}

#[test]
fn ignores_the_limit_on_fragments() {
    let failures = failures(
        &[Way::Whole],
        || Box::new(defects::None),
        |case| {
            case.config.max_fragments = None;
        },
    );
    assert_found(
        &failures,
        &[
            "limits/fragments-and-one",
            "limits/fragments-that-are-empty-count",
        ],
    );
}

/// And without a defect there is nothing to find.
#[test]
fn nothing_is_found_in_what_is_whole() {
    let failures = failures(&Way::all(), || Box::new(defects::None), |_| {});
    assert!(failures.is_empty(), "{failures:#?}");
}
