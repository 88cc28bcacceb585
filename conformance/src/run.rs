//! Runs one case, cut in one way, against one subject.

mod compressed;
mod events;
mod output;
mod patience;

use crate::action::Action;
use crate::bytes::shown;
use crate::case::Case;
use crate::report::Report;
use crate::step::Step;
use crate::subject::{Started, Subject, Unsupported};
use crate::way::{Cutter, Way};

use compressed::Inflater;
use events::Events;
use output::Output;
use patience::Patience;

/// Runs `case`, cut in `way`, against the subject that `start` makes for it.
///
/// # Errors
///
/// The first step that went wrong.
pub fn run(case: &Case, way: Way, start: &dyn Fn(&Case) -> Started) -> Result<(), Report> {
    let report = |step, mismatch: Mismatch| Report {
        case: case.id.clone(),
        file: case.file.clone(),
        step,
        way,
        expected: mismatch.expected,
        got: mismatch.got,
    };
    let subject = start(case)
        .map_err(|got| report(0, Mismatch::new("a subject that is ready to start", got)))?;
    let mut runner = Runner {
        subject,
        cutter: way.cutter(),
        events: Events::default(),
        output: Output::default(),
        inflater: Inflater::new(15),
    };
    for (index, step) in case.steps.iter().enumerate() {
        runner
            .step(step)
            .map_err(|mismatch| report(index + 1, mismatch))?;
    }
    runner
        .quiet()
        .map_err(|mismatch| report(case.steps.len() + 1, mismatch))
}

/// What was expected, and what there was.
struct Mismatch {
    expected: String,
    got: String,
}

impl Mismatch {
    fn new(expected: impl Into<String>, got: impl Into<String>) -> Self {
        Self {
            expected: expected.into(),
            got: got.into(),
        }
    }
}

impl From<Unsupported> for Mismatch {
    fn from(_: Unsupported) -> Self {
        Self::new(
            "a subject that can do this step",
            "one that cannot, and does not say so beforehand",
        )
    }
}

struct Runner {
    subject: Box<dyn Subject>,
    cutter: Cutter,
    events: Events,
    output: Output,
    inflater: Inflater,
}

impl Runner {
    fn step(&mut self, step: &Step) -> Result<(), Mismatch> {
        let subject = self.subject.as_mut();
        match step {
            Step::Peer(bytes) => self.peer(bytes),
            Step::PeerEof => subject.peer_eof(),
            Step::App(action, error) => self.app(action, error.as_deref())?,
            Step::Time(duration) => subject.advance(*duration)?,
            Step::Stall(stalled) => subject.stall(*stalled)?,
            Step::Event(expected, times) => {
                for _ in 0..*times {
                    self.events.expect_event(subject, expected)?;
                }
            }
            Step::Request(expected) => self.events.expect_request(subject, expected)?,
            Step::ResponseSeen(expected) => self.events.expect_response(subject, expected)?,
            Step::Error(expected) => self.events.expect_error(subject, expected)?,
            Step::Wire(expected) => self.output.expect_bytes(subject, expected)?,
            Step::Compressed(expected) => {
                self.output
                    .expect_compressed(subject, expected, &mut self.inflater)?;
            }
            Step::RequestSent(expected) => self.output.expect_request(subject, expected)?,
            Step::Response(expected) => self.output.expect_response(subject, expected)?,
            Step::Transport(expected) => {
                until_equal("transport", expected, subject, |subject| {
                    subject.transport()
                })?;
            }
            Step::State(expected) => {
                until_equal("state", expected, subject, |subject| subject.state())?;
            }
            Step::Status(expected) => {
                let expected = Some(expected.clone());
                until_equal("status", &expected, subject, |subject| subject.status())?;
            }
            Step::Held(most) => {
                let held = subject.held()?;
                if held > *most {
                    return Err(Mismatch::new(
                        format!("at most {most} bytes queued"),
                        format!("{held} bytes"),
                    ));
                }
            }
            Step::Quiet => self.quiet()?,
        }
        Ok(())
    }

    fn peer(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let (piece, rest) = bytes.split_at(self.cutter.next(bytes.len()));
            self.subject.peer(piece);
            bytes = rest;
        }
    }

    fn app(&mut self, action: &Action, expected: Option<&str>) -> Result<(), Mismatch> {
        let got = self.subject.app(action);
        if got.as_ref().err().map(String::as_str) == expected {
            return Ok(());
        }
        let told = |error: Option<&str>| match error {
            Some(kind) => format!("the error {kind}"),
            None => "no error".to_owned(),
        };
        Err(Mismatch::new(
            format!("{} from the call", told(expected)),
            told(got.err().as_deref()),
        ))
    }

    /// Nothing is left that no step has asked for.
    fn quiet(&mut self) -> Result<(), Mismatch> {
        let subject = self.subject.as_mut();
        subject.wait();
        if let Some(left) = self.events.left(subject) {
            return Err(Mismatch::new("nothing more to happen", left));
        }
        let left = self.output.left(subject);
        if left.is_empty() {
            Ok(())
        } else {
            Err(Mismatch::new("no more output", shown(left)))
        }
    }
}

/// Looks until the subject says what is expected.
fn until_equal<T: PartialEq + std::fmt::Debug>(
    what: &str,
    expected: &T,
    subject: &mut dyn Subject,
    mut look: impl FnMut(&mut dyn Subject) -> T,
) -> Result<(), Mismatch> {
    let mut patience = Patience::default();
    loop {
        let got = look(subject);
        if got == *expected {
            return Ok(());
        }
        if !patience.wait(subject) {
            return Err(Mismatch::new(
                format!("{what} {expected:?}"),
                format!("{got:?}"),
            ));
        }
    }
}
