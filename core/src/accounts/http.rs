//! `GET /api/me`.

use poem_openapi::{Object, OpenApi, payload::Json, types::Example};

use super::queries;
use crate::{
    http::{
        auth::Auth,
        data::Data,
        fail::{E401, E503, Fail},
    },
    store::Store,
};

/// The operations on one's own account.
pub struct Api;

/// The answer of `GET /api/me`.
#[derive(Debug, Object)]
#[oai(example)]
struct Me {
    /// Always `true`.
    ok: bool,
    /// Who is signed in.
    user: MeUser,
}

/// The signed-in user, as only they see themselves.
#[derive(Debug, Object)]
struct MeUser {
    /// Opaque id.
    id: String,
    /// The name that others see.
    username: String,
    /// The provider that this session signed in with: `email`, `discord`, `reddit`, or the id of another one.
    provider: String,
    /// The address at that provider; `null` where there is none.
    email: Option<String>,
    /// `user` or `admin`.
    role: String,
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

#[OpenApi(tag = "crate::http::docs::Part::Session")]
impl Api {
    /// Current user
    ///
    /// Who is signed in with the session of this request.
    #[oai(path = "/api/me", method = "get", operation_id = "getMe")]
    async fn me(&self, store: Data<&Store>, auth: Auth) -> Result<Json<Me>, Fail<{ E401 | E503 }>> {
        let who = auth.0;
        let email = queries::email(store.reader(), &who.session.user, &who.session.provider).await?;
        let user = MeUser {
            id: who.session.user.to_string(),
            username: who.username,
            provider: who.session.provider,
            email,
            role: who.role.as_str().to_owned(),
        };
        Ok(Json(Me { ok: true, user }))
    }
}
