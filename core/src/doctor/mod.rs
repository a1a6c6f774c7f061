//! `community doctor`: looks at everything the server depends on and says, for whatever is wrong, what to do.
//!
//! It leaves nothing behind but compiled plugins in their cache, and may run beside the server. A *finding* is one line: what was
//! looked at, how it is, and the fix. What is bad keeps people from something; what is doubtful works for now.

mod database;
mod mail;
mod plugins;
mod providers;
mod site;
mod uploads;

use std::fmt::{self, Display, Formatter};

pub use providers::examine_one as examine_provider;

use crate::{
    config::{Config, Loaded},
    plugins::{EngineError, Plugins, Site},
};

/// How something was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// As it should be.
    Good,
    /// Works, but the operator should know.
    Doubtful,
    /// Does not work.
    Bad,
}

impl Display for Verdict {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Good => "ok",
            Self::Doubtful => "warning",
            Self::Bad => "FAILED",
        })
    }
}

/// One line of the report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How it is.
    pub verdict: Verdict,
    /// What was looked at, in a word or two.
    pub subject: String,
    /// What was found and what to do about it. Never holds a secret.
    pub text: String,
}

impl Display for Finding {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{:<8} {:<16} {}", self.verdict, self.subject, self.text)
    }
}

impl Finding {
    fn good(subject: &str, text: impl Into<String>) -> Self {
        Self { verdict: Verdict::Good, subject: subject.to_owned(), text: text.into() }
    }

    fn doubtful(subject: &str, text: impl Into<String>) -> Self {
        Self { verdict: Verdict::Doubtful, subject: subject.to_owned(), text: text.into() }
    }

    fn bad(subject: &str, text: impl Into<String>) -> Self {
        Self { verdict: Verdict::Bad, subject: subject.to_owned(), text: text.into() }
    }
}

/// Looks at everything, and hands each finding to `report` as soon as it is there.
pub async fn examine(loaded: &Loaded, mut report: impl FnMut(Finding)) {
    let config = &loaded.config;
    site::configuration(loaded).into_iter().for_each(&mut report);
    site::address(config).into_iter().for_each(&mut report);
    report(site::data_folder(config));
    let (database, readable) = database::examine(config).await;
    report(database);
    report(mail::examine(config).await);
    report(uploads::examine(config).await);
    match Plugins::load_to_look(&config.plugins, &config.data_dir, &Site::of(config)).await {
        Ok(plugins) => {
            plugins::examine(config, &plugins).into_iter().for_each(&mut report);
            providers::examine(config, &plugins).await.into_iter().for_each(&mut report);
        }
        Err(error) => report(Finding::bad("plugins", error.to_string())),
    }
    if readable {
        plugins::letters(config).await.into_iter().for_each(&mut report);
    }
}

/// Looks at the plugins alone, if any has a section. Nobody else is asked anything.
///
/// # Errors
/// No plugin can be looked at here.
pub async fn examine_plugins(config: &Config) -> Result<Vec<Finding>, EngineError> {
    if config.plugins.is_empty() {
        return Ok(Vec::new());
    }
    let plugins = Plugins::load_to_look(&config.plugins, &config.data_dir, &Site::of(config)).await?;
    Ok(plugins::examine(config, &plugins))
}
