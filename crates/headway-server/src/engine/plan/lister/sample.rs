//! Which files of a plan are its sample. It is decided file by file, in order, from two numbers: so nothing is kept in memory, and a
//! plan that goes on after a restart takes the same files.

use headway_model::Sample;

/// A sample, as far as the plan has come.
pub(super) struct SampleSoFar {
    sample: Sample,
    /// How many files that could run were found.
    found: u64,
    /// How many of them are to run.
    taken: u64,
}

impl SampleSoFar {
    /// The sample of a plan that took so many files before a restart. Those that it passed over are found again, so they do not
    /// count yet.
    pub(super) fn going_on(sample: Sample, taken: u32) -> Self {
        SampleSoFar { sample, found: taken.into(), taken: taken.into() }
    }

    /// Whether the next file that could run stays in the plan, in order. Of a number of files, all do until it is complete.
    pub(super) fn keeps_next(&mut self) -> bool {
        if matches!(self.sample, Sample::Files(_)) {
            return true;
        }
        self.found += 1;
        let is_wanted = self.taken < self.sample.wanted_of(self.found);
        self.taken += u64::from(is_wanted);
        is_wanted
    }

    /// Counts a file that was kept, once it is known whether it `runs`. For one that is skipped after all, a later one runs.
    pub(super) fn settle(&mut self, runs: bool) {
        match self.sample {
            Sample::Files(_) => self.taken += u64::from(runs),
            Sample::Percent(_) => self.taken -= u64::from(!runs).min(self.taken),
        }
    }

    /// Whether no further file is wanted. What a percentage is of is known only at the end.
    pub(super) fn is_complete(&self) -> bool {
        matches!(self.sample, Sample::Files(files) if self.taken >= files.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The files up to this number that are taken, if those `before` were recorded before a restart.
    fn taken(sample: Sample, files: u32, before: &[u32]) -> Vec<u32> {
        let mut so_far = SampleSoFar::going_on(sample, before.len() as u32);
        let mut all = before.to_vec();
        for file in (1..=files).filter(|file| !before.contains(file)) {
            if !so_far.is_complete() && so_far.keeps_next() {
                so_far.settle(true);
                all.push(file);
            }
        }
        all
    }

    #[test]
    fn a_plan_that_goes_on_after_a_restart_takes_the_same_files() {
        for sample in [Sample::Percent(1), Sample::Percent(7), Sample::Percent(60), Sample::Files(5)] {
            let whole = taken(sample, 1_000, &[]);
            for recorded in 0..whole.len() {
                assert_eq!(taken(sample, 1_000, &whole[..recorded]), whole, "{sample} after {recorded}");
            }
        }
        assert_eq!(taken(Sample::Percent(1), 1_000, &[]).len(), 10);
        assert_eq!(taken(Sample::Files(5), 1_000, &[]), [1, 2, 3, 4, 5]);
    }

    #[test]
    fn a_file_that_is_skipped_after_all_is_replaced_by_the_next_one() {
        let mut so_far = SampleSoFar::going_on(Sample::Percent(1), 0);
        assert!(so_far.keeps_next(), "the first one");
        so_far.settle(false);
        assert!(so_far.keeps_next(), "the first one was skipped");
        so_far.settle(true);
        assert!(!so_far.keeps_next());
    }
}
