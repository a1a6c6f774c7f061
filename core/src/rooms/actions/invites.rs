//! Inviting, and the opposite.

use std::time::Duration;

use super::{
    manage,
    members::{depart, enter},
    standing,
};
use crate::{
    accounts::{self, model::Identity},
    actor::Actor,
    bots,
    error::{Error, Result},
    ids::{MemberId, RoomId, UserId},
    rooms::{
        events::{Departure, RoomEvent, What},
        model::{Elsewhere, InviteState, Invitee, Room, RoomRole},
        policy,
        store::{self, Key},
    },
    store::Tx,
};

/// An invitation to be made.
#[derive(Debug)]
pub struct Invite {
    /// Who invites.
    pub actor: Actor,
    /// Where to.
    pub room: RoomId,
    /// Whom.
    pub whom: Invitee,
    /// How long it holds.
    pub lifetime: Duration,
}

/// Invites somebody. A bot becomes a member at once; for who has no account the invitation waits. Whether there is such a person
/// makes no difference to be seen.
///
/// # Errors
/// `not_found` for who is not in the room; `forbidden` for who may not invite there.
pub async fn invite(tx: &mut Tx, invite: &Invite) -> Result<()> {
    let Invite { actor, room, whom, .. } = invite;
    let (standing, acting) = manage(tx, actor, room).await?;
    policy::require_inviter(acting, &standing.room)?;
    match whom {
        Invitee::Known(who) => {
            let undone = invite_known(tx, invite, &standing.room, who, acting).await?;
            if undone { Ok(()) } else { Err(Error::forbidden("Only an owner or moderator may invite somebody who was removed.")) }
        }
        Invitee::Elsewhere(elsewhere) => {
            let key = elsewhere.key();
            hold_key(tx, &key).await?;
            match find(tx, elsewhere).await? {
                // What became of somebody here is not told to who knows them from elsewhere.
                Some(user) => invite_known(tx, invite, &standing.room, &MemberId::User(user), acting).await.map(drop),
                None => invite_pending(tx, invite, &key).await,
            }
        }
    }
}

/// Invites somebody who is here. False if only a moderator may, because they were removed.
async fn invite_known(tx: &mut Tx, invite: &Invite, to: &Room, who: &MemberId, acting: RoomRole) -> Result<bool> {
    let room = &to.id;
    if store::is_member(tx.conn(), room, who).await? || !exists(tx, who).await? {
        return Ok(true);
    }
    let state = store::invite_state(tx, room, who).await?;
    if state == Some(InviteState::TakenBack) && acting < RoomRole::Moderator {
        return Ok(false);
    }
    if who.is_bot() {
        enter(tx, to, who).await?;
    } else if state != Some(InviteState::Open) {
        store::put_invite(tx, room, Key::Known(who), &by(&invite.actor), tx.now().plus(invite.lifetime)).await?;
        tx.record(RoomEvent::new(room, What::Invited(who.clone())).event());
    }
    Ok(true)
}

/// Keeps an invitation for somebody who is not here yet.
async fn invite_pending(tx: &mut Tx, invite: &Invite, key: &str) -> Result<()> {
    if store::pending(tx, &invite.room, key).await? != Some(InviteState::Open) {
        let expires_at = tx.now().plus(invite.lifetime);
        store::put_invite(tx, &invite.room, Key::Pending(key), &by(&invite.actor), expires_at).await?;
    }
    Ok(())
}

/// Turns the invitations that wait for whoever has `identity` into invitations of `user`.
pub async fn claim(tx: &mut Tx, user: &UserId, identity: &Identity) -> Result<()> {
    let keys = Elsewhere::keys_of(identity);
    for key in &keys {
        hold_key(tx, key).await?;
    }
    if keys.is_empty() {
        return Ok(());
    }
    let who = MemberId::User(user.clone());
    for (room, by, expires_at) in store::claim(tx, &keys).await? {
        let own = store::invite_state(tx, &room, &who).await?;
        // One of their own that is too old is no reason to lose this one.
        if matches!(own, None | Some(InviteState::Expired)) && !store::is_member(tx.conn(), &room, &who).await? {
            store::put_invite(tx, &room, Key::Known(&who), &by, expires_at).await?;
            tx.record(RoomEvent::new(&room, What::Invited(who.clone())).event());
        }
    }
    Ok(())
}

/// Forgets all invitations of somebody whose account goes, also those that were taken back, and those of whoever has these identities.
pub async fn forget_invitations(tx: &mut Tx, user: &UserId, identities: &[Identity]) -> Result<()> {
    let mut keys: Vec<String> = identities.iter().flat_map(Elsewhere::keys_of).collect();
    let addresses = identities.iter().flat_map(Identity::own_addresses);
    keys.extend(addresses.map(|address| Elsewhere::Email(address.to_lowercase()).key()));
    // In one order, for those who hold several.
    keys.sort();
    keys.dedup();
    for key in &keys {
        hold_key(tx, key).await?;
    }
    store::forget_all(tx, &MemberId::User(user.clone()), &keys).await
}

/// Removes a member, or takes an invitation back. Who was removed needs a new invitation, also where the room is open. Removing
/// oneself is leaving.
///
/// # Errors
/// `not_found` for who is not in the room, and for a target that is neither member nor invited; `forbidden`.
pub async fn remove(tx: &mut Tx, actor: &Actor, room: &RoomId, whom: &Invitee) -> Result<()> {
    if let Invitee::Known(who) = whom
        && actor.member().is_ok_and(|own| &own == who)
    {
        return super::leave(tx, actor, room).await;
    }
    let (_, acting) = manage(tx, actor, room).await?;
    let who = match whom {
        Invitee::Known(who) => who.clone(),
        Invitee::Elsewhere(elsewhere) => match find(tx, elsewhere).await? {
            Some(user) => MemberId::User(user),
            None => return uninvite_pending(tx, room, acting, &elsewhere.key()).await,
        },
    };
    match store::member(tx.conn(), room, &who).await? {
        Some(member) => {
            policy::require_removal(actor, acting, member.role)?;
            depart(tx, room, &who, member.role, (Departure::Removed, actor)).await?;
            // A room that ended with this has no invitations.
            if standing(tx, actor, room).await.is_ok() { store::take_back(tx, room, &who, &by(actor)).await } else { Ok(()) }
        }
        None => uninvite(tx, actor, room, acting, &who).await,
    }
}

async fn uninvite(tx: &mut Tx, actor: &Actor, room: &RoomId, acting: RoomRole, who: &MemberId) -> Result<()> {
    policy::require_moderator(acting)?;
    if store::invite_state(tx, room, who).await? != Some(InviteState::Open) {
        return Err(Error::not_found("member"));
    }
    store::take_back(tx, room, who, &by(actor)).await?;
    tx.record(RoomEvent::new(room, What::Uninvited(who.clone())).event());
    Ok(())
}

async fn uninvite_pending(tx: &Tx, room: &RoomId, acting: RoomRole, key: &str) -> Result<()> {
    policy::require_moderator(acting)?;
    if store::forget(tx, room, Key::Pending(key)).await? { Ok(()) } else { Err(Error::not_found("member")) }
}

/// Lets who invites somebody from elsewhere and who comes from there wait for each other, so that no invitation is passed over.
async fn hold_key(tx: &Tx, key: &str) -> Result<()> {
    tx.lock(&format!("invitee {key}")).await
}

/// Whoever is known by this at a provider, if they have an account.
async fn find(tx: &Tx, elsewhere: &Elsewhere) -> Result<Option<UserId>> {
    let identity = match elsewhere {
        Elsewhere::Email(address) => accounts::queries::identity(tx.conn(), "email", address).await?.filter(|found| found.email_verified),
        Elsewhere::Subject { provider, subject } => accounts::queries::identity(tx.conn(), provider, subject).await?,
        Elsewhere::RedditName(name) => accounts::queries::identity_by_handle(tx.conn(), "reddit", name).await?,
    };
    Ok(identity.map(|identity| identity.user))
}

/// Whether there is such a person or bot, until the end of the transaction.
async fn exists(tx: &Tx, who: &MemberId) -> Result<bool> {
    match who {
        MemberId::User(user) => Ok(accounts::queries::by_id(tx.conn(), user).await?.is_some()),
        MemberId::Bot(bot) => bots::actions::hold(tx, bot).await,
    }
}

/// Who did it, for the record.
fn by(actor: &Actor) -> String {
    actor.member().map_or_else(|_| "system".to_owned(), |who| who.to_string())
}
