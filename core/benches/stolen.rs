//! How much of the machine its host gave to others while something was measured. A virtual machine that waits for its cores is slow by no
//! fault of what is measured, above all in the slowest of many requests.

use std::fs;

/// What the system counts since it runs, in its own unit.
#[derive(Clone, Copy)]
struct Times {
    stolen: u64,
    all: u64,
}

impl Times {
    /// From `/proc/stat`: `cpu user nice system idle iowait irq softirq steal …`, the sum over all cores. Linux only.
    fn now() -> Option<Self> {
        let stat = fs::read_to_string("/proc/stat").ok()?;
        let times: Vec<u64> = stat.lines().next()?.split_whitespace().skip(1).take(8).map(str::parse).collect::<Result<_, _>>().ok()?;
        Some(Self { stolen: *times.get(7)?, all: times.iter().sum() })
    }
}

/// Tells the share since it was asked last.
pub struct Stolen(Option<Times>);

impl Default for Stolen {
    fn default() -> Self {
        Self(Times::now())
    }
}

impl Stolen {
    /// The share of the time of all cores that was taken away since the last call, from 0 to 1; `None` where the system does not tell.
    pub fn share(&mut self) -> Option<f64> {
        let (before, now) = (self.0, Times::now());
        self.0 = now;
        let (before, now) = before.zip(now)?;
        let all = now.all.saturating_sub(before.all);
        #[expect(clippy::cast_precision_loss, reason = "hundredths of seconds of a few minutes")]
        (all > 0).then(|| now.stolen.saturating_sub(before.stolen) as f64 / all as f64)
    }
}
