//! The way there and the way back: ask the provider, then one write. No transaction is open while a provider is asked.

use std::{future::Future, sync::Arc, time::Duration};

use tokio::time::timeout;

use super::{
    actions::{self, Presented, SignIn},
    breaker::Breakers,
    client,
    discovery::Directory,
    model::{Answer, Fault, Purpose, Reason, Reply, Stop, Transaction},
    policy,
    profile::{Fetched, Secrets, Visit},
    remote::{Remote, Trouble},
    trial,
};
use crate::{
    accounts::model::Profile,
    clock::Clock,
    config::Config,
    error::{Error, Result},
    http::rate::Ticks,
    outbound::Outbound,
    plugins::{Failure, Identity, OAuthProvider, Plugins},
    random::{Random, Token},
    sessions::model::SessionPlan,
    store::Store,
};

/// How long a provider's servers may keep a visitor waiting, all requests together; no longer than two may take, by `outbound.timeout`.
const ASKING: Duration = Duration::from_secs(10);
/// How long the plugin may take to read what they said.
const READING: Duration = Duration::from_secs(4);
/// A visitor waits less than 15 seconds, whatever happens.
const _: () = assert!(ASKING.as_secs() + READING.as_secs() < 15);

/// Signing in at other sites. Cheap to clone.
#[derive(Clone)]
pub struct OAuth {
    /// The database.
    pub store: Store,
    /// Where the providers are found.
    pub plugins: Plugins,
    /// The way out.
    pub outbound: Outbound,
    /// Where secrets come from.
    pub random: Arc<Random>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The time that passes, for what is kept for a while.
    pub ticks: Ticks,
    /// The configuration.
    pub config: Arc<Config>,
    /// What OpenID providers publish.
    pub directory: Directory,
    /// Which providers do not answer.
    pub breakers: Breakers,
}

/// A sign-in that has begun.
#[derive(Debug)]
pub struct Begun {
    /// Where the browser goes.
    pub location: String,
    /// The secret of the browser's cookie.
    pub browser: Token,
}

/// A browser that comes back from a provider.
#[derive(Debug)]
pub struct Return {
    /// Whose callback it came to.
    pub provider: String,
    /// What it brings.
    pub answer: Answer,
    /// The secret of its cookie, if it has one.
    pub browser: Option<Token>,
    /// How a session begins there; `replaces` is the present one.
    pub plan: SessionPlan,
}

/// What came of it.
#[derive(Debug)]
pub enum Outcome {
    /// Somebody is signed in.
    SignedIn {
        /// The secret of the session.
        secret: Token,
        /// Where to go on, if not to the start page.
        next: Option<String>,
    },
    /// Another identity was added to the account.
    Linked,
    /// It was a trial.
    Tried,
}

/// The end of a sign-in.
#[derive(Debug)]
pub struct Finished {
    /// How it ended.
    pub outcome: Result<Outcome, Fault>,
    /// Whether the browser still needs its cookie, for other sign-ins that are under way.
    pub keep_cookie: bool,
}

impl OAuth {
    /// Sends someone to a provider. `browser` is the secret of the browser's cookie, if it has one; `next` where to go afterwards.
    pub async fn begin(&self, provider: &str, purpose: Purpose, browser: Option<Token>, next: Option<&str>) -> Result<Begun, Fault> {
        let browser = browser.unwrap_or_else(|| self.random.token());
        let next = next.and_then(policy::next).map(str::to_owned);
        let begun = self.start(provider, purpose, Some(&browser), next).await;
        let (location, _) = begun.inspect_err(|fault| note(provider, fault, "nobody can be sent to a provider"))?;
        Ok(Begun { location, browser })
    }

    /// Writes down a sign-in and says where to go, with the state that comes back.
    pub(super) async fn start(
        &self,
        provider: &str,
        purpose: Purpose,
        browser: Option<&Token>,
        next: Option<String>,
    ) -> Result<(String, Token), Fault> {
        let provider = self.plugins.oauth(provider)?;
        let visit = self.guarded(&provider, self.visit(&provider)).await?;
        let (state, pkce_verifier, nonce) = (self.random.token(), self.random.token(), self.random.token());
        let location = visit.authorize(&Secrets { state: &state, pkce_verifier: &pkce_verifier, nonce: &nonce }).to_string();
        let transaction = Transaction {
            state: state.hash(),
            browser: match purpose {
                Purpose::Trial => Some(self.settings_hash(&state, &provider)),
                Purpose::SignIn | Purpose::Link(_) => browser.map(Token::hash),
            },
            provider: provider.id().to_owned(),
            purpose,
            next,
            pkce_verifier,
            nonce,
            expires_at: self.clock.now().plus(policy::LIFETIME),
        };
        self.store.write(transaction, |tx, new| Box::pin(actions::begin(tx, new))).await?;
        Ok((location, state))
    }

    /// Finishes what a browser comes back from.
    pub async fn finish(&self, back: Return) -> Finished {
        let finished = self.try_finish(&back).await;
        if let Err(fault) = &finished.outcome {
            note(&back.provider, fault, "a sign-in came to nothing");
        }
        finished
    }

    async fn try_finish(&self, back: &Return) -> Finished {
        let unchanged = |fault: Fault| Finished { outcome: Err(fault), keep_cookie: true };
        let provider = match self.plugins.oauth(&back.provider) {
            Ok(provider) => provider,
            Err(unavailable) => {
                self.give_up_trial(&back.provider, &back.answer, &unavailable.reason).await;
                return unchanged(unavailable.into());
            }
        };
        let Some(state) = &back.answer.state else {
            let stop = denial(&back.answer.reply).unwrap_or_else(|| Stop::new(Reason::State, "the answer has no state of ours"));
            return unchanged(stop.into());
        };
        let presented =
            Presented { state: state.hash(), browser: back.browser.as_ref().map(Token::hash), provider: provider.id().to_owned() };
        match self.store.write(presented, |tx, presented| Box::pin(actions::take(tx, presented))).await {
            Ok(taken) => {
                let outcome = self.settle(&provider, taken.transaction, back).await;
                Finished { outcome, keep_cookie: taken.others }
            }
            Err(error) => unchanged(error.into()),
        }
    }

    /// Goes on with a sign-in that was taken out.
    async fn settle(&self, provider: &OAuthProvider, taken: Result<Transaction, Stop>, back: &Return) -> Result<Outcome, Fault> {
        let transaction = taken.map_err(|stop| denial(&back.answer.reply).unwrap_or(stop))?;
        if transaction.purpose == Purpose::Trial {
            let outcome = if self.knows_settings(provider, &transaction, &back.answer) {
                trial::outcome(&client::asked(provider), self.identity(provider, &transaction, &back.answer).await)
            } else {
                trial::other_settings(provider.id())
            };
            let input = (transaction.state, outcome);
            self.store.write(input, |tx, (state, outcome)| Box::pin(actions::record_trial(tx, state, outcome))).await?;
            return Ok(Outcome::Tried);
        }
        let (identity, _) = self.identity(provider, &transaction, &back.answer).await?;
        let profile = profile(provider, identity);
        match transaction.purpose {
            Purpose::Link(user) => {
                let Some(present) = back.plan.replaces.clone().filter(|session| session.user == user) else {
                    return Err(Stop::new(Reason::State, "whoever began to link is not signed in here any more").into());
                };
                let input = (present, profile);
                self.store.write(input, |tx, (present, profile)| Box::pin(actions::link(tx, present, profile))).await.map_err(stopped)?;
                Ok(Outcome::Linked)
            }
            Purpose::SignIn | Purpose::Trial => {
                let sign_in = SignIn { profile, plan: back.plan.clone() };
                let (_, secret) = self.store.write(sign_in, |tx, input| Box::pin(actions::sign_in(tx, input))).await.map_err(stopped)?;
                Ok(Outcome::SignedIn { secret, next: transaction.next })
            }
        }
    }

    /// Who agreed at the provider, by the word of its plugin.
    async fn identity(&self, provider: &OAuthProvider, transaction: &Transaction, answer: &Answer) -> Result<(Identity, Fetched), Fault> {
        let code = match &answer.reply {
            Reply::Code(code) => code.expose().to_owned(),
            Reply::Failed(error) => return Err(Stop::new(Reason::Provider, format!("the provider answers {error}")).by_anybody().into()),
            Reply::Denied | Reply::Nothing => return Err(Stop::new(Reason::Denied, "the person did not agree").into()),
        };
        let fetch = async {
            let visit = self.visit(provider).await?;
            if let Err(stop) = visit.check_issuer(answer.issuer.as_deref()) {
                return Ok(Err(stop));
            }
            let fetched = visit.fetch(code, &transaction.pkce_verifier, &transaction.nonce, self.clock.now()).await?;
            self.breakers.succeeded(provider.loaded_as());
            Ok(Ok(fetched))
        };
        let fetched = self.guarded(provider, fetch).await??;
        let late = |_| Stop::new(Reason::Provider, "the plugin takes too long");
        match timeout(READING, provider.identify(fetched.profile.clone())).await.map_err(late)?? {
            Ok(identity) => Ok((identity, fetched)),
            Err(Failure::Unexpected(sentence)) => Err(Stop::new(Reason::Provider, sentence).into()),
            Err(Failure::Refused(sentence)) => Err(Stop::new(Reason::Refused, sentence).into()),
        }
    }

    async fn visit(&self, provider: &OAuthProvider) -> Result<Visit, Trouble> {
        let redirect_uri = self.redirect_uri(provider.id());
        let remote = Remote::new(self.outbound.clone(), provider.clone());
        Visit::begin(remote, self.directory.clone(), &redirect_uri, self.ticks.elapsed()).await
    }

    /// The address to register with a provider.
    pub fn redirect_uri(&self, provider: &str) -> String {
        policy::redirect_uri(&self.config.base_url(), &self.config.auth.root_provider, provider)
    }

    /// Lets `work` ask a provider, for a while, unless that is known to be in vain.
    async fn guarded<T>(&self, provider: &OAuthProvider, work: impl Future<Output = Result<T, Trouble>>) -> Result<T, Stop> {
        // Loaded anew, it begins anew: its settings may have been what was wrong.
        let id = provider.loaded_as();
        let Some(_leave) = self.breakers.leave(id, self.ticks.elapsed()) else {
            return Err(Stop::new(Reason::Provider, "it failed several times in a row and is left alone for a while"));
        };
        let patience = ASKING.min(2 * self.config.outbound.timeout.0);
        let late = |_| Err(Trouble::broken(format!("it takes longer than {} ms", patience.as_millis())));
        timeout(patience, work).await.unwrap_or_else(late).map_err(|trouble| {
            let stop = Stop::new(Reason::Provider, trouble.to_string());
            match trouble {
                Trouble::Provoked(_) => return stop.by_anybody(),
                Trouble::Rejected(_) => return stop,
                Trouble::Broken(_) => {}
            }
            if self.breakers.failed(id, self.ticks.elapsed()) {
                let provider = provider.id();
                tracing::error!(provider, %trouble, "a login provider fails again and again; nobody is sent there for a while");
            }
            stop
        })
    }
}

/// The operator's line about a way there or back that ended early.
fn note(provider: &str, fault: &Fault, message: &'static str) {
    let Fault::Stop(stop) = fault else { return };
    let (reason, detail) = (stop.reason.as_str(), stop.detail.as_str());
    if stop.is_grave {
        tracing::warn!(provider, reason, detail, "{message}");
    } else {
        tracing::info!(provider, reason, detail, "{message}");
    }
}

/// The end of a sign-in to which the person did not agree.
fn denial(reply: &Reply) -> Option<Stop> {
    (*reply == Reply::Denied).then(|| Stop::new(Reason::Denied, "the person did not agree"))
}

/// An identity as accounts keep it. The provider is the plugin's own id, whatever the plugin says.
fn profile(provider: &OAuthProvider, identity: Identity) -> Profile {
    Profile {
        provider: provider.id().to_owned(),
        subject: identity.subject.0,
        username: identity.display_name.unwrap_or_else(|| identity.username.clone()),
        handle: Some(identity.username),
        email_verified: identity.email.as_ref().is_some_and(|email| email.verified),
        email: identity.email.map(|email| email.address),
        avatar: identity.avatar,
    }
}

/// What the write refused, in the words of a redirect.
fn stopped(error: Error) -> Fault {
    let reason = match error.code {
        "account_disabled" => Reason::Disabled,
        "linked_elsewhere" => Reason::LinkedElsewhere,
        "too_many_identities" => Reason::TooManyIdentities,
        "login_required" => Reason::State,
        _ => return error.into(),
    };
    Stop::new(reason, error.message).into()
}
