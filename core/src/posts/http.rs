//! `/api/posts`.

use poem::{Body, Request};
use poem_openapi::{
    ApiResponse, OpenApi,
    param::{Header, Path, Query},
    payload::Json,
};
use url::Url;

use super::{
    actions::{self, Change, Create, Edit},
    feed::Feed,
    model::{Content, IdempotencyKey},
    queries,
    requests::{EditPostBody, NewPostBody, PostAnswer, PostBody},
};
use crate::{
    error::{Error, Result as AppResult},
    http::{
        auth::Auth,
        body::JsonBody,
        data::Data,
        fail::{BODY, E400, E401, E403, E404, E409, E429, E503, Fail, UNSAFE},
        payload::{Done, RawJson},
        query::{has, require_once},
        rate::{Limit, Limits},
    },
    ids::PostId,
    store::Store,
};

/// Most posts on a page.
const MAX_LIMIT: u64 = 200;
/// Posts on a page that begins somewhere and does not say how long it is.
const DEFAULT_LIMIT: u64 = 50;
/// Everyone may keep the list, and must ask whether it is still the same.
const CACHE: &str = "public, max-age=0, must-revalidate";

/// The operations on posts.
pub struct Api;

/// What the operations work with.
#[derive(Clone)]
pub struct Posts {
    /// The database.
    pub store: Store,
    /// The list.
    pub feed: Feed,
    /// How often.
    pub limits: Limits,
    /// Where our own files are.
    pub files_at: Url,
}

#[derive(ApiResponse)]
enum PostList {
    /// Posts, newest first.
    #[oai(status = 200)]
    Posts(
        RawJson<Vec<PostBody>>,
        /// Changes whenever the list does.
        #[oai(header = "ETag")]
        String,
        /// Who may keep the answer.
        #[oai(header = "Cache-Control")]
        String,
        /// The next page, `rel="next"`, if there is one.
        #[oai(header = "Link")]
        Option<String>,
    ),
    /// The list is as it was when the client got this tag.
    #[oai(status = 304)]
    Same(
        /// The tag.
        #[oai(header = "ETag")]
        String,
        /// Who may keep the answer.
        #[oai(header = "Cache-Control")]
        String,
    ),
}

/// What part of the list is wanted.
enum Wanted {
    All,
    Page { before: Option<PostId>, limit: u64 },
}

impl Wanted {
    fn parse(limit: Option<u64>, before: Option<&str>) -> AppResult<Self> {
        let before =
            before.map(|text| PostId::parse(text).ok_or_else(|| Error::invalid("before must be the id of a post."))).transpose()?;
        match limit {
            Some(0) => Err(Error::invalid("limit must be 1 to 200.")),
            None if before.is_none() => Ok(Self::All),
            limit => Ok(Self::Page { before, limit: limit.unwrap_or(DEFAULT_LIMIT).min(MAX_LIMIT) }),
        }
    }
}

/// The key of a request. Not left to the framework, which passes over a value that is empty or no text: whoever sent one relies
/// on it.
fn key(request: &Request) -> AppResult<Option<IdempotencyKey>> {
    let mut values = request.headers().get_all("idempotency-key").iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => IdempotencyKey::parse(value.to_str().unwrap_or_default()).map(Some),
        _ => Err(Error::invalid("There must be one Idempotency-Key.")),
    }
}

fn parse_id(text: &str) -> AppResult<PostId> {
    PostId::parse(text).ok_or_else(|| Error::not_found("post"))
}

#[OpenApi(tag = "crate::http::docs::Part::Posts")]
impl Api {
    /// List posts
    ///
    /// Newest first. Without parameters: all posts. With `limit` or `before`: a page, and a `Link` to the next one. With
    /// `If-None-Match` and the `ETag` of an earlier answer: 304 if nothing has changed.
    #[oai(path = "/api/posts", method = "get", operation_id = "listPosts")]
    async fn list(
        &self,
        posts: Data<&Posts>,
        request: &Request,
        /// Posts on the page, 1 to 200; more are taken as 200.
        limit: Query<Option<u64>>,
        /// Only posts older than the one with this id.
        before: Query<Option<String>>,
    ) -> Result<PostList, Fail<{ E400 | E503 }>> {
        require_once(request, &["limit", "before"])?;
        let wanted = Wanted::parse(limit.0, before.0.as_deref())?;
        // Read before the list is, so that the tag is never newer than what it tags.
        let tag = posts.feed.tag();
        if has(request, &tag) {
            return Ok(PostList::Same(tag, CACHE.to_owned()));
        }
        let (body, link) = match wanted {
            Wanted::All => (Body::from_bytes_stream(queries::all(posts.store.reader().clone()).await?), None),
            Wanted::Page { before, limit } => {
                let page = posts.feed.page(before.as_ref(), limit).await?;
                let link = page.next.map(|next| format!("</api/posts?limit={limit}&before={next}>; rel=\"next\""));
                (Body::from_bytes(page.json), link)
            }
        };
        Ok(PostList::Posts(RawJson::new(body), tag, CACHE.to_owned(), link))
    }

    /// Create a post
    ///
    /// With an `Idempotency-Key` the request may safely be sent again for a day: the answer is the post of the first time, or 409
    /// if that was deleted meanwhile.
    #[oai(path = "/api/posts", method = "post", operation_id = "createPost")]
    async fn create(
        &self,
        posts: Data<&Posts>,
        auth: Auth,
        request: &Request,
        /// The client's own name for this request, 1 to 128 visible ASCII characters.
        #[oai(name = "Idempotency-Key")]
        _key: Header<Option<String>>,
        body: JsonBody<NewPostBody>,
    ) -> Result<Json<PostAnswer>, Fail<{ BODY | E401 | E409 | E429 | E503 }>> {
        let who = auth.0;
        posts.limits.check(Limit::Posts, who.session.user.as_str())?;
        let key = key(request)?;
        let NewPostBody { title, body, attachments } = body.0;
        let content = Content::parse(&title, body, &attachments, &posts.files_at)?;
        let create = Create { id: None, actor: who.actor(), author_name: who.username, content, key };
        let post = posts.store.write(create, |tx, create| Box::pin(actions::create(tx, create))).await?;
        Ok(Json(PostAnswer::new(post)))
    }

    /// One post
    ///
    /// As everybody may read it, signed in or not.
    #[oai(path = "/api/posts/:id", method = "get", operation_id = "getPost")]
    async fn get(
        &self,
        posts: Data<&Posts>,
        /// The post's id.
        id: Path<String>,
    ) -> Result<Json<PostAnswer>, Fail<{ E404 | E503 }>> {
        Ok(Json(PostAnswer::new(queries::post(posts.store.reader(), &parse_id(&id)?).await?)))
    }

    /// Edit a post
    ///
    /// For its author and for admins. What is absent stays.
    #[oai(path = "/api/posts/:id", method = "patch", operation_id = "editPost")]
    async fn edit(
        &self,
        posts: Data<&Posts>,
        auth: Auth,
        /// The post's id.
        id: Path<String>,
        body: JsonBody<EditPostBody>,
    ) -> Result<Json<PostAnswer>, Fail<{ BODY | E401 | E403 | E404 | E429 | E503 }>> {
        posts.limits.check(Limit::PostChanges, auth.0.session.user.as_str())?;
        let EditPostBody { title, body, attachments } = body.0;
        let edit = Edit { actor: auth.0.actor(), post: parse_id(&id)?, change: Change { title, body, attachments } };
        let input = (edit, posts.files_at.clone());
        let post = posts.store.write(input, |tx, (edit, files_at)| Box::pin(actions::edit(tx, edit, files_at))).await?;
        Ok(Json(PostAnswer::new(post)))
    }

    /// Delete a post
    ///
    /// For its author and for admins.
    #[oai(path = "/api/posts/:id", method = "delete", operation_id = "deletePost")]
    async fn delete(
        &self,
        posts: Data<&Posts>,
        auth: Auth,
        /// The post's id.
        id: Path<String>,
    ) -> Result<Json<Done>, Fail<{ UNSAFE | E401 | E404 | E429 | E503 }>> {
        posts.limits.check(Limit::PostChanges, auth.0.session.user.as_str())?;
        let input = (auth.0.actor(), parse_id(&id)?);
        posts.store.write(input, |tx, (actor, id)| Box::pin(actions::delete(tx, actor, id))).await?;
        Ok(Json(Done::new()))
    }
}
