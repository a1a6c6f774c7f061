//! What is counted of writes.

use prometheus::{Histogram, HistogramTimer, IntGauge, histogram_opts};

/// How many are on their way, and how long each took until it was on disk.
pub struct Writes {
    /// Those that wait or run.
    pub pending: IntGauge,
    /// In seconds, also of those that failed.
    pub durations: Histogram,
}

/// Upper bounds in seconds: an idle disk, a busy one, and trouble.
const BUCKETS: [f64; 9] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 2.5, 10.0];

impl Default for Writes {
    fn default() -> Self {
        let durations = histogram_opts!("database_write_duration_seconds", "Time until a write was on disk.", BUCKETS.to_vec());
        Self {
            pending: IntGauge::new("database_writes_pending", "Writes that wait or run.").expect("the name is valid"),
            durations: Histogram::with_opts(durations).expect("the name is valid"),
        }
    }
}

impl Writes {
    /// Counts a write until what this gives is dropped.
    pub(super) fn begin(&self) -> Pending {
        self.pending.inc();
        Pending { pending: self.pending.clone(), _timer: self.durations.start_timer() }
    }
}

/// A write on its way.
pub(super) struct Pending {
    pending: IntGauge,
    _timer: HistogramTimer,
}

impl Drop for Pending {
    fn drop(&mut self) {
        self.pending.dec();
    }
}
