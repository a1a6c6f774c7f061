//! `community config`.

use std::path::Path;

use clap::Subcommand;

use super::{Outcome, configuration};
use crate::{
    config::{Config, Problem, Problems},
    doctor::{self, Verdict},
    web::Look,
};

#[derive(Subcommand)]
pub enum Command {
    /// Check the configuration, the sections of plugins included, and print what is in effect, without its secrets.
    Check,
}

pub async fn run(command: &Command, path: Option<&Path>) -> Outcome {
    let Command::Check = command;
    let mut loaded = configuration(path)?;
    Look::new(&loaded.config.site).map_err(|error| Problems(vec![Problem::new("", "site.logo", error.to_string())]))?;
    loaded.warnings.extend(check_plugins(&loaded.config).await?);
    say!("{}", loaded.describe().trim_end());
    Ok(())
}

/// What is doubtful about the sections of plugins.
///
/// # Errors
/// What keeps a plugin from running.
async fn check_plugins(config: &Config) -> Result<Vec<Problem>, Problems> {
    let findings = match doctor::examine_plugins(config).await {
        Ok(findings) => findings,
        // That is no fault of the configuration: whoever asks may not be who runs the server.
        Err(error) => return Ok(vec![Problem::new("", "plugins", format!("not looked at: {error}"))]),
    };
    let of = |verdict: Verdict| {
        let found = findings.iter().filter(move |finding| finding.verdict == verdict);
        found.map(|finding| Problem::new(&finding.subject, "", &finding.text)).collect::<Vec<_>>()
    };
    let errors = of(Verdict::Bad);
    if errors.is_empty() { Ok(of(Verdict::Doubtful)) } else { Err(Problems(errors)) }
}
