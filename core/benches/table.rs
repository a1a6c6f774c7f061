//! What is printed, and the same for machines.

use std::fmt;

use serde_json::{Value, json};

use crate::{cores::Cores, load::Sample, stolen::Stolen};

/// All figures.
#[derive(Default)]
pub struct Table {
    figures: Vec<Figure>,
    stolen: Stolen,
}

/// One line of the table.
pub struct Figure {
    subject: String,
    unit: Unit,
    measured: f64,
    baseline: Option<(&'static str, f64)>,
    budget: Option<Budget>,
    /// How many requests the server answers in the CPU time that the baseline takes for one: the same ratio, but other programs on
    /// the machine hardly disturb it.
    by_cpu: Option<f64>,
    /// The share of the cores that the host took away while it was measured.
    stolen: Option<f64>,
    details: Value,
}

/// What a figure counts.
#[derive(Clone, Copy)]
pub enum Unit {
    /// Per second; more is better.
    Rate,
    /// Milliseconds.
    Millis,
    /// Microseconds.
    Micros,
    /// MiB.
    Mebibytes,
    /// MiB per second; more is better.
    Throughput,
    /// KiB.
    Kibibytes,
}

/// What a figure should be.
#[derive(Clone, Copy)]
pub enum Budget {
    /// So many times the baseline, or more.
    Times(f64),
    /// At most so many times the baseline.
    AtMostTimes(f64),
    /// So many times the baseline or as much of it, and nothing beyond: which of both is larger is not to be seen.
    Alike(f64),
    /// At most so many times the baseline, or less than that.
    AtMostTimesOrBelow(f64, f64),
    /// That or more.
    AtLeast(f64),
    /// Less than that.
    Below(f64),
}

impl Figure {
    /// A figure without a baseline and a budget.
    pub fn new(subject: impl Into<String>, unit: Unit, measured: f64) -> Self {
        Self { subject: subject.into(), unit, measured, baseline: None, budget: None, by_cpu: None, stolen: None, details: Value::Null }
    }

    /// The rate of a sample beside that of another one.
    pub fn rate(subject: impl Into<String>, measured: Sample, name: &'static str, baseline: Sample) -> Self {
        let details = json!({ "measured": details(measured), "baseline": details(baseline) });
        let by_cpu = Some(baseline.cpu / measured.cpu);
        Self { by_cpu, details, ..Self::new(subject, Unit::Rate, measured.rate).beside(name, baseline.rate) }
    }

    /// What the same work costs elsewhere.
    #[must_use]
    pub fn beside(self, name: &'static str, baseline: f64) -> Self {
        Self { baseline: Some((name, baseline)), ..self }
    }

    /// What it should be.
    #[must_use]
    pub fn budget(self, budget: Budget) -> Self {
        Self { budget: Some(budget), ..self }
    }

    /// More about the sample it is from.
    #[must_use]
    pub fn details(self, sample: Sample) -> Self {
        Self { details: details(sample), ..self }
    }

    fn ratio(&self) -> Option<f64> {
        self.baseline.map(|(_, baseline)| self.measured / baseline)
    }

    fn met(&self) -> Option<bool> {
        let ratio = self.ratio().unwrap_or(f64::NAN);
        self.budget.map(|budget| match budget {
            Budget::Times(times) => ratio >= times,
            Budget::AtMostTimes(times) => ratio <= times,
            Budget::Alike(times) => (1.0 / times..=times).contains(&ratio),
            Budget::AtMostTimesOrBelow(times, limit) => ratio <= times || self.measured < limit,
            Budget::AtLeast(least) => self.measured >= least,
            Budget::Below(limit) => self.measured < limit,
        })
    }

    fn show(&self, value: f64) -> String {
        match self.unit {
            Unit::Rate => format!("{value:.0}/s"),
            Unit::Millis => format!("{value:.1} ms"),
            Unit::Micros => format!("{value:.1} µs"),
            Unit::Mebibytes => format!("{value:.1} MiB"),
            Unit::Throughput => format!("{value:.0} MiB/s"),
            Unit::Kibibytes => format!("{value:.1} KiB"),
        }
    }

    fn cells(&self) -> [String; 8] {
        let baseline = self.baseline.map_or_else(String::new, |(name, value)| format!("{} {name}", self.show(value)));
        let times = |ratio: Option<f64>| ratio.map_or_else(String::new, |ratio| format!("{ratio:.2} ×"));
        let budget = match self.budget {
            Some(Budget::Times(times)) => format!("≥ {times} ×"),
            Some(Budget::AtMostTimes(times)) => format!("≤ {times} ×"),
            Some(Budget::Alike(times)) => format!("{:.2} to {times} ×", 1.0 / times),
            Some(Budget::AtMostTimesOrBelow(times, limit)) => format!("≤ {times} × or < {}", self.show(limit)),
            Some(Budget::AtLeast(least)) => format!("≥ {}", self.show(least)),
            Some(Budget::Below(limit)) => format!("< {}", self.show(limit)),
            None => String::new(),
        };
        let verdict = self.met().map_or("", |met| if met { "met" } else { "MISSED" });
        let stolen = self.stolen.map_or_else(String::new, |share| format!("{:.1} %", share * 100.0));
        [
            self.subject.clone(),
            self.show(self.measured),
            baseline,
            times(self.ratio()),
            times(self.by_cpu),
            stolen,
            budget,
            verdict.to_owned(),
        ]
    }
}

fn details(sample: Sample) -> Value {
    json!({ "per_second": sample.rate, "p50_ms": sample.p50, "p99_ms": sample.p99, "cpu_us_per_request": sample.cpu })
}

impl Table {
    /// Adds a line, and says so: it takes minutes until all are there.
    pub fn add(&mut self, figure: Figure) {
        let figure = Figure { stolen: self.stolen.share(), ..figure };
        println!("  … {}: {}", figure.subject, figure.show(figure.measured));
        self.figures.push(figure);
    }

    /// The figures for machines.
    pub fn json(&self, cores: &Cores) -> String {
        let figures: Vec<Value> = self.figures.iter().map(Figure::json).collect();
        format!("{:#}\n", json!({ "cores": cores.to_string(), "figures": figures }))
    }
}

impl Figure {
    fn json(&self) -> Value {
        let unit = match self.unit {
            Unit::Rate => "per second",
            Unit::Millis => "ms",
            Unit::Micros => "µs",
            Unit::Mebibytes => "MiB",
            Unit::Throughput => "MiB per second",
            Unit::Kibibytes => "KiB",
        };
        let baseline = self.baseline.map(|(name, value)| json!({ "name": name, "value": value }));
        json!({
            "subject": self.subject, "unit": unit, "measured": self.measured, "baseline": baseline, "ratio": self.ratio(), "ratio_by_cpu_time": self.by_cpu,
            "budget": self.budget.map(|_| self.cells()[6].clone()), "met": self.met(), "share_stolen_by_host": self.stolen, "details": self.details,
        })
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let head = ["", "measured", "beside", "ratio", "by CPU time", "stolen", "budget", ""].map(str::to_owned);
        let rows: Vec<[String; 8]> = std::iter::once(head).chain(self.figures.iter().map(Figure::cells)).collect();
        let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let widths: [usize; 8] = std::array::from_fn(width);
        for [subject, cells @ ..] in &rows {
            write!(f, "\n{subject:<0$}", widths[0])?;
            for (cell, width) in cells.iter().zip(&widths[1..]) {
                write!(f, "  {cell:>width$}")?;
            }
        }
        writeln!(f)
    }
}
