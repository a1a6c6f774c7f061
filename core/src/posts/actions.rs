//! What can be done to posts.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

use super::{
    events,
    model::{Content, IdempotencyKey, Post},
    policy, store,
};
use crate::{
    accounts,
    actor::{Actor, Role},
    bots::model::Ability,
    error::{Error, Kind, Result},
    ids::{PostId, UserId},
    store::Tx,
};

/// How long the same key means the same post.
const KEY_LIFETIME: Duration = Duration::from_hours(24);
/// Posts of somebody that are deleted in one go.
const DELETE: u64 = 50;

/// A post to be written.
#[derive(Debug, Clone)]
pub struct Create {
    /// The id that it is to have, if that was chosen before.
    pub id: Option<PostId>,
    /// Who writes.
    pub actor: Actor,
    /// The author's name, as the session knows it.
    pub author_name: String,
    /// What it says.
    pub content: Content,
    /// Under which key the request may be sent again.
    pub key: Option<IdempotencyKey>,
}

/// Writes a post; with a key that was used before, returns the post of then.
///
/// # Errors
/// `conflict` if the key was used for another post, or its post was deleted.
pub async fn create(tx: &mut Tx, create: &Create) -> Result<Post> {
    let author = &author(tx, create).await?;
    if let Some(key) = &create.key
        && let Some(earlier) = replay(tx, create, key).await?
    {
        return Ok(earlier);
    }
    let post = Post {
        id: create.id.clone().unwrap_or_else(|| PostId::new(tx.now(), tx.random())),
        author: author.clone(),
        author_name: create.author_name.clone(),
        content: create.content.clone(),
        created_at: tx.now(),
        edited_at: None,
    };
    store::add(tx, &post).await?;
    if let Some(key) = &create.key {
        store::add_key(tx, author, key, hash(&create.content)?, &post.id).await?;
    }
    tx.record(events::created(&post));
    Ok(post)
}

/// Whose post it is: a bot that may write posts has an account for that, to which nobody can sign in.
async fn author(tx: &mut Tx, create: &Create) -> Result<UserId> {
    match &create.actor {
        Actor::Bot { id, rights, .. } => {
            rights.require_ability(Ability::Post)?;
            accounts::actions::account_of_bot(tx, id, &create.author_name).await
        }
        actor => actor.user().cloned(),
    }
}

/// The post that was made with `key`, if there is one.
async fn replay(tx: &mut Tx, create: &Create, key: &IdempotencyKey) -> Result<Option<Post>> {
    let author = create.actor.user()?;
    tx.lock(&format!("post key {author} {}", key.as_str())).await?;
    store::remove_keys(tx, tx.now().minus(KEY_LIFETIME)).await?;
    let Some((post, earlier)) = store::by_key(tx, author, key).await? else { return Ok(None) };
    if earlier != hash(&create.content)? {
        return Err(Error::new(Kind::Conflict, "conflict", "This Idempotency-Key was used for another post."));
    }
    match store::by_id(tx.conn(), &post).await? {
        Some(post) => Ok(Some(post)),
        None => Err(Error::new(Kind::Conflict, "conflict", "The post of this Idempotency-Key was deleted.")),
    }
}

fn hash(content: &Content) -> Result<String> {
    let text = serde_json::to_vec(content).map_err(Error::internal)?;
    Ok(URL_SAFE_NO_PAD.encode(Sha256::digest(text)))
}

/// Changes to a post; what is `None` stays.
#[derive(Debug, Clone)]
pub struct Edit {
    /// Who changes it.
    pub actor: Actor,
    /// Which post.
    pub post: PostId,
    /// The new content, made from the present one.
    pub change: Change,
}

/// New values as they were typed.
#[derive(Debug, Clone, Default)]
pub struct Change {
    /// A new title.
    pub title: Option<String>,
    /// A new text.
    pub body: Option<String>,
    /// New attachments.
    pub attachments: Option<Vec<String>>,
}

/// Changes what a post says. What says the same afterwards is not edited.
///
/// # Errors
/// `not_found`; `forbidden` for anyone but the author and admins; `invalid_request` naming the field.
pub async fn edit(tx: &mut Tx, edit: &Edit, files_at: &url::Url) -> Result<Post> {
    let mut post = present(tx, &edit.post).await?;
    policy::require_change(&edit.actor, &post)?;
    let Change { title, body, attachments } = &edit.change;
    let title = title.as_deref().unwrap_or(&post.content.title);
    let body = body.clone().unwrap_or_else(|| post.content.body.clone());
    let attachments = attachments.as_deref().unwrap_or(&post.content.attachments);
    let content = Content::parse(title, body, attachments, files_at)?;
    if content == post.content {
        return Ok(post);
    }
    post.content = content;
    post.edited_at = Some(tx.now());
    store::edit(tx, &post).await?;
    tx.record(events::edited(&post, &edit.actor));
    Ok(post)
}

/// Deletes a post.
///
/// # Errors
/// `not_found`; `forbidden` for anyone but the author and admins.
pub async fn delete(tx: &mut Tx, actor: &Actor, id: &PostId) -> Result<()> {
    let post = present(tx, id).await?;
    policy::require_change(actor, &post)?;
    store::remove(tx, id).await?;
    tx.record(events::deleted(&post, actor));
    Ok(())
}

/// Deletes posts of `author`, some in one go, as if they did it themselves. True if there may be more.
pub async fn delete_all_of(tx: &mut Tx, author: &UserId) -> Result<bool> {
    let actor = Actor::User { id: author.clone(), role: Role::User };
    let posts = store::of_author(tx.conn(), author, None, DELETE).await?;
    for post in &posts {
        match delete(tx, &actor, &post.id).await {
            // An admin was faster.
            Err(error) if error.kind == Kind::NotFound => {}
            outcome => outcome?,
        }
    }
    Ok(posts.len() as u64 == DELETE)
}

/// Forgets the keys under which somebody wrote posts.
pub async fn forget_keys(tx: &mut Tx, user: &UserId) -> Result<()> {
    store::remove_keys_of(tx, user).await
}

/// The post as it is, and stays until the end of the transaction: of two changes side by side neither may undo the other.
async fn present(tx: &mut Tx, id: &PostId) -> Result<Post> {
    tx.lock(&format!("post {id}")).await?;
    store::by_id(tx.conn(), id).await?.ok_or_else(|| Error::not_found("post"))
}
