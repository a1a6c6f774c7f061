//! `posts-read` and `posts-write`.

use wasmtime::Result;

use super::{Effect, Session, convert};
use crate::{
    ids::PostId,
    plugins::{
        bindings::bot::openclaw::{
            posts::{
                posts_read,
                posts_write::{self, Draft},
            },
            types::types::{Error, Post},
        },
        state::GuestState,
    },
    posts::{actions::Create, model::Content, queries},
};

/// Most posts at once.
const MAX_POSTS: u64 = 50;

impl Session {
    async fn posts(&self, before: Option<String>, limit: u32) -> Result<Vec<Post>, Error> {
        let before = before.map(|id| PostId::parse(&id).ok_or(Error::NotFound)).transpose()?;
        let (store, limit) = (self.host.store.clone(), u64::from(limit).clamp(1, MAX_POSTS));
        let read = async move { queries::list(store.reader(), before.as_ref(), limit).await };
        let posts = self.host.outside(read).await.map_err(convert::error)?;
        Ok(posts.into_iter().map(convert::post).collect())
    }

    async fn post(&self, id: &str) -> Result<Post, Error> {
        let id = PostId::parse(id).ok_or(Error::NotFound)?;
        let store = self.host.store.clone();
        let read = async move { queries::post(store.reader(), &id).await };
        self.host.outside(read).await.map(convert::post).map_err(convert::error)
    }

    fn write(&mut self, draft: Draft) -> Result<String, Error> {
        let content = Content::parse(&draft.title, draft.body, &draft.attachments, &self.host.files_at).map_err(convert::error)?;
        self.require_effect()?;
        if !self.turns.take_post() {
            let (shortage, most) = (self.turns.short_of_posts(), self.host.limits.posts);
            return Err(self.short_of(shortage, "posts", format!("it may write posts at a rate of {most} (limits.posts)")));
        }
        let id = PostId::new(self.now, self.host.store.random());
        let (actor, author_name) = (self.host.actor.clone(), self.host.bot.name.as_str().to_owned());
        self.push(Effect::Post(Box::new(Create { id: Some(id.clone()), actor, author_name, content, key: None })))?;
        Ok(id.to_string())
    }
}

impl posts_read::Host for GuestState {
    async fn list_posts(&mut self, before: Option<String>, limit: u32) -> Result<Result<Vec<Post>, Error>> {
        let session = self.session()?;
        session.told(session.posts(before, limit).await)
    }

    async fn get_post(&mut self, id: String) -> Result<Result<Post, Error>> {
        let session = self.session()?;
        session.told(session.post(&id).await)
    }
}

impl posts_write::Host for GuestState {
    async fn create(&mut self, draft: Draft) -> Result<Result<String, Error>> {
        let session = self.session()?;
        let written = session.write(draft);
        session.told(written)
    }

    async fn delete(&mut self, id: String) -> Result<Result<(), Error>> {
        let session = self.session()?;
        let actor = session.host.actor.clone();
        let invalid = || Error::Invalid("id must be the id of a post".to_owned());
        let effect = PostId::parse(&id).map(|id| Effect::DeletePost(actor, id)).ok_or_else(invalid);
        let deleted = effect.and_then(|effect| session.push(effect));
        session.told(deleted)
    }
}
