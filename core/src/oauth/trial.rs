//! Sign-ins that the command line begins to see whether a provider works. A browser finishes them, at this server or at another
//! process of the same configuration, and the outcome waits in the database.

use super::{
    actions,
    flows::OAuth,
    model::{Answer, Fault, Purpose, Transaction, TrialOutcome, TrialReport},
    profile::Fetched,
    queries,
};
use crate::{
    error::Result,
    plugins::{Identity, OAuthProvider},
    random::{Token, TokenHash},
    text,
};

/// The longest sentence that is shown, in characters.
const MAX_SENTENCE: usize = 500;
/// The longest name of a scope or a claim that is shown, in characters…
const MAX_WORD: usize = 200;
/// …and so many of them.
const MAX_WORDS: usize = 100;

/// What helps against a server that loaded the provider before its settings changed.
fn renew(provider: &str) -> String {
    format!("let it read them with `community plugin reload {provider}`, restart it, or stop it for as long as you try")
}

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

    /// What a trial is bound to: what this process knows of the provider since it loaded it. Another process that finishes it has to
    /// know the same, or it would try settings that nobody asked about.
    pub(super) fn settings_hash(&self, state: &Token, provider: &OAuthProvider) -> TokenHash {
        state.hash_with(&format!("{}\n{}", self.redirect_uri(provider.id()), provider.fingerprint()))
    }

    /// Whether this process has the settings that a trial began with.
    pub(super) fn knows_settings(&self, provider: &OAuthProvider, trial: &Transaction, answer: &Answer) -> bool {
        let ours = answer.state.as_ref().map(|state| self.settings_hash(state, provider));
        ours.is_some() && ours == trial.browser
    }

    /// Ends a trial of a provider that is off here, so that nobody waits for it in vain.
    pub(super) async fn give_up_trial(&self, provider: &str, answer: &Answer, reason: &str) {
        let Some(state) = &answer.state else { return };
        let sentence = format!("the running server has it off ({reason}); {}", renew(provider));
        let input = (state.hash(), provider.to_owned(), failed(&sentence));
        let ended = self.store.write(input, |tx, (state, provider, outcome)| Box::pin(actions::end_trial(tx, state, provider, outcome)));
        if let Err(error) = ended.await {
            tracing::warn!(%error, cause = ?error.source, "a trial could not be ended");
        }
    }

    /// What a trial found out; `None` as long as nobody came back.
    pub async fn trial_outcome(&self, handle: &TokenHash) -> Result<Option<TrialOutcome>> {
        queries::trial_outcome(self.store.reader(), handle).await
    }
}

/// The outcome at a server that loaded the provider before its settings changed.
pub(super) fn other_settings(provider: &str) -> TrialOutcome {
    failed(&format!("the running server knows other settings of this provider than this command; {}", renew(provider)))
}

/// What a trial found out, for the one who began it: at a terminal, so what the provider wrote is shown without control
/// characters.
pub(super) fn outcome(asked: &[String], found: Result<(Identity, Fetched), Fault>) -> TrialOutcome {
    let (identity, fetched) = match found {
        Ok(found) => found,
        Err(Fault::Stop(stop)) => return failed(&stop.detail),
        Err(Fault::Error(error)) => return failed(&error.source.map_or(error.message, |source| source.to_string())),
    };
    let granted = fetched.profile.scopes;
    let missing: Vec<String> = asked.iter().filter(|scope| !granted.contains(scope)).cloned().collect();
    TrialOutcome::Worked(Box::new(TrialReport {
        subject: text::one_line(&identity.subject.0, MAX_WORD),
        username: identity.username,
        display_name: identity.display_name,
        avatar: identity.avatar,
        email_verified: identity.email.as_ref().is_some_and(|email| email.verified),
        email: identity.email.map(|email| email.address),
        asked: words(asked),
        granted: words(&granted),
        missing: words(&missing),
        claims: words(&fetched.claims),
    }))
}

fn failed(sentence: &str) -> TrialOutcome {
    TrialOutcome::Failed(text::one_line(sentence, MAX_SENTENCE))
}

fn words(words: &[String]) -> Vec<String> {
    words.iter().take(MAX_WORDS).map(|word| text::one_line(word, MAX_WORD)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_provider_wrote_cannot_steer_the_terminal() {
        let evil = "\u{1b}]0;owned\u{7}open\r\nid\u{202e}";
        assert_eq!(words(&[evil.to_owned()]), ["]0;ownedopen id"]);
        assert_eq!(failed(evil), TrialOutcome::Failed("]0;ownedopen id".to_owned()));
        assert_eq!(words(&vec!["x".repeat(1000); 1000]), vec!["x".repeat(MAX_WORD); MAX_WORDS]);
    }
}
