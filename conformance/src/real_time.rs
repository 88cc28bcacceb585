//! Cases about time, for subjects whose clock nobody can move: they run in real time, scaled to a few
//! seconds.

use std::time::Duration;

use crate::case::Case;
use crate::settings::{DeflateSettings, Settings};
use crate::step::Step;

/// How late a machine that is busy may be.
const LATE: Duration = Duration::from_millis(50);
/// The step between the moment before a deadline and the deadline itself.
const MOMENT: Duration = Duration::from_millis(1);

/// The same case, whose time takes so long, all of it together.
pub(crate) fn scaled(case: &Case, total: Duration) -> Case {
    let scale = total.as_secs_f64() / times(case).sum::<Duration>().as_secs_f64();
    let paces = paces(&times(case).collect::<Vec<_>>(), scale);
    let mut scaled = Case {
        config: settings(&case.config, scale),
        ..case.clone()
    };
    let steps = scaled.steps.iter_mut();
    let steps = steps.filter_map(|step| match step {
        Step::Time(time) => Some(time),
        _ => None,
    });
    for (time, pace) in steps.zip(paces) {
        *time = pace;
    }
    scaled
}

fn times(case: &Case) -> impl Iterator<Item = Duration> {
    case.steps.iter().filter_map(|step| match step {
        Step::Time(time) => Some(*time),
        _ => None,
    })
}

/// Cases look at how things are a moment before a deadline: here it is three quarters of the way,
/// which no machine is too slow for.
fn paces(times: &[Duration], scale: f64) -> Vec<Duration> {
    let before = [Duration::ZERO].iter().chain(times);
    let paces = times.iter().zip(before).map(|(time, before)| {
        if *time == MOMENT {
            before.mul_f64(scale / 4.0) + LATE
        } else if is_before_a_deadline(*time) {
            time.mul_f64(scale * 3.0 / 4.0)
        } else {
            time.mul_f64(scale)
        }
    });
    paces.collect()
}

/// Deadlines are round, so what is a moment short of that is before one.
fn is_before_a_deadline(time: Duration) -> bool {
    (time + MOMENT).as_millis().is_multiple_of(100)
}

fn settings(settings: &Settings, scale: f64) -> Settings {
    let scaled = |timeout: Option<Duration>| timeout.map(|timeout| timeout.mul_f64(scale));
    let deflate = settings.deflate.clone().map(|deflate| DeflateSettings {
        release_after: scaled(deflate.release_after),
        ..deflate
    });
    Settings {
        keep_alive: scaled(settings.keep_alive),
        pong_timeout: scaled(settings.pong_timeout),
        close_timeout: scaled(settings.close_timeout),
        idle_timeout: scaled(settings.idle_timeout),
        write_timeout: scaled(settings.write_timeout),
        handshake_timeout: scaled(settings.handshake_timeout),
        deflate,
        ..settings.clone()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{LATE, scaled, times};
    use crate::corpus::Corpus;
    use crate::need::Need;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn no_case_takes_long() -> Result<(), Box<dyn std::error::Error>> {
        let cases = Corpus::load()?.cases;
        let cases = cases.iter().filter(|case| Need::Clock.of(case));
        for case in cases {
            let total: Duration = times(&scaled(case, SECOND)).sum();
            assert!(total <= SECOND + 4 * LATE, "{}: {total:?}", case.id);
        }
        Ok(())
    }

    #[test]
    fn a_deadline_stays_between_the_looks_at_it() -> Result<(), Box<dyn std::error::Error>> {
        let cases = Corpus::load()?.cases;
        let case = cases.iter().find(|case| case.id == "time/close-unanswered");
        let case = scaled(case.ok_or("the case is gone")?, SECOND);
        let deadline = case.config.close_timeout.ok_or("it has no deadline")?;
        let [_, before, moment] = times(&case).collect::<Vec<_>>()[..] else {
            return Err("it has other steps".into());
        };
        assert!(before < deadline && deadline < before + moment);
        Ok(())
    }
}
