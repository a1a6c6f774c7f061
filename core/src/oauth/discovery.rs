//! What OpenID providers publish about themselves, kept for a while: the discovery document and the keys.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use openidconnect::{
    AdditionalProviderMetadata, DiscoveryError, IssuerUrl, JsonWebKeySet, ProviderMetadata,
    core::{
        CoreAuthDisplay, CoreClaimName, CoreClaimType, CoreClientAuthMethod, CoreGrantType, CoreJsonWebKey,
        CoreJweContentEncryptionAlgorithm, CoreJweKeyManagementAlgorithm, CoreResponseMode, CoreResponseType, CoreSubjectIdentifierType,
    },
};
use serde::{Deserialize, Serialize};
use tokio::time::timeout;

use super::remote::{Remote, Trouble};
use crate::plugins::{OAuthProvider, Server};

/// How long it is used without asking again.
const FRESH: Duration = Duration::from_mins(5);
/// How long it is used if asking again is in vain.
const STALE: Duration = Duration::from_hours(24);
/// How long asking again may take while there is something to go on with, so that time is left for the rest of a sign-in.
const RENEWING: Duration = Duration::from_secs(3);
/// Keys are fetched again at most this often because of an ID token that names an unknown one.
const KEYS_EVERY: Duration = Duration::from_mins(1);
/// A provider with more keys than that is not taken seriously.
const MAX_KEYS: usize = 100;

/// What the crate does not read by itself.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Further {
    /// Whether every answer names its issuer (RFC 9207), so that one without it is forged.
    #[serde(default)]
    pub authorization_response_iss_parameter_supported: bool,
}

impl AdditionalProviderMetadata for Further {}

/// A discovery document with the keys.
pub type Metadata = ProviderMetadata<
    Further,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

/// What is known of all providers. Moments are durations since any fixed one. Cheap to clone.
#[derive(Clone, Default)]
pub struct Directory(Arc<Mutex<HashMap<String, Loading>>>);

/// What tells one loading of a plugin from another, and what is known since.
type Loading = (String, Arc<Entry>);

#[derive(Default)]
struct Entry {
    /// Locked for moments only: a sign-in that can go on with what is known never waits for the provider's answer to another.
    known: Mutex<Known>,
    /// Held by whoever asks the provider. Only they change `known`.
    asking: tokio::sync::Mutex<()>,
    attempts: AtomicU64,
}

#[derive(Clone, Default)]
struct Known {
    metadata: Option<Arc<Metadata>>,
    /// When the document was fetched.
    read_at: Duration,
    /// When the keys were fetched, or that was tried.
    keys_at: Duration,
    /// How the last attempt failed.
    failure: Option<Trouble>,
}

impl Directory {
    /// What the provider publishes; `None` if it is no OpenID provider. Of many who ask at once, one fetches it for all.
    pub async fn get(&self, remote: &Remote, now: Duration) -> Result<Option<Arc<Metadata>>, Trouble> {
        let Server::Issuer { name, .. } = &remote.provider().flow().server else { return Ok(None) };
        let entry = self.entry(remote.provider());
        if let Some(fresh) = entry.known().younger_than(FRESH, now) {
            return Ok(Some(fresh));
        }
        let before = entry.attempts.load(Ordering::SeqCst);
        let _turn = entry.asking.lock().await;
        let known = entry.known();
        if let Some(fresh) = known.younger_than(FRESH, now) {
            return Ok(Some(fresh));
        }
        let kept = known.younger_than(STALE, now);
        // Whoever waited for an attempt that failed shares the failure instead of waiting for the next.
        if let Some(failure) = known.failure.filter(|_| entry.attempts.load(Ordering::SeqCst) > before) {
            return kept.map(Some).ok_or(failure);
        }
        let late = |_| Err(Trouble::broken(format!("asking again takes longer than {} s", RENEWING.as_secs())));
        let fetched = match kept {
            Some(_) => timeout(RENEWING, discover(remote, name)).await.unwrap_or_else(late),
            None => discover(remote, name).await,
        };
        entry.attempts.fetch_add(1, Ordering::SeqCst);
        match fetched {
            Ok(metadata) => {
                let metadata = Arc::new(metadata);
                entry.change(|known| *known = Known { metadata: Some(metadata.clone()), read_at: now, keys_at: now, failure: None });
                Ok(Some(metadata))
            }
            Err(trouble) => {
                entry.change(|known| known.failure = Some(trouble.clone()));
                let Some(metadata) = kept else { return Err(trouble) };
                tracing::warn!(provider = remote.provider().id(), %trouble, "an older discovery document is used");
                Ok(Some(metadata))
            }
        }
    }

    /// What the provider publishes with other keys than `used` has: those that somebody else fetched meanwhile, or else fetched now;
    /// `None` if that was done a moment ago.
    pub async fn with_new_keys(&self, remote: &Remote, used: &Arc<Metadata>, now: Duration) -> Result<Option<Arc<Metadata>>, Trouble> {
        let entry = self.entry(remote.provider());
        let _turn = entry.asking.lock().await;
        let known = entry.known();
        if let Some(newer) = known.metadata.as_ref().filter(|known| !Arc::ptr_eq(known, used)) {
            return Ok(Some(newer.clone()));
        }
        let Some(metadata) = known.metadata.filter(|_| now.saturating_sub(known.keys_at) >= KEYS_EVERY) else { return Ok(None) };
        entry.change(|known| known.keys_at = now);
        let keys = JsonWebKeySet::fetch_async(metadata.jwks_uri(), remote).await.map_err(sentence)?;
        let metadata = Arc::new(Metadata::clone(&metadata).set_jwks(few(keys)?));
        entry.change(|known| known.metadata = Some(metadata.clone()));
        Ok(Some(metadata))
    }

    /// What is known of a provider since it was loaded: before that it may have been another one.
    fn entry(&self, provider: &OAuthProvider) -> Arc<Entry> {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (loaded_as, entry) = entries.entry(provider.id().to_owned()).or_default();
        if loaded_as != provider.loaded_as() {
            (*loaded_as, *entry) = (provider.loaded_as().to_owned(), Arc::default());
        }
        entry.clone()
    }
}

impl Entry {
    fn known(&self) -> Known {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn change(&self, change: impl FnOnce(&mut Known)) {
        change(&mut self.known.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Known {
    fn younger_than(&self, age: Duration, now: Duration) -> Option<Arc<Metadata>> {
        self.metadata.clone().filter(|_| now.saturating_sub(self.read_at) < age)
    }
}

/// Reads the document of the issuer `name`, which must carry that very name, and the keys.
async fn discover(remote: &Remote, name: &str) -> Result<Metadata, Trouble> {
    let issuer = IssuerUrl::new(name.to_owned()).map_err(|error| Trouble::rejected(format!("the issuer {name}: {error}")))?;
    let metadata = Metadata::discover_async(issuer, remote).await.map_err(sentence)?;
    let keys = few(metadata.jwks().clone())?;
    Ok(metadata.set_jwks(keys))
}

fn few(keys: JsonWebKeySet<CoreJsonWebKey>) -> Result<JsonWebKeySet<CoreJsonWebKey>, Trouble> {
    match keys.keys().len() {
        0..=MAX_KEYS => Ok(keys),
        many => Err(Trouble::broken(format!("the provider has {many} keys; {MAX_KEYS} are the limit"))),
    }
}

/// The sentence about a failure. Bodies are not shown.
fn sentence(error: DiscoveryError<Trouble>) -> Trouble {
    match error {
        DiscoveryError::Request(trouble) => trouble,
        DiscoveryError::Response(status, ..) if status.is_success() => {
            Trouble::broken("the discovery document or the keys are not served as JSON")
        }
        DiscoveryError::Response(status, ..) => Trouble::broken(format!("the discovery document or the keys answer {}", status.as_u16())),
        DiscoveryError::Parse(wrong) => {
            Trouble::broken(format!("the discovery document or the keys make no sense (at `{}`)", wrong.path()))
        }
        DiscoveryError::Validation(wrong) => Trouble::rejected(format!("the discovery document is another issuer's: {wrong}")),
        other => Trouble::broken(other.to_string()),
    }
}
