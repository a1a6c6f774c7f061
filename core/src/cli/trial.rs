//! `community plugin try`: one whole sign-in at a redirect provider, in the operator's own browser. Makes no account and no session.

use std::{io::ErrorKind, time::Duration};

use super::Outcome;
use crate::{
    config::Config,
    doctor::{self, Verdict},
    oauth::{
        model::{Fault, TrialOutcome, TrialReport},
        policy::LIFETIME,
        trial::Trial,
    },
    serve::{self, App, Parts, Running, StartError},
};

/// How often to look whether somebody came back.
const LOOK_EVERY: Duration = Duration::from_millis(300);
/// How long the browser has to fetch the page it is sent to in the end.
const FAREWELL: Duration = Duration::from_secs(1);

pub async fn run(id: &str, config: Config) -> Outcome {
    let app = App::open(config.clone(), Parts::of_system()).await?;
    let provider = app.flows.plugins.oauth(id)?;
    let findings = doctor::examine_provider(&config, &provider).await;
    for finding in &findings {
        say!("{finding}");
    }
    if findings.iter().any(|finding| finding.verdict == Verdict::Bad) {
        return Err("nobody can sign in like this; see FAILED above".into());
    }
    let trial = app.oauth.begin_trial(id).await.map_err(explain)?;
    let server = Box::pin(server(config)).await?;
    say!("\nRegistered with {} must be:\n  {}", provider.flow().name, trial.redirect_uri);
    say!("Open this in a browser and sign in:\n  {}\n", trial.location);
    let who = if server.is_some() { "this command" } else { "the running server, which has to know the same settings" };
    say!("The browser comes back to {who}. Waiting for it, at most {} minutes…", LIFETIME.as_secs() / 60);
    let outcome = wait(&app, &trial).await;
    if let Some(server) = server {
        tokio::time::sleep(FAREWELL).await;
        server.stop().await;
    }
    match outcome? {
        TrialOutcome::Worked(report) => {
            show(&report);
            Ok(())
        }
        TrialOutcome::Failed(sentence) => Err(format!("the sign-in came to nothing: {sentence}").into()),
    }
}

/// The server that the browser comes back to: one of our own, unless there is one already.
async fn server(config: Config) -> Result<Option<Running>, StartError> {
    let listen = config.http.listen;
    match serve::start(config, Parts::of_system()).await {
        Ok(server) => Ok(Some(server)),
        Err(StartError::Listen { addr, source, .. }) if addr == listen && source.kind() == ErrorKind::AddrInUse => Ok(None),
        Err(error) => Err(error),
    }
}

async fn wait(app: &App, trial: &Trial) -> Result<TrialOutcome, Box<dyn std::error::Error>> {
    let outcome = async {
        loop {
            if let Some(outcome) = app.oauth.trial_outcome(&trial.handle).await? {
                return Ok(outcome);
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    };
    let in_vain = "nobody came back. If the browser showed an error of the provider, compare the redirect address registered there; \
        if it showed none of this server's pages, http.base_url does not lead to it";
    tokio::time::timeout(LIFETIME, outcome).await.unwrap_or_else(|_| Err(in_vain.into()))
}

fn show(report: &TrialReport) {
    let or_none = |value: &Option<String>| value.clone().unwrap_or_else(|| "none".to_owned());
    let verified = if report.email_verified { ", verified by the provider" } else { ", not verified" };
    let email = report.email.as_ref().map_or_else(|| "none".to_owned(), |email| format!("{email}{verified}"));
    say!("It works. The plugin says:");
    say!("  subject       {}", report.subject);
    say!("  username      {}", report.username);
    say!("  display name  {}", or_none(&report.display_name));
    say!("  email         {email}");
    say!("  avatar        {}", or_none(&report.avatar));
    say!("  scopes        asked for: {}; granted: {}", report.asked.join(" "), report.granted.join(" "));
    if !report.missing.is_empty() {
        say!("  MISSING       {}: allow these for the client at the provider, or do not ask for them", report.missing.join(" "));
    }
    if !report.claims.is_empty() {
        say!("  claims        {}", report.claims.join(" "));
    }
}

/// Why a trial could not begin, for the operator rather than for visitors.
fn explain(fault: Fault) -> Box<dyn std::error::Error> {
    match fault {
        Fault::Stop(stop) => stop.detail.into(),
        Fault::Error(error) => error.source.as_ref().map_or_else(|| error.message.clone(), ToString::to_string).into(),
    }
}
