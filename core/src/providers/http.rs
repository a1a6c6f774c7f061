//! `GET /api/providers`.

use poem_openapi::{Enum, Object, OpenApi, payload::Json, types::Example};

use super::catalog::{Catalog, Offer};
use crate::http::{data::Data, fail::Fail};

/// The operations on the list of providers.
pub struct Api;

/// The answer of `GET /api/providers`.
#[derive(Debug, Object)]
#[oai(example)]
struct ProviderList {
    /// Always `true`.
    ok: bool,
    /// Those that can be used now, by id.
    providers: Vec<ProviderEntry>,
}

/// A way to sign in.
#[derive(Debug, Object)]
#[oai(rename = "Provider")]
struct ProviderEntry {
    /// The id, as in `/api/{provider}/login`.
    id: String,
    /// What people call it.
    name: String,
    /// How it works.
    kind: ProviderKind,
    /// Where signing in begins: the browser goes there (`redirect`), or an address and a password are sent there (`password`).
    login: String,
}

/// How a provider works.
#[derive(Debug, Enum)]
#[oai(rename_all = "lowercase")]
enum ProviderKind {
    /// People sign in at another site and come back.
    Redirect,
    /// People type an address and a password.
    Password,
}

impl From<Offer> for ProviderEntry {
    fn from(offer: Offer) -> Self {
        let kind = if offer.is_redirect() { ProviderKind::Redirect } else { ProviderKind::Password };
        Self { id: offer.id, name: offer.name, kind, login: offer.login }
    }
}

impl Example for ProviderList {
    fn example() -> Self {
        let entry = |id: &str, name: &str, kind, login: &str| ProviderEntry {
            id: id.to_owned(),
            name: name.to_owned(),
            kind,
            login: login.to_owned(),
        };
        let discord = entry("discord", "Discord", ProviderKind::Redirect, "/api/login");
        let email = entry("email", "Email", ProviderKind::Password, "/api/email/login");
        Self { ok: true, providers: vec![discord, email] }
    }
}

#[OpenApi(tag = "crate::http::docs::Part::Providers")]
impl Api {
    /// Ways to sign in
    ///
    /// What a sign-in page needs to draw its buttons. Providers that are off are not listed.
    #[oai(path = "/api/providers", method = "get", operation_id = "listProviders")]
    async fn list(&self, catalog: Data<&Catalog>) -> Result<Json<ProviderList>, Fail<0>> {
        let providers = catalog.offers().into_iter().map(ProviderEntry::from).collect();
        Ok(Json(ProviderList { ok: true, providers }))
    }
}
