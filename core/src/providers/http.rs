//! The redirect providers' paths. They are there whether or not the provider is: off, they answer 503.

use poem_openapi::{OpenApi, param::Query};

use crate::{
    error::{Error, Kind},
    http::{
        data::Data,
        fail::{E503, Fail},
        payload::Redirect,
    },
    plugins::Plugins,
};

/// The operations of the redirect providers.
pub struct Api;

/// Why `provider` cannot be used. No kind of plugin on this server can be sent to another site yet, so there is always a reason.
fn unavailable(plugins: &Plugins, provider: &str) -> Error {
    let status = plugins.status().into_iter().find(|plugin| plugin.id == provider);
    if let Some(reason) = status.and_then(|plugin| plugin.reason) {
        tracing::warn!(provider, reason, "a login provider is off");
    }
    Error::new(Kind::Unavailable, "provider_unavailable", format!("Signing in with {provider} is not available on this server."))
}

#[OpenApi(tag = "crate::http::docs::Part::Providers")]
impl Api {
    /// Sign in with Discord
    ///
    /// Goes to Discord, which sends the browser back to `/api/callback`.
    #[oai(path = "/api/login", method = "get", operation_id = "loginWithDiscord")]
    async fn login_with_discord(&self, plugins: Data<&Plugins>) -> Result<Redirect, Fail<E503>> {
        Err(unavailable(&plugins, "discord").into())
    }

    /// Come back from Discord
    ///
    /// Signs in and goes to `/?login=ok`.
    #[oai(path = "/api/callback", method = "get", operation_id = "returnFromDiscord")]
    async fn return_from_discord(
        &self,
        plugins: Data<&Plugins>,
        /// What Discord gives to who approved.
        code: Query<Option<String>>,
    ) -> Result<Redirect, Fail<E503>> {
        drop(code);
        Err(unavailable(&plugins, "discord").into())
    }

    /// Sign in with Reddit
    ///
    /// Goes to Reddit, which sends the browser back to `/api/reddit/callback`.
    #[oai(path = "/api/reddit/login", method = "get", operation_id = "loginWithReddit")]
    async fn login_with_reddit(&self, plugins: Data<&Plugins>) -> Result<Redirect, Fail<E503>> {
        Err(unavailable(&plugins, "reddit").into())
    }

    /// Come back from Reddit
    ///
    /// Signs in and goes to `/?login=ok`.
    #[oai(path = "/api/reddit/callback", method = "get", operation_id = "returnFromReddit")]
    async fn return_from_reddit(
        &self,
        plugins: Data<&Plugins>,
        /// What Reddit gives to who approved.
        code: Query<Option<String>>,
        /// What was sent along to Reddit.
        state: Query<Option<String>>,
    ) -> Result<Redirect, Fail<E503>> {
        drop((code, state));
        Err(unavailable(&plugins, "reddit").into())
    }
}
