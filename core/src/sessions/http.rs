//! `/api/logout` and `/api/sessions`.

use poem::Request;
use poem_openapi::{
    Object, OpenApi,
    param::Path,
    payload::{Json, Response},
    types::Example,
};

use super::{actions, model::Session, queries};
use crate::{
    error::Error,
    http::{
        auth::{Auth, MaybeAuth, Sessions},
        base::Base,
        data::Data,
        fail::{E401, E404, E503, Fail, UNSAFE},
        origin::Source,
        payload::{Done, Redirect},
    },
    ids::SessionId,
};

/// The operations on sessions.
pub struct Api;

/// The answer of `GET /api/sessions`.
#[derive(Debug, Object)]
#[oai(example)]
struct SessionList {
    /// Always `true`.
    ok: bool,
    /// Newest first.
    sessions: Vec<SessionEntry>,
}

/// A signed-in browser or program.
#[derive(Debug, Object)]
#[oai(rename_all = "camelCase")]
struct SessionEntry {
    /// Opaque id, for `DELETE /api/sessions/{id}`.
    id: String,
    /// Whether this request came with it.
    current: bool,
    /// The provider that was used to sign in.
    provider: String,
    /// What the browser or program calls itself.
    client: String,
    /// When it began, RFC 3339 UTC.
    created_at: String,
    /// When it was last used, to within five minutes.
    last_seen_at: String,
    /// When it ends at the latest.
    expires_at: String,
}

impl SessionEntry {
    fn new(session: &Session, current: &SessionId) -> Self {
        Self {
            id: session.id.to_string(),
            current: &session.id == current,
            provider: session.provider.clone(),
            client: session.client.clone(),
            created_at: session.created_at.to_string(),
            last_seen_at: session.last_seen_at.to_string(),
            expires_at: session.expires_at.to_string(),
        }
    }
}

impl Example for SessionList {
    fn example() -> Self {
        let entry = SessionEntry {
            id: "ses-01kb3x2v5q8m4n7p9r1s3t5v7w".to_owned(),
            current: true,
            provider: "email".to_owned(),
            client: "Mozilla/5.0".to_owned(),
            created_at: "2026-01-31T12:00:00.000Z".to_owned(),
            last_seen_at: "2026-01-31T12:05:00.000Z".to_owned(),
            expires_at: "2026-03-02T12:00:00.000Z".to_owned(),
        };
        Self { ok: true, sessions: vec![entry] }
    }
}

#[OpenApi(tag = "crate::http::docs::Part::Session")]
impl Api {
    /// Log out (link)
    ///
    /// Ends the session and goes to `/`. A link on another site only goes there and ends nothing.
    #[oai(path = "/api/logout", method = "get", operation_id = "logoutByLink")]
    async fn logout_by_link(
        &self,
        request: &Request,
        base: Data<&Base>,
        sessions: Data<&Sessions>,
        auth: MaybeAuth,
    ) -> Result<Redirect, Fail<E503>> {
        if base.origins.source(request.headers()) == Source::Foreign {
            return Ok(Redirect::to("/"));
        }
        self.end(&sessions, auth).await?;
        Ok(Redirect::with_cookie("/", sessions.cookie.remove()))
    }

    /// Log out
    ///
    /// Ends the session, if there is one.
    #[oai(path = "/api/logout", method = "post", operation_id = "logout")]
    async fn logout(&self, sessions: Data<&Sessions>, auth: MaybeAuth) -> Result<Response<Json<Done>>, Fail<{ UNSAFE | E503 }>> {
        self.end(&sessions, auth).await?;
        Ok(Response::new(Json(Done::new())).header("set-cookie", sessions.cookie.remove()))
    }

    /// Own sessions
    ///
    /// Where the user is signed in, newest first.
    #[oai(path = "/api/sessions", method = "get", operation_id = "listSessions")]
    async fn list(&self, sessions: Data<&Sessions>, auth: Auth) -> Result<Json<SessionList>, Fail<{ E401 | E503 }>> {
        let own = &auth.0.session;
        let live = queries::of_user(sessions.store.reader(), &own.user, sessions.clock.now()).await?;
        Ok(Json(SessionList { ok: true, sessions: live.iter().map(|session| SessionEntry::new(session, &own.id)).collect() }))
    }

    /// End one session
    ///
    /// Signs the user out there. Ending the session of this request is logging out: its cookie goes, too.
    #[oai(path = "/api/sessions/:id", method = "delete", operation_id = "endSession")]
    async fn revoke(
        &self,
        sessions: Data<&Sessions>,
        auth: Auth,
        /// The session's id.
        id: Path<String>,
    ) -> Result<Response<Json<Done>>, Fail<{ UNSAFE | E401 | E404 | E503 }>> {
        let id = SessionId::parse(&id).ok_or_else(|| Error::not_found("session"))?;
        let is_own = id == auth.0.session.id;
        let input = (auth.0.session.user, id);
        sessions.store.write(input, |tx, (user, id)| Box::pin(actions::revoke(tx, user, id))).await?;
        let answer = Response::new(Json(Done::new()));
        Ok(if is_own { answer.header("set-cookie", sessions.cookie.remove()) } else { answer })
    }

    /// End all other sessions
    ///
    /// Signs the user out everywhere but here.
    #[oai(path = "/api/sessions", method = "delete", operation_id = "endOtherSessions")]
    async fn revoke_others(&self, sessions: Data<&Sessions>, auth: Auth) -> Result<Json<Done>, Fail<{ UNSAFE | E401 | E503 }>> {
        let input = (auth.0.session.user, auth.0.session.id);
        sessions.store.write(input, |tx, (user, keep)| Box::pin(actions::end_all(tx, user, Some(keep), "revoked"))).await?;
        Ok(Json(Done::new()))
    }
}

impl Api {
    async fn end(&self, sessions: &Sessions, auth: MaybeAuth) -> crate::error::Result<()> {
        let Some(who) = auth.0 else { return Ok(()) };
        sessions.store.write(who.session, |tx, session| Box::pin(actions::end(tx, session, "logout"))).await
    }
}
