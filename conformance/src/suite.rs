//! Makes a test program of the corpus: one named test for each case, which runs it in every way.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use libtest_mimic::{Arguments, Failed, Trial};

use crate::case::Case;
use crate::corpus::Corpus;
use crate::need::Need;
use crate::real_time::scaled;
use crate::report::Report;
use crate::run::run;
use crate::subject::Started;
use crate::way::Way;

type Start = dyn Fn(&Case) -> Started + Send + Sync;

/// The corpus, put to one implementation.
pub struct Suite {
    start: Arc<Start>,
    prefix: String,
    lacks: Vec<Need>,
    except: Vec<(String, String)>,
    ways: Vec<Way>,
    is_in_real_time: bool,
}

/// How many seconds a case in real time takes, and how many when it has failed: the machine may have
/// been too busy to be in time.
const ATTEMPTS: [u64; 3] = [3, 6, 12];

impl Suite {
    /// A suite for the subjects that `start` makes, one for each run of a case.
    pub fn new(start: impl Fn(&Case) -> Started + Send + Sync + 'static) -> Self {
        Self {
            start: Arc::new(start),
            prefix: String::new(),
            lacks: Vec::new(),
            except: Vec::new(),
            ways: Way::all(),
            is_in_real_time: false,
        }
    }

    /// Puts this before each test's name, for programs that run the corpus more than once.
    #[must_use]
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// The subjects cannot do this; the cases that need it are shown as ignored.
    #[must_use]
    pub fn lacks(mut self, need: Need) -> Self {
        self.lacks.push(need);
        self
    }

    /// Leaves out one case, which is shown as ignored for this reason.
    #[must_use]
    pub fn except(mut self, id: impl Into<String>, reason: impl Into<String>) -> Self {
        self.except.push((id.into(), reason.into()));
        self
    }

    /// Runs each case in these ways only.
    #[must_use]
    pub fn ways(mut self, ways: impl IntoIterator<Item = Way>) -> Self {
        self.ways = ways.into_iter().collect();
        self
    }

    /// Runs the cases about time and no others, each scaled to a few seconds: for subjects that
    /// can only sleep when they are told to [advance](crate::Subject::advance).
    #[must_use]
    pub fn in_real_time(mut self) -> Self {
        self.is_in_real_time = true;
        self.ways([Way::Whole])
    }

    /// Runs it as the whole of a test program without a harness, arguments included.
    #[must_use]
    pub fn run(self) -> ExitCode {
        run_all([self])
    }

    /// Runs every case that the subjects can run, and returns what failed.
    #[must_use]
    pub fn failures(&self, corpus: &Corpus) -> Vec<Report> {
        let runnable = corpus
            .cases
            .iter()
            .filter(|case| self.ignored(case).is_none());
        runnable
            .filter_map(|case| run_in_all(case, &self.ways, &*self.start).err())
            .collect()
    }

    fn trials(&self, corpus: &Corpus) -> Vec<Trial> {
        let known = |id: &String| corpus.cases.iter().any(|case| case.id == *id);
        let cases = corpus.cases.iter().filter(|case| self.covers(case));
        let mut trials: Vec<_> = cases.map(|case| self.trial(case)).collect();
        // An exception that outlived its case would hide nothing, but it would be believed.
        for (id, _) in self.except.iter().filter(|(id, _)| !known(id)) {
            let message = format!("there is no case {id} to leave out");
            trials.push(Trial::test(format!("{}{id}", self.prefix), move || {
                Err(Failed::from(message))
            }));
        }
        trials
    }

    fn trial(&self, case: &Case) -> Trial {
        let name = format!("{}{}", self.prefix, case.id);
        let ignored = self.ignored(case);
        let attempts = match self.is_in_real_time {
            true => ATTEMPTS
                .map(|seconds| scaled(case, Duration::from_secs(seconds)))
                .to_vec(),
            false => vec![case.clone()],
        };
        let (ways, start) = (self.ways.clone(), Arc::clone(&self.start));
        let trial = Trial::test(name, move || {
            let mut result = Ok(());
            for case in &attempts {
                result = run_in_all(case, &ways, &*start);
                if result.is_ok() {
                    break;
                }
            }
            result.map_err(Failed::from)
        });
        match ignored {
            None => trial,
            Some(reason) => trial.with_kind(reason).with_ignored_flag(true),
        }
    }

    fn covers(&self, case: &Case) -> bool {
        !self.is_in_real_time || Need::Clock.of(case)
    }

    fn ignored(&self, case: &Case) -> Option<String> {
        let except = self.except.iter().find(|(id, _)| *id == case.id);
        let needs = case.needs();
        let lacking = self.lacks.iter().find(|need| needs.contains(need));
        except
            .map(|(_, reason)| reason.clone())
            .or_else(|| lacking.map(|need| need.missing().to_owned()))
    }
}

/// Runs several suites in one test program.
pub fn run_all(suites: impl IntoIterator<Item = Suite>) -> ExitCode {
    let mut arguments = Arguments::from_args();
    match Corpus::load() {
        Ok(corpus) => {
            let suites: Vec<_> = suites.into_iter().collect();
            let trials: Vec<_> = suites
                .iter()
                .flat_map(|suite| suite.trials(&corpus))
                .collect();
            // Those in real time mostly sleep, and can do so all at once.
            if suites.iter().all(|suite| suite.is_in_real_time) {
                arguments.test_threads.get_or_insert(trials.len());
            }
            libtest_mimic::run(&arguments, trials).exit_code()
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run_in_all(case: &Case, ways: &[Way], start: &Start) -> Result<(), Report> {
    ways.iter()
        .try_for_each(|way| run(case, *way, &|case| start(case)))
}
