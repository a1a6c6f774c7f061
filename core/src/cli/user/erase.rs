//! `community user erase`: what is left of somebody who goes is what they said, under no name, or nothing.
//!
//! It is done in many small writes, which hold up no running server. Each of them can be done again, and the account is found by what
//! it was known as until the last one: whatever comes in between, running the command again goes on with it.

use std::io::{self, IsTerminal, Write};

use super::{Outcome, known_as, objects, person, show};
use crate::{
    accounts::{
        self,
        actions::ERASED,
        model::{Identity, User},
    },
    email,
    error::{Error, Result},
    ids::{MemberId, UserId},
    messages::{self, model::Trace},
    oauth, posts, rooms,
    serve::App,
    store::Tx,
    uploads::{self, model::Upload, objects::Objects},
};

/// Messages in one write.
const MESSAGES: usize = 50;
/// Uploads that are read at once.
const UPLOADS: u64 = 100;

pub async fn run(app: &App, who: &str, with_posts: bool, yes: bool) -> Outcome {
    let user = person(app, who).await?;
    if !yes {
        confirm(&user, &accounts::queries::identities(app.store.reader(), &user.id).await?, with_posts)?;
    }
    erase(app, &user.id, with_posts).await?;
    show(app, &user.id).await
}

/// Asks whoever sits at the terminal.
fn confirm(user: &User, identities: &[Identity], with_posts: bool) -> Outcome {
    if !io::stdin().is_terminal() {
        return Err("this cannot be undone and nobody can be asked here, without a terminal: add --yes; nothing was changed".into());
    }
    let rest = if with_posts { "with its posts and messages" } else { "its posts and messages stay, without its name" };
    eprint!("Erase the account of {} ({}, {}) for good, {rest}? Type yes: ", user.username, user.id, known_as(identities));
    io::stderr().flush()?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    if answer.trim() == "yes" { Ok(()) } else { Err("that was no yes; nothing was changed".into()) }
}

async fn erase(app: &App, user: &UserId, with_posts: bool) -> Outcome {
    let store = &app.store;
    store.write(user.clone(), |tx, user| Box::pin(begin(tx, user))).await?;
    while store.write(user.clone(), |tx, user| Box::pin(rooms::actions::leave_all(tx, user))).await? {}
    // Nobody says anything more by now.
    erase_messages(app, user, with_posts).await?;
    while with_posts && store.write(user.clone(), |tx, user| Box::pin(posts::actions::delete_all_of(tx, user))).await? {}
    erase_uploads(app, user).await?;
    store.write(user.clone(), |tx, user| Box::pin(finish(tx, user))).await?;
    Ok(())
}

/// Shuts the account, and forgets what it has begun.
async fn begin(tx: &mut Tx, user: &UserId) -> Result<()> {
    // It would go with the session that asked for it, and nobody would know to whom its letters went.
    email::actions::forget_addition(tx, user).await?;
    accounts::actions::begin_erasure(tx, user).await?;
    oauth::actions::forget_links(tx, user).await?;
    posts::actions::forget_keys(tx, user).await
}

async fn finish(tx: &mut Tx, user: &UserId) -> Result<()> {
    for identity in accounts::queries::identities(tx.conn(), user).await? {
        for address in identity.own_addresses() {
            email::actions::forget_address(tx, &address).await?;
        }
    }
    accounts::actions::finish_erasure(tx, user).await
}

/// Takes the name off all messages, also those in rooms that were left long ago, or deletes what they said, too.
async fn erase_messages(app: &App, user: &UserId, with_them: bool) -> Result<()> {
    let (store, who) = (&app.store, MemberId::User(user.clone()));
    let mut after = None;
    loop {
        let found = messages::queries::search(store.reader(), &who, Trace::Said, after.as_ref()).await?;
        for some in found.messages.chunks(MESSAGES) {
            // First the name: whoever hears that they are deleted hears the new one.
            store.write(some.to_vec(), |tx, some| Box::pin(messages::actions::rename_author(tx, some, ERASED))).await?;
            if with_them {
                store.write(some.to_vec(), |tx, some| Box::pin(messages::actions::delete_all(tx, some))).await?;
            }
        }
        let Some(last) = found.last else { return Ok(()) };
        after = Some(last);
    }
}

/// Removes all uploads, until there are none: one may be removed by somebody else at the same time, and one that was under way come to
/// its end.
async fn erase_uploads(app: &App, user: &UserId) -> Outcome {
    let files = objects(app)?;
    loop {
        let some = uploads::queries::all_of(app.store.reader(), user, UPLOADS).await?;
        if some.is_empty() {
            return Ok(());
        }
        for upload in some {
            erase_upload(app, &files, &upload).await.map_err(unfinished)?;
        }
    }
}

async fn erase_upload(app: &App, files: &Objects, upload: &Upload) -> Result<()> {
    app.store.write(upload.id.clone(), |tx, id| Box::pin(uploads::actions::condemn(tx, id))).await?;
    for key in upload.keys() {
        files.remove(&key).await?;
    }
    app.store.write(upload.id.clone(), |tx, id| Box::pin(uploads::actions::forget(tx, id))).await.map(drop)
}

fn unfinished(error: Error) -> String {
    let cause = error.source.map_or(error.message, |source| source.to_string());
    format!("an upload cannot be removed: {cause}; the account is shut, mend that and run this again to finish")
}
