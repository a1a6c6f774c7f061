//! Looks at a provider without signing anybody in: whether its servers answer, whether it knows this server, and what its clock
//! says.

use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use openidconnect::{
    HttpRequest,
    http::{Request, StatusCode, header},
};
use serde_json::Value;
use time::{OffsetDateTime, format_description::well_known::Rfc2822};
use url::Url;

pub use super::client::Introduction;
use super::{
    client::Client,
    discovery::Directory,
    policy,
    remote::{Remote, Trouble},
};
use crate::{
    clock::{Clock, Timestamp},
    config::Config,
    outbound::Outbound,
    plugins::{OAuthProvider, Server},
    random::Random,
};

/// The addresses in a discovery document that are asked, or that people are sent to.
const ENDPOINTS: [&str; 4] = ["authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint"];

/// What a provider's servers answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckUp {
    /// The address people are sent to, without its parameters.
    pub authorize_at: String,
    /// Whether the provider knows this server by its client id and secret.
    pub introduction: Introduction,
    /// By how many seconds the provider's clock is ahead of ours, if it says what time it is.
    pub ahead: Option<i64>,
}

/// What asking takes.
pub struct Checker<'a> {
    /// The configuration.
    pub config: &'a Config,
    /// The way out.
    pub outbound: &'a Outbound,
    /// The time.
    pub clock: &'a dyn Clock,
    /// Where a made-up code comes from.
    pub random: &'a Random,
}

impl Checker<'_> {
    /// Asks the servers of `provider`.
    ///
    /// # Errors
    /// Why they could not be asked, in a sentence for the operator.
    pub async fn check_up(&self, provider: &OAuthProvider) -> Result<CheckUp, Trouble> {
        let remote = Remote::new(self.outbound.clone(), provider.clone());
        check_hosts(&remote).await?;
        let metadata = Directory::default().get(&remote, Duration::ZERO).await?;
        let redirect_uri = policy::redirect_uri(&self.config.base_url(), &self.config.auth.root_provider, provider.id());
        let client = Client::new(provider, metadata.as_deref(), &redirect_uri)?;
        let (introduction, date) = self.introduce(&remote, &client).await?;
        let ahead = date.and_then(|date| ahead(&date, self.clock.now()));
        Ok(CheckUp { authorize_at: client.authorize_at().to_string(), introduction, ahead })
    }

    /// Shows the provider a made-up code; also gives the `Date` of its answer.
    async fn introduce(&self, remote: &Remote, client: &Client) -> Result<(Introduction, Option<String>), Trouble> {
        let seen = Mutex::new(None);
        let asking = |request: HttpRequest| async {
            let response = remote.send(request).await?;
            let date = response.headers().get(header::DATE).and_then(|value| value.to_str().ok()).map(str::to_owned);
            *seen.lock().unwrap_or_else(PoisonError::into_inner) = Some((response.status(), date));
            Ok::<_, Trouble>(response)
        };
        let (code, verifier) = (self.random.token(), self.random.token());
        let introduction = client.introduce(&asking, code.expose(), &verifier).await?;
        let (status, date) = seen.lock().unwrap_or_else(PoisonError::into_inner).take().unzip();
        let introduction = match (introduction, status) {
            // Reddit answers a wrong secret with the status alone.
            (Introduction::Unclear(_), Some(StatusCode::UNAUTHORIZED)) => Introduction::Unknown,
            (introduction, _) => introduction,
        };
        Ok((introduction, date.flatten()))
    }
}

/// Names all hosts at once that a discovery document leads to and the operator does not allow.
async fn check_hosts(remote: &Remote) -> Result<(), Trouble> {
    let Server::Issuer { name, .. } = &remote.provider().flow().server else { return Ok(()) };
    let address = format!("{}/.well-known/openid-configuration", name.trim_end_matches('/'));
    let request = Request::get(address.as_str()).header(header::ACCEPT, "application/json").body(Vec::new());
    let response = remote.send(request.map_err(|error| Trouble::rejected(format!("the issuer {name}: {error}")))?).await?;
    let document: Value = serde_json::from_slice(response.body())
        .map_err(|_| Trouble::rejected(format!("{address} answers {} without a discovery document", response.status().as_u16())))?;
    let named = ENDPOINTS.iter().filter_map(|key| Url::parse(document.get(*key)?.as_str()?).ok());
    let refused: BTreeSet<String> =
        named.filter_map(|url| remote.provider().allow_list().check(&url).err()).map(|refused| refused.to_string()).collect();
    if refused.is_empty() { Ok(()) } else { Err(Trouble::rejected(refused.into_iter().collect::<Vec<_>>().join("; "))) }
}

/// By how many seconds a `Date` header is ahead of `now`.
fn ahead(date: &str, now: Timestamp) -> Option<i64> {
    let theirs = OffsetDateTime::parse(date, &Rfc2822).ok()?;
    Some(theirs.unix_timestamp() - now.millis() / 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clocks_are_compared_in_seconds() {
        let now = Timestamp::from_millis(1_795_386_243_000);
        assert_eq!(ahead("Sun, 22 Nov 2026 22:24:03 GMT", now), Some(0));
        assert_eq!(ahead("Sun, 22 Nov 2026 22:25:13 GMT", now), Some(70));
        assert_eq!(ahead("yesterday", now), None);
    }
}
