//! The verification of ID tokens: the crate's defaults, with our clock, asymmetric algorithms only, and no token from the future.

use std::time::{Duration, SystemTime};

use openidconnect::{
    ClaimsVerificationError, ClientId, IdTokenVerifier, Nonce, SignatureVerificationError,
    core::{CoreJsonWebKey, CoreJwsSigningAlgorithm as Algorithm},
};

use super::{
    discovery::Metadata,
    remote::Trouble,
    tokens::{Claims, RawIdToken},
};
use crate::{clock::Timestamp, random::Token};

/// How far the provider's clock may be ahead of ours.
const SKEW: Duration = Duration::from_mins(1);

/// What an ID token has to fit.
pub struct Expected<'a> {
    /// What the provider publishes.
    pub metadata: &'a Metadata,
    /// What the provider calls this server.
    pub client_id: &'a str,
    /// What the provider was given to repeat.
    pub nonce: &'a Token,
    /// The present moment.
    pub now: Timestamp,
}

/// Why an ID token is not believed.
#[derive(Debug)]
pub enum Doubt {
    /// It is signed with a key that the provider did not publish when it was last asked.
    UnknownKey,
    /// It does not fit.
    Wrong(Trouble),
}

impl From<Doubt> for Trouble {
    fn from(doubt: Doubt) -> Self {
        match doubt {
            Doubt::UnknownKey => Self::rejected("the ID token is signed with a key that the provider does not publish"),
            Doubt::Wrong(trouble) => trouble,
        }
    }
}

/// The claims of a token that fits in every respect.
pub fn verify<'a>(token: &'a RawIdToken, expected: &Expected<'_>) -> Result<&'a Claims, Doubt> {
    let nonce = Nonce::new(expected.nonce.expose().to_owned());
    let wrong = |sentence: String| Doubt::Wrong(Trouble::rejected(sentence));
    let claims = token.claims(&verifier(expected), &nonce).map_err(|error| match error {
        ClaimsVerificationError::SignatureVerification(SignatureVerificationError::NoMatchingKey) => Doubt::UnknownKey,
        ClaimsVerificationError::Expired(why) => wrong(format!("the ID token does not hold now: {why}")),
        error => wrong(format!("the ID token is not acceptable: {error}")),
    })?;
    // The crate leaves this one to its users.
    match claims.authorized_party() {
        Some(party) if party.as_str() != expected.client_id => Err(wrong("the ID token was issued to another client".to_owned())),
        _ => Ok(claims),
    }
}

/// As for a public client: without the client secret at hand, no signature made with it can count.
fn verifier<'a>(expected: &Expected<'_>) -> IdTokenVerifier<'a, CoreJsonWebKey> {
    let Expected { metadata, client_id, now, .. } = *expected;
    let latest = now.plus(SKEW).millis();
    let moment = SystemTime::UNIX_EPOCH + Duration::from_millis(u64::try_from(now.millis()).unwrap_or(0));
    IdTokenVerifier::new_public_client(ClientId::new(client_id.to_owned()), metadata.issuer().clone(), metadata.jwks().clone())
        .set_allowed_algs(algorithms(metadata))
        .set_time_fn(move || moment.into())
        .set_issue_time_verifier_fn(move |issued| {
            let early = issued.timestamp_millis() <= latest;
            early.then_some(()).ok_or_else(|| format!("it was issued at {issued}, in the future: is a clock wrong?"))
        })
}

/// The asymmetric ones among the algorithms that the provider says it uses.
fn algorithms(metadata: &Metadata) -> Vec<Algorithm> {
    let asymmetric = |algorithm: &&Algorithm| {
        !matches!(algorithm, Algorithm::HmacSha256 | Algorithm::HmacSha384 | Algorithm::HmacSha512 | Algorithm::None)
    };
    metadata.id_token_signing_alg_values_supported().iter().filter(asymmetric).cloned().collect()
}
