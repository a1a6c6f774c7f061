//! Sign-ins that the command line begins to see whether a provider works. A browser finishes them, at this server or at another
//! process of the same configuration, and the outcome waits in the database.

use super::{
    flows::OAuth,
    model::{Fault, Purpose, TrialOutcome, TrialReport},
    profile::Fetched,
    queries,
};
use crate::{
    error::Result,
    plugins::Identity,
    random::{Token, TokenHash},
};

/// A trial that has begun.
#[derive(Debug)]
pub struct Trial {
    /// Finds the outcome.
    pub handle: TokenHash,
    /// The address to open in a browser.
    pub location: String,
    /// The address that has to be registered with the provider.
    pub redirect_uri: String,
}

impl OAuth {
    /// Begins a trial of `provider`.
    pub async fn begin_trial(&self, provider: &str) -> Result<Trial, Fault> {
        let (location, state) = self.start(provider, Purpose::Trial, None, None).await?;
        Ok(Trial { handle: Token::hash(&state), location, redirect_uri: self.redirect_uri(provider) })
    }

    /// What a trial found out; `None` as long as nobody came back.
    pub async fn trial_outcome(&self, handle: &TokenHash) -> Result<Option<TrialOutcome>> {
        queries::trial_outcome(self.store.reader(), handle).await
    }
}

/// What a trial found out, for the one who began it.
pub(super) fn outcome(asked: &[String], found: Result<(Identity, Fetched), Fault>) -> TrialOutcome {
    let (identity, fetched) = match found {
        Ok(found) => found,
        Err(Fault::Stop(stop)) => return TrialOutcome::Failed(stop.detail),
        Err(Fault::Error(error)) => return TrialOutcome::Failed(error.source.map_or(error.message, |source| source.to_string())),
    };
    let granted = fetched.profile.scopes;
    let missing = asked.iter().filter(|scope| !granted.contains(scope)).cloned().collect();
    TrialOutcome::Worked(Box::new(TrialReport {
        subject: identity.subject.0,
        username: identity.username,
        display_name: identity.display_name,
        avatar: identity.avatar,
        email_verified: identity.email.as_ref().is_some_and(|email| email.verified),
        email: identity.email.map(|email| email.address),
        asked: asked.to_vec(),
        granted,
        missing,
        claims: fetched.claims,
    }))
}
