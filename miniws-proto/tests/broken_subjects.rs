//! Does the corpus notice? Each subject here is the core with one thing wrong on purpose, and the
//! corpus must find it, by the cases that are about it.

mod broken;
mod core_subject;

use broken::{Broken, Defect, defects};
use miniws_conformance::{Case, Corpus, Need, Report, Suite, Way};

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
    let suite = match cfg!(feature = "deflate") {
        true => suite,
        false => suite.lacks(Need::Deflate),
    };
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
    tells_no_offset: defects::TellsNoOffset
        => ["failure/what-came-before-it-is-delivered", "fragments/text-within-text"],
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

#[cfg(feature = "deflate")]
mod deflate {
    use super::*;

    /// The settings of compression are altered, where there are any.
    fn found_if(alter: fn(&mut miniws_conformance::DeflateSettings), expected: &[&str]) {
        let failures = failures(
            &[Way::Whole],
            || Box::new(defects::None),
            move |case| {
                if let Some(deflate) = &mut case.config.deflate {
                    alter(deflate);
                }
            },
        );
        assert_found(&failures, expected);
    }

    #[test]
    fn keeps_no_window_between_messages() {
        let failures = failures(
            &[Way::Whole],
            || Box::new(defects::None),
            |case| {
                if let Some(extensions) = &mut case.extensions {
                    let no_takeover = "; server_no_context_takeover; client_no_context_takeover";
                    *extensions = extensions.replace(no_takeover, "") + no_takeover;
                }
            },
        );
        assert_found(
            &failures,
            &[
                "deflate-receiving/hello-twice-with-takeover",
                "deflate-receiving/chunks-with-takeover",
                "deflate-sending/takeover",
            ],
        );
    }

    #[test]
    fn counts_compressed_bytes() {
        let failures = failures(
            &[Way::Whole],
            || Box::new(defects::None),
            |case| {
                // So much more has to come out before it is too much.
                if let Some(size) = &mut case.config.max_message_size {
                    *size *= 1000;
                }
            },
        );
        assert_found(
            &failures,
            &[
                "deflate-limits/bomb",
                "deflate-limits/message-size-and-one",
                "deflate-limits/message-size-of-a-block",
            ],
        );
    }

    #[test]
    fn ignores_the_ratio() {
        found_if(
            |deflate| deflate.max_ratio = None,
            &["deflate-limits/ratio", "deflate-limits/ratio-with-takeover"],
        );
    }

    #[test]
    fn compresses_whatever_its_size() {
        found_if(
            |deflate| deflate.threshold = Some(0),
            &[
                "deflate-sending/by-default-from-256-bytes-on",
                "deflate-sending/not-smaller",
            ],
        );
    }

    #[test]
    fn never_forgets_what_it_sent() {
        found_if(
            |deflate| deflate.release_after = None,
            &["deflate-sending/window-released-when-idle"],
        );
    }

    #[test]
    fn looks_back_too_far() {
        let failures = failures(
            &[Way::Whole],
            || Box::new(defects::None),
            |case| {
                if let Some(extensions) = &mut case.extensions {
                    *extensions = extensions.replace("max_window_bits=9", "max_window_bits=15");
                }
                if let Some(deflate) = &mut case.config.deflate {
                    deflate.send_window_bits = Some(15);
                }
            },
        );
        assert_found(
            &failures,
            &[
                "deflate-sending/window-of-9-bits",
                "deflate-sending/window-of-9-bits-from-client",
                "deflate-sending/window-of-its-own",
            ],
        );
    }

    found! {
        marks_no_message_as_compressed: broken::deflate::ClearsRsv1
            => ["deflate-sending/text-from-server", "deflate-sending/empty"],
        marks_every_message_as_compressed: broken::deflate::SetsRsv1
            => ["sending/text-from-server", "deflate-sending/never"],
        leaves_the_tail_in: broken::deflate::LeavesTheTailIn
            => ["deflate-sending/text-from-server", "deflate-sending/empty"],
        sends_no_empty_message: broken::deflate::SendsNoEmptyMessage
            => ["deflate-sending/empty-between-with-takeover"],
        finds_corruption_late: broken::deflate::FindsCorruptionLate::default()
            => ["deflate-receiving/found-before-the-message-ends"],
        takes_any_answer: broken::deflate::TakesAnyAnswer
            => ["deflate-negotiation/client-refuses-server-bits-larger"],
        answers_unasked: broken::deflate::AnswersUnasked
            => ["deflate-negotiation/server-by-default"],
    }
}

/// And without a defect there is nothing to find.
#[test]
fn nothing_is_found_in_what_is_whole() {
    let failures = failures(&Way::all(), || Box::new(defects::None), |_| {});
    assert!(failures.is_empty(), "{failures:#?}");
}
