//! `/api/me`, and the ways to sign in to one's own account.

use poem_openapi::{OpenApi, param::Path, payload::Json};

use super::{
    actions,
    model::Username,
    queries,
    requests::{IdentityEntry, IdentityList, Me, MeChangeBody},
};
use crate::{
    error::{Error, Result as AppResult},
    http::{
        auth::Auth,
        body::JsonBody,
        data::Data,
        fail::{BODY, E401, E404, E409, E429, E503, Fail, UNSAFE},
        payload::Done,
        rate::{Limit, Limits},
    },
    ids::IdentityId,
    providers::catalog::Catalog,
    sessions::model::SignedIn,
    store::Store,
};

/// The operations on one's own account.
pub struct Api;

/// What `who` sees of themselves.
async fn seen_by(store: &Store, who: SignedIn) -> AppResult<Me> {
    let email = queries::used(store.reader(), &who.session).await?.and_then(|identity| identity.email);
    Ok(Me::new(who, email))
}

#[OpenApi(tag = "crate::http::docs::Part::Session")]
impl Api {
    /// Current user
    ///
    /// Who is signed in with the session of this request.
    #[oai(path = "/api/me", method = "get", operation_id = "getMe")]
    async fn me(&self, store: Data<&Store>, auth: Auth) -> Result<Json<Me>, Fail<{ E401 | E503 }>> {
        Ok(Json(seen_by(&store, auth.0).await?))
    }

    /// Change one's name
    ///
    /// Others see the new name at once; what was said in rooms before stays under the old one. The name of a bot cannot be had
    /// (`name_taken`).
    #[oai(path = "/api/me", method = "patch", operation_id = "updateMe")]
    async fn rename(
        &self,
        store: Data<&Store>,
        limits: Data<&Limits>,
        auth: Auth,
        body: JsonBody<MeChangeBody>,
    ) -> Result<Json<Me>, Fail<{ BODY | E401 | E409 | E429 | E503 }>> {
        let (mut who, name) = (auth.0, Username::parse(&body.username)?);
        limits.check(Limit::Renames, who.session.user.as_str())?;
        who.username = name.as_str().to_owned();
        let input = (who.session.clone(), name);
        store.write(input, |tx, (session, name)| Box::pin(actions::rename(tx, &session.user, name, &session.id))).await?;
        Ok(Json(seen_by(&store, who).await?))
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
