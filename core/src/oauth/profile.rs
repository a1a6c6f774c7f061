//! What a provider says about a person: tokens, verified claims, and the documents that the plugin wants to see.

use std::{sync::Arc, time::Duration};

use openidconnect::{
    AccessToken, OAuth2TokenResponse, TokenResponse, UserInfoUrl,
    http::{HeaderValue, Request, header},
};
use serde_json::Value;
use url::Url;

use super::{
    client::{self, Client},
    discovery::{Directory, Metadata},
    id_token::{self, Doubt, Expected},
    model::{Reason, Stop},
    policy,
    remote::{Remote, Trouble},
    tokens::{Claims, RawIdToken, Tokens},
};
use crate::{
    clock::Timestamp,
    plugins::{Document, Profile, Source},
    random::Token,
};

/// The secrets of one sign-in.
pub struct Secrets<'a> {
    /// What the provider hands back with the code.
    pub state: &'a Token,
    /// What proves to the provider that the code is ours.
    pub pkce_verifier: &'a Token,
    /// What the ID token has to repeat.
    pub nonce: &'a Token,
}

/// What was fetched, for the plugin to read.
pub struct Fetched {
    /// For the plugin.
    pub profile: Profile,
    /// The names of the ID token's claims.
    pub claims: Vec<String>,
}

/// The claims of a verified ID token, and whose they are.
struct Verified {
    subject: String,
    claims: Value,
}

/// A provider whose addresses are known.
pub struct Visit {
    remote: Remote,
    directory: Directory,
    client: Client,
    metadata: Option<Arc<Metadata>>,
    ticks: Duration,
}

impl Visit {
    /// Finds out the provider's addresses at the moment `ticks`.
    pub async fn begin(remote: Remote, directory: Directory, redirect_uri: &str, ticks: Duration) -> Result<Self, Trouble> {
        let metadata = directory.get(&remote, ticks).await?;
        let client = Client::new(remote.provider(), metadata.as_deref(), redirect_uri)?;
        Ok(Self { remote, directory, client, metadata, ticks })
    }

    /// Where the browser goes.
    pub fn authorize(&self, secrets: &Secrets<'_>) -> Url {
        self.client.authorize(self.remote.provider(), secrets)
    }

    /// Refuses an answer that another issuer gave, or that names none though this provider always does.
    pub fn check_issuer(&self, named: Option<&str>) -> Result<(), Stop> {
        let stop = |detail| Err(Stop::new(Reason::State, detail));
        let metadata = self.metadata.as_deref();
        match named {
            Some(named) if policy::is_issuer(named, metadata.map(|metadata| metadata.issuer().as_str()), self.client.authorize_at()) => {
                Ok(())
            }
            Some(_) => stop("the answer names another issuer"),
            None if metadata.is_some_and(|metadata| metadata.additional_metadata().authorization_response_iss_parameter_supported) => {
                stop("the answer does not name its issuer")
            }
            None => Ok(()),
        }
    }

    /// Exchanges the code and fetches what the plugin wants to see.
    pub async fn fetch(&self, code: String, pkce_verifier: &Token, nonce: &Token, now: Timestamp) -> Result<Fetched, Trouble> {
        let tokens = self.client.exchange(&self.remote, code, pkce_verifier).await?;
        let verified = match &self.metadata {
            Some(metadata) => Some(self.verified(metadata, &tokens, nonce, now).await?),
            None => None,
        };
        let provider = self.remote.provider();
        let granted = tokens.scopes().map(|scopes| scopes.iter().map(|scope| scope.to_string()).collect());
        let mut documents = Vec::new();
        for source in &provider.flow().sources {
            documents.push(self.document(source, tokens.access_token(), verified.as_ref()).await?);
        }
        let claims = verified.map(|verified| verified.claims);
        let names = claims.as_ref().and_then(Value::as_object).map(|claims| claims.keys().cloned().collect());
        let scopes = granted.unwrap_or_else(|| client::asked(provider));
        let profile = Profile { claims: claims.map(|claims| claims.to_string()), scopes, documents };
        Ok(Fetched { profile, claims: names.unwrap_or_default() })
    }

    /// Verifies the ID token, with keys that are fetched anew if it names one that is not known.
    async fn verified(&self, metadata: &Arc<Metadata>, tokens: &Tokens, nonce: &Token, now: Timestamp) -> Result<Verified, Trouble> {
        let token = tokens.id_token().ok_or_else(|| Trouble::rejected("the token endpoint gives no ID token"))?;
        match self.claims_of(token, metadata, nonce, now) {
            Err(Doubt::UnknownKey) => {}
            known => return known.map_err(Trouble::from).and_then(Verified::of),
        }
        let renewed = self.directory.with_new_keys(&self.remote, metadata, self.ticks).await?;
        let metadata = renewed.ok_or(Doubt::UnknownKey)?;
        Verified::of(self.claims_of(token, &metadata, nonce, now)?)
    }

    fn claims_of<'a>(&self, token: &'a RawIdToken, metadata: &Metadata, nonce: &Token, now: Timestamp) -> Result<&'a Claims, Doubt> {
        id_token::verify(token, &Expected { metadata, client_id: self.remote.provider().client_id(), nonce, now })
    }

    /// Fetches one document with the access token. What comes from UserInfo has to be about the person of the ID token.
    async fn document(&self, source: &Source, token: &AccessToken, verified: Option<&Verified>) -> Result<Document, Trouble> {
        let userinfo = || self.metadata.as_ref()?.userinfo_endpoint().map(UserInfoUrl::url);
        let url = match source {
            Source::Url(url) => url,
            Source::UserInfo => userinfo().ok_or_else(|| Trouble::rejected("the discovery document names no UserInfo endpoint"))?,
        };
        let bearer = HeaderValue::from_str(&format!("Bearer {}", token.secret()));
        let mut bearer = bearer.map_err(|_| Trouble::broken("the access token has characters that no header can have"))?;
        bearer.set_sensitive(true);
        let request = Request::get(url.as_str()).header(header::AUTHORIZATION, bearer).header(header::ACCEPT, "application/json");
        let request = request.body(Vec::new()).map_err(|error| Trouble::rejected(format!("{url}: {error}")))?;
        let response = self.remote.send(request).await?;
        let is_signed = response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"application/jwt"));
        let (status, body) = (response.status(), response.into_body());
        if let (Source::UserInfo, Some(verified), true) = (source, verified, status.is_success()) {
            if is_signed {
                return Err(Trouble::rejected("the UserInfo document is signed, which is not read; set userinfo = false"));
            }
            verified.require_same(&body)?;
        }
        Ok(Document { status: status.as_u16(), body })
    }
}

impl Verified {
    fn of(claims: &Claims) -> Result<Self, Trouble> {
        let subject = claims.subject().as_str().to_owned();
        let claims = serde_json::to_value(claims).map_err(|error| Trouble::broken(format!("the ID token: {error}")))?;
        Ok(Self { subject, claims })
    }

    /// Refuses a UserInfo document about anybody else.
    fn require_same(&self, userinfo: &[u8]) -> Result<(), Trouble> {
        let document: Value = serde_json::from_slice(userinfo).map_err(|_| Trouble::broken("the UserInfo document is not JSON"))?;
        match document.get("sub").and_then(Value::as_str) {
            Some(subject) if subject == self.subject => Ok(()),
            _ => Err(Trouble::rejected("the UserInfo document is about another person than the ID token")),
        }
    }
}
