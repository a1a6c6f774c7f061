//! `GET /api/me`, and the ways to sign in to one's own account.

use poem_openapi::{OpenApi, param::Path, payload::Json};

use super::{
    actions, queries,
    requests::{IdentityEntry, IdentityList, Me, MeUser},
};
use crate::{
    error::Error,
    http::{
        auth::Auth,
        data::Data,
        fail::{E401, E404, E409, E503, Fail, UNSAFE},
        payload::Done,
    },
    ids::IdentityId,
    providers::catalog::Catalog,
    store::Store,
};

/// The operations on one's own account.
pub struct Api;

#[OpenApi(tag = "crate::http::docs::Part::Session")]
impl Api {
    /// Current user
    ///
    /// Who is signed in with the session of this request.
    #[oai(path = "/api/me", method = "get", operation_id = "getMe")]
    async fn me(&self, store: Data<&Store>, auth: Auth) -> Result<Json<Me>, Fail<{ E401 | E503 }>> {
        let who = auth.0;
        let email = queries::used(store.reader(), &who.session).await?.and_then(|identity| identity.email);
        let user = MeUser {
            id: who.session.user.to_string(),
            username: who.username,
            provider: who.session.provider,
            email,
            role: who.role.as_str().to_owned(),
        };
        Ok(Json(Me { ok: true, user }))
    }

    /// Own ways to sign in
    ///
    /// The accounts elsewhere, and the address, that open this account, oldest first. `POST /api/{provider}/link` adds one, and
    /// `POST /api/email/link` an address.
    #[oai(path = "/api/identities", method = "get", operation_id = "listIdentities")]
    async fn identities(
        &self,
        store: Data<&Store>,
        catalog: Data<&Catalog>,
        auth: Auth,
    ) -> Result<Json<IdentityList>, Fail<{ E401 | E503 }>> {
        let session = &auth.0.session;
        let used = queries::used(store.reader(), session).await?.map(|identity| identity.id);
        let own = queries::identities(store.reader(), &session.user).await?;
        let entry = |identity| IdentityEntry::new(identity, &catalog, used.as_ref());
        Ok(Json(IdentityList { ok: true, identities: own.into_iter().map(entry).collect() }))
    }

    /// Remove a way to sign in
    ///
    /// Ends all other sessions of the account. With an address its password goes, too. The last one cannot be removed
    /// (`last_identity`).
    #[oai(path = "/api/identities/:id", method = "delete", operation_id = "removeIdentity")]
    async fn unlink(
        &self,
        store: Data<&Store>,
        auth: Auth,
        /// The identity's id.
        id: Path<String>,
    ) -> Result<Json<Done>, Fail<{ UNSAFE | E401 | E404 | E409 | E503 }>> {
        let id = IdentityId::parse(&id).ok_or_else(|| Error::not_found("identity"))?;
        let input = (auth.0.session, id);
        store.write(input, |tx, (session, id)| Box::pin(actions::unlink(tx, &session.user, id, &session.id))).await?;
        Ok(Json(Done::new()))
    }
}
