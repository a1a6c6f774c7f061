//! Accounts as their owners see them.

use poem_openapi::{Object, types::Example};

use super::model::Identity;
use crate::{ids::IdentityId, providers::catalog::Catalog, sessions::model::SignedIn};

/// The answer of `GET /api/me` and `PATCH /api/me`.
#[derive(Debug, Object)]
#[oai(example)]
pub struct Me {
    /// Always `true`.
    pub ok: bool,
    /// Who is signed in.
    pub user: MeUser,
}

/// The signed-in user, as only they see themselves.
#[derive(Debug, Object)]
pub struct MeUser {
    /// Opaque id.
    pub id: String,
    /// The name that others see.
    pub username: String,
    /// The provider that this session signed in with: `email`, `discord`, `reddit`, or the id of another one.
    pub provider: String,
    /// The address at that provider; `null` where there is none.
    pub email: Option<String>,
    /// `user` or `admin`.
    pub role: String,
}

impl Example for Me {
    fn example() -> Self {
        let user = MeUser {
            id: "usr-01kb3x2v5q8m4n7p9r1s3t5v7w".to_owned(),
            username: "Ann".to_owned(),
            provider: "email".to_owned(),
            email: Some("ann@example.com".to_owned()),
            role: "user".to_owned(),
        };
        Self { ok: true, user }
    }
}

impl Me {
    /// What `who` sees of themselves, with the address that they signed in with.
    pub fn new(who: SignedIn, email: Option<String>) -> Self {
        let SignedIn { session, username, role } = who;
        let (id, role) = (session.user.to_string(), role.as_str().to_owned());
        Self { ok: true, user: MeUser { id, username, provider: session.provider, email, role } }
    }
}

/// What is to be changed of oneself.
#[derive(Debug, Object)]
#[oai(rename = "MeChange", example)]
pub struct MeChangeBody {
    /// The name that others see: 1 to 64 characters. Spaces around it do not count. Several people may have the same, but nobody that
    /// of a bot.
    pub username: String,
}

impl Example for MeChangeBody {
    fn example() -> Self {
        Self { username: "Ann of the Hills".to_owned() }
    }
}

/// The answer of `GET /api/identities`.
#[derive(Debug, Object)]
#[oai(example)]
pub struct IdentityList {
    /// Always `true`.
    pub ok: bool,
    /// Oldest first.
    pub identities: Vec<IdentityEntry>,
}

/// A way to sign in.
#[derive(Debug, Object)]
#[oai(rename = "Identity", rename_all = "camelCase")]
pub struct IdentityEntry {
    /// Opaque id, for `DELETE /api/identities/{id}`.
    pub id: String,
    /// Whether the session of this request began with it.
    pub current: bool,
    /// The id of the provider.
    pub provider: String,
    /// What people call the provider.
    pub provider_name: String,
    /// What the person is called there, as of the last sign-in; `null` where there are no names.
    pub username: Option<String>,
    /// The address there, as of the last sign-in; `null` where there is none.
    pub email: Option<String>,
    /// The address of a picture; `null` where there is none.
    pub avatar: Option<String>,
    /// When it was added, RFC 3339 UTC.
    pub created_at: String,
}

impl IdentityEntry {
    /// `identity`, seen from a session that began with `used`.
    pub fn new(identity: Identity, catalog: &Catalog, used: Option<&IdentityId>) -> Self {
        Self {
            current: used == Some(&identity.id),
            id: identity.id.to_string(),
            provider_name: catalog.name(&identity.provider),
            provider: identity.provider,
            username: identity.handle,
            email: identity.email,
            avatar: identity.avatar,
            created_at: identity.created_at.to_string(),
        }
    }
}

impl Example for IdentityList {
    fn example() -> Self {
        let address = IdentityEntry {
            id: "idn-01kb3x2v5q8m4n7p9r1s3t5v7w".to_owned(),
            current: false,
            provider: "email".to_owned(),
            provider_name: "Email".to_owned(),
            username: None,
            email: Some("ann@example.com".to_owned()),
            avatar: None,
            created_at: "2026-01-31T12:00:00.000Z".to_owned(),
        };
        let discord = IdentityEntry {
            id: "idn-01kb3x9c2e5g7j0m3p6r8t1w4z".to_owned(),
            current: true,
            provider: "discord".to_owned(),
            provider_name: "Discord".to_owned(),
            username: Some("ann".to_owned()),
            email: None,
            avatar: Some("https://cdn.example.com/ann.png".to_owned()),
            created_at: "2026-02-01T12:00:00.000Z".to_owned(),
        };
        Self { ok: true, identities: vec![address, discord] }
    }
}
