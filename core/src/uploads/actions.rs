//! What can be done to uploads.

use super::{
    key::ObjectKey,
    model::{Dimensions, Kind, State, Thumbnail, Upload},
    policy::{self, DAY, Quota},
    store,
};
use crate::{
    actor::Actor,
    error::{Error, Result},
    ids::UploadId,
    store::Tx,
};

/// An upload that begins.
#[derive(Debug)]
pub struct Reserve {
    /// Who uploads.
    pub actor: Actor,
    /// What it is.
    pub kind: Kind,
    /// What the sender calls it.
    pub name: Option<String>,
    /// The most bytes it can have.
    pub size: u64,
    /// Whether the sender said how many they are.
    pub length_known: bool,
    /// How much one may upload in a day.
    pub quota: Quota,
}

/// Reserves an upload: from now on there may be an object.
///
/// # Errors
/// `rate_limited` when the day's quota is used up.
pub async fn reserve(tx: &mut Tx, reserve: &Reserve) -> Result<Upload> {
    let user = reserve.actor.user()?;
    tx.lock(&format!("uploads of {user}")).await?;
    let so_far = store::used(tx, user, tx.now().minus(DAY)).await?;
    reserve.quota.require(so_far, reserve.size, reserve.length_known, tx.now())?;
    let upload = Upload {
        id: UploadId::new(tx.now(), tx.random()),
        user: Some(user.clone()),
        node: tx.node().clone(),
        key: ObjectKey::new(tx.now(), tx.random(), reserve.kind),
        kind: reserve.kind,
        state: State::Reserved,
        size: reserve.size,
        dimensions: None,
        thumbnail: Thumbnail::None,
        name: reserve.name.clone(),
        created_at: tx.now(),
    };
    store::add(tx, &upload).await?;
    Ok(upload)
}

/// An upload whose object is whole.
#[derive(Debug)]
pub struct Finish {
    /// The upload as it was reserved.
    pub upload: Upload,
    /// Its bytes.
    pub size: u64,
    /// Of a picture.
    pub dimensions: Option<Dimensions>,
    /// Whether a small version is to be made.
    pub thumbnail: bool,
}

/// Makes an upload ready: from now on its address may be used.
///
/// # Errors
/// `upload_unavailable` if it took so long that it was taken for abandoned.
pub async fn finish(tx: &mut Tx, finish: &Finish) -> Result<Upload> {
    let Finish { upload, size, dimensions, thumbnail } = finish;
    let thumbnail = if *thumbnail { Thumbnail::Wanted } else { Thumbnail::None };
    if !store::make_ready(tx, &upload.id, *size, *dimensions, thumbnail).await? {
        return Err(policy::unavailable());
    }
    Ok(Upload { state: State::Ready, size: *size, dimensions: *dimensions, thumbnail, ..upload.clone() })
}

/// Gives an upload up that came to nothing: it can no longer become ready. True if its objects may be removed, which they may not if
/// it did become ready after all, as it can when the answer to that is lost.
pub async fn give_up(tx: &mut Tx, id: &UploadId) -> Result<bool> {
    if store::advance(tx, id, State::Reserved, State::Removed).await? {
        return Ok(true);
    }
    Ok(store::by_id(tx.conn(), id).await?.is_none_or(|upload| upload.state != State::Ready))
}

/// Forgets an upload that was given up or condemned, once its objects are gone.
pub async fn forget(tx: &mut Tx, id: &UploadId) -> Result<bool> {
    store::remove(tx, id).await
}

/// Removes an upload: nobody sees it any more, and its objects are to go.
///
/// # Errors
/// `not_found`, also for whoever may not remove it.
pub async fn remove(tx: &mut Tx, actor: &Actor, id: &UploadId) -> Result<Upload> {
    let none = || Error::not_found("upload");
    let upload = store::by_id(tx.conn(), id).await?.ok_or_else(none)?;
    policy::require_removal(actor, &upload)?;
    match upload.state {
        State::Ready => store::advance(tx, id, State::Ready, State::Removed).await.map(|_| upload),
        // Its objects could not be removed the last time.
        State::Removed => Ok(upload),
        State::Reserved | State::Gone => Err(none()),
    }
}

/// Writes down that the objects of a removed upload are gone.
pub async fn removed(tx: &mut Tx, id: &UploadId) -> Result<bool> {
    store::advance(tx, id, State::Removed, State::Gone).await
}

/// Removes an upload of somebody who goes, whatever became of it: nobody sees it any more, its objects are to go, and it counts for no
/// quota, so its row can be [forgotten](forget) after them.
pub async fn condemn(tx: &mut Tx, id: &UploadId) -> Result<()> {
    for state in [State::Ready, State::Reserved, State::Gone] {
        store::advance(tx, id, state, State::Removed).await?;
    }
    Ok(())
}

/// Forgets what no longer counts for any quota.
pub async fn sweep(tx: &mut Tx) -> Result<()> {
    store::remove_gone(tx, tx.now().minus(DAY)).await
}

/// Writes down what became of a small version. False if the picture is gone.
pub async fn set_thumbnail(tx: &mut Tx, id: &UploadId, thumbnail: Thumbnail) -> Result<bool> {
    store::set_thumbnail(tx, id, thumbnail).await
}

/// The name of this database in the object store, which it gets the first time somebody asks.
pub async fn owner(tx: &mut Tx) -> Result<String> {
    tx.lock("upload owner").await?;
    if let Some(mark) = store::owner(tx.conn()).await? {
        return Ok(mark);
    }
    let mark = tx.random().token().expose()[..22].to_ascii_lowercase().replace(['-', '_'], "0");
    store::set_owner(tx, &mark).await?;
    Ok(mark)
}
