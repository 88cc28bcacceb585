//! Everybody takes turns, A B C A B C, so that what changes on the machine meets all alike.

use std::fmt::Display;

/// What was measured of everybody, round by round.
pub struct Rounds<R> {
    results: Vec<Vec<R>>,
}

impl<R> Rounds<R> {
    /// Lets everybody take so many turns. Who cannot do it gives `None`; what fails is told and left
    /// out.
    pub fn run<S: Display, E: Display>(
        rounds: usize,
        subjects: &[S],
        mut measure: impl FnMut(&S) -> Result<Option<R>, E>,
    ) -> Self {
        let mut results: Vec<_> = subjects
            .iter()
            .map(|_| Vec::with_capacity(rounds))
            .collect();
        for _ in 0..rounds {
            for (results, subject) in results.iter_mut().zip(subjects) {
                match measure(subject) {
                    Ok(result) => results.extend(result),
                    Err(error) => eprintln!("{subject}: {error}"),
                }
            }
        }
        Self { results }
    }

    /// Everybody's median of something.
    pub fn medians(&self, of: impl Fn(&R) -> f64) -> Vec<Option<f64>> {
        let median = |results: &Vec<R>| {
            let mut values: Vec<_> = results.iter().map(&of).collect();
            values.sort_by(f64::total_cmp);
            let (low, high) = (values.len().saturating_sub(1) / 2, values.len() / 2);
            Some(f64::midpoint(*values.get(low)?, *values.get(high)?))
        };
        self.results.iter().map(median).collect()
    }
}
