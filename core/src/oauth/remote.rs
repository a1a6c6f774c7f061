//! Requests to one provider, and what counts as its failing.

use futures_util::future::BoxFuture;
use openidconnect::{
    AsyncHttpClient, HttpRequest, HttpResponse,
    http::{HeaderValue, header},
};

use crate::{
    outbound::{ErrorKind, Outbound, OutboundError},
    plugins::OAuthProvider,
};

/// What went wrong between this server and a provider, in a sentence for the operator without any secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// The provider could not be reached, took too long, failed or made no sense. The breaker counts this.
    #[error("{0}")]
    Broken(String),
    /// The provider works, and what it says is no or not acceptable; or it was not asked at all, for a reason of this server's.
    #[error("{0}")]
    Rejected(String),
    /// The provider says no to what anybody may have sent it through a browser, an odd code say.
    #[error("{0}")]
    Provoked(String),
}

impl Trouble {
    /// The provider failed.
    pub fn broken(sentence: impl Into<String>) -> Self {
        Self::Broken(sentence.into())
    }

    /// The provider said no.
    pub fn rejected(sentence: impl Into<String>) -> Self {
        Self::Rejected(sentence.into())
    }

    /// The provider said no, as anybody can have it do.
    pub fn provoked(sentence: impl Into<String>) -> Self {
        Self::Provoked(sentence.into())
    }
}

impl From<OutboundError> for Trouble {
    fn from(error: OutboundError) -> Self {
        match error.kind {
            // Not sent at all: the configuration is at fault, or this server has too much to do.
            ErrorKind::Refused | ErrorKind::Busy => Self::rejected(error.to_string()),
            _ => Self::broken(error.to_string()),
        }
    }
}

/// The way to a provider's servers.
#[derive(Clone)]
pub struct Remote {
    outbound: Outbound,
    provider: OAuthProvider,
}

impl Remote {
    /// The way to the servers of `provider`.
    pub fn new(outbound: Outbound, provider: OAuthProvider) -> Self {
        Self { outbound, provider }
    }

    /// Whose servers.
    pub fn provider(&self) -> &OAuthProvider {
        &self.provider
    }

    /// Sends one request in the provider's manners. Answers that are neither a success nor the client's fault are trouble.
    pub async fn send(&self, mut request: HttpRequest) -> Result<HttpResponse, Trouble> {
        let agent = self.provider.flow().user_agent.as_deref();
        if let Some(agent) = agent.and_then(|agent| HeaderValue::from_str(agent).ok()) {
            request.headers_mut().insert(header::USER_AGENT, agent);
        }
        let address = without_query(&request);
        let _slot = self.provider.request_slot().await;
        let response = self.outbound.send(self.provider.id(), self.provider.allow_list(), request).await?;
        match response.status().as_u16() {
            200..=299 | 400..=499 => Ok(response),
            300..=399 => Err(Trouble::broken(format!("{address} redirects, which is not followed"))),
            status => Err(Trouble::broken(format!("{address} answers {status}"))),
        }
    }
}

/// The crate sends its requests the same way.
impl<'c> AsyncHttpClient<'c> for Remote {
    type Error = Trouble;
    type Future = BoxFuture<'c, Result<HttpResponse, Trouble>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.send(request))
    }
}

/// The address of a request as the log may have it.
fn without_query(request: &HttpRequest) -> String {
    request.uri().to_string().split('?').next().unwrap_or_default().to_owned()
}
