//! `/api/upload` and `/api/uploads`.

use poem::Request;
use poem_openapi::{
    OpenApi,
    param::{Path, Query},
    payload::{Json, Response},
};

use super::{
    actions,
    intake::{Incoming, Intake},
    objects::Objects,
    queries,
    requests::{FileBody, UploadAnswer, UploadBody, UploadList},
};
use crate::{
    error::{Error, Result as AppResult},
    http::{
        auth::Auth,
        data::Data,
        fail::{E400, E401, E404, E429, E503, Fail, UNSAFE},
        payload::Done,
        query::require_once,
    },
    ids::UploadId,
    store::Store,
};

/// Most uploads on a page.
const MAX_LIMIT: u64 = 200;
/// Uploads on a page that does not say how long it is.
const DEFAULT_LIMIT: u64 = 50;
/// What a form needs beside its file.
pub const ENVELOPE: u64 = 64 << 10;

/// The operations on uploads.
pub struct Api;

/// What the operations work with.
#[derive(Clone)]
pub struct Uploads {
    /// The database.
    pub store: Store,
    /// The object store.
    pub objects: Objects,
    /// What receives files.
    pub intake: Intake,
}

fn parse_id(text: &str) -> AppResult<UploadId> {
    UploadId::parse(text).ok_or_else(|| Error::not_found("upload"))
}

#[OpenApi(tag = "crate::http::docs::Part::Uploads")]
impl Api {
    /// Upload a file
    ///
    /// A picture or a PDF, in the field `file`. Pictures lose the metadata that tells where and by whom they were taken. The address
    /// in the answer works at once, for everybody and for good; a small version of a picture follows a moment later.
    #[oai(path = "/api/upload", method = "post", operation_id = "upload")]
    async fn upload(
        &self,
        uploads: Data<&Uploads>,
        auth: Auth,
        form: FileBody,
    ) -> Result<Json<UploadAnswer>, Fail<{ UNSAFE | E400 | E401 | E429 | E503 }>> {
        let FileBody { content_type, length, body } = form;
        let upload = uploads.intake.receive(Incoming { actor: auth.0.actor(), content_type, length, body }).await?;
        Ok(Json(UploadAnswer { ok: true, upload: UploadBody::new(&upload, &uploads.objects) }))
    }

    /// Own uploads
    ///
    /// Newest first. A `Link` leads to the next page, if there is one.
    #[oai(path = "/api/uploads", method = "get", operation_id = "listUploads")]
    async fn list(
        &self,
        uploads: Data<&Uploads>,
        auth: Auth,
        request: &Request,
        /// Uploads on the page, 1 to 200; more are taken as 200.
        limit: Query<Option<u64>>,
        /// Only uploads older than the one with this id.
        before: Query<Option<String>>,
    ) -> Result<Response<Json<UploadList>>, Fail<{ E400 | E401 | E503 }>> {
        require_once(request, &["limit", "before"])?;
        let no_id = || Error::invalid("before must be the id of an upload.");
        let before = before.0.map(|text| UploadId::parse(&text).ok_or_else(no_id)).transpose()?;
        let limit = limit.0.unwrap_or(DEFAULT_LIMIT).min(MAX_LIMIT);
        if limit == 0 {
            return Err(Error::invalid("limit must be 1 to 200.").into());
        }
        let page = queries::page(uploads.store.reader(), &auth.0.session.user, before.as_ref(), limit).await?;
        let list = page.uploads.iter().map(|upload| UploadBody::new(upload, &uploads.objects)).collect();
        let answer = Response::new(Json(UploadList { ok: true, uploads: list, more: page.next.is_some() }));
        Ok(match page.next {
            Some(next) => answer.header("Link", format!("</api/uploads?limit={limit}&before={next}>; rel=\"next\"")),
            None => answer,
        })
    }

    /// One upload
    ///
    /// For its owner, who learns from it when there is a small version.
    #[oai(path = "/api/uploads/:id", method = "get", operation_id = "getUpload")]
    async fn one(
        &self,
        uploads: Data<&Uploads>,
        auth: Auth,
        /// The upload's id.
        id: Path<String>,
    ) -> Result<Json<UploadAnswer>, Fail<{ E401 | E404 | E503 }>> {
        let upload = queries::own(uploads.store.reader(), &auth.0.session.user, &parse_id(&id)?).await?;
        Ok(Json(UploadAnswer { ok: true, upload: UploadBody::new(&upload, &uploads.objects) }))
    }

    /// Remove an upload
    ///
    /// For its owner and for admins. Its address stops working; copies that others made stay where they are.
    #[oai(path = "/api/uploads/:id", method = "delete", operation_id = "removeUpload")]
    async fn remove(
        &self,
        uploads: Data<&Uploads>,
        auth: Auth,
        /// The upload's id.
        id: Path<String>,
    ) -> Result<Json<Done>, Fail<{ UNSAFE | E401 | E404 | E503 }>> {
        let input = (auth.0.actor(), parse_id(&id)?);
        let upload = uploads.store.write(input, |tx, (actor, id)| Box::pin(actions::remove(tx, actor, id))).await?;
        // Should this fail, asking again tries again, and so does the janitor.
        for key in upload.keys() {
            uploads.objects.remove(&key).await?;
        }
        uploads.store.write(upload.id, |tx, id| Box::pin(actions::removed(tx, id))).await?;
        Ok(Json(Done::new()))
    }
}
