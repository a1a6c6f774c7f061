//! What is wrong with a configuration: all of it at once, a line each, with the place, the key, the fault and the fix.

use std::fmt::{self, Display, Formatter};

/// One line about one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where the value was written: a file with its line, or a variable. Empty for a default.
    pub place: String,
    /// The dotted key, like `mail.smtp_url`; empty when the fault is in no key.
    pub key: String,
    /// What is wrong and what to do. Never repeats a secret.
    pub what: String,
}

/// Everything because of which the server does not start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems(pub Vec<Problem>);

/// Collects what the sections find wrong (the server does not start) or doubtful (it says so in the log).
#[derive(Debug, Default)]
pub struct Report {
    /// Why the server cannot start.
    pub errors: Vec<Problem>,
    /// What the operator should know.
    pub warnings: Vec<Problem>,
}

impl Problem {
    /// A line about `key`, written at `place`.
    pub fn new(place: impl Into<String>, key: impl Into<String>, what: impl Into<String>) -> Self {
        Self { place: place.into(), key: key.into(), what: what.into() }
    }
}

impl Report {
    /// The value of `key` cannot be worked with.
    pub fn error(&mut self, key: &str, what: impl Into<String>) {
        self.errors.push(Problem::new("", key, what));
    }

    /// The value of `key` works and is perhaps not meant.
    pub fn warning(&mut self, key: &str, what: impl Into<String>) {
        self.warnings.push(Problem::new("", key, what));
    }

    /// An error for `key` unless `holds`.
    pub fn require(&mut self, holds: bool, key: &str, what: &str) {
        if !holds {
            self.error(key, what);
        }
    }
}

impl Display for Problem {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match (self.place.is_empty(), self.key.is_empty()) {
            (true, true) => f.write_str(&self.what),
            (true, false) => write!(f, "{}: {}", self.key, self.what),
            (false, true) => write!(f, "{}: {}", self.place, self.what),
            (false, false) => write!(f, "{}: {}: {}", self.place, self.key, self.what),
        }
    }
}

impl Display for Problems {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Self {
        Self(vec![problem])
    }
}
