//! What can be done to mails.

use super::{
    events,
    model::{Content, DueMail, Kind, NewMail, Origin},
    policy::{DAY, PER_NETWORK, PER_SITE},
    store,
};
use crate::{
    clock::Timestamp,
    error::{Error, Result},
    ids::MailId,
    store::Tx,
};

/// Mails that are forgotten in one go.
const SWEEP: u64 = 500;

/// Queues a mail. False, and nothing happens, if the address has had its share of this kind, so that nobody can be flooded.
pub async fn queue(tx: &mut Tx, mail: &NewMail) -> Result<bool> {
    if has_had_its_share(tx, mail).await? {
        return Ok(false);
    }
    let id = MailId::new(tx.now(), tx.random());
    store::add(tx, &id, mail, Some(tx.now())).await?;
    tx.record(events::queued(&id));
    Ok(true)
}

/// Counts the mails to an address, with a lock on it until the new one is queued.
async fn has_had_its_share(tx: &Tx, mail: &NewMail) -> Result<bool> {
    let Some((share, span)) = mail.share.get() else { return Ok(false) };
    let (share, address) = (share.get() as usize, mail.address.to_lowercase());
    tx.lock(&format!("mail to {address}")).await?;
    Ok(store::times_to(tx, mail.kind, &address, tx.now().minus(span), share).await?.len() >= share)
}

/// Counts a mail that is not sent because nobody waits for it, so that the quota tells nothing about who has an account. It is kept
/// without address and text: it counts for the network and for nobody else.
pub async fn count(tx: &mut Tx, mail: &NewMail) -> Result<()> {
    let id = MailId::new(tx.now(), tx.random());
    let content = Content { subject: String::new(), text: String::new(), html: String::new() };
    store::add(tx, &id, &NewMail { address: String::new(), content, ..mail.clone() }, None).await
}

/// Refuses a network that has asked for its share of verification mails, and one whose whole site has. Counted in the transaction that
/// queues the mail, with a lock on both, so that requests side by side cannot slip through together.
///
/// # Errors
/// `rate_limited`, with the time until the oldest of them is a day old.
pub async fn require_quota(tx: &Tx, origin: &Origin) -> Result<()> {
    let since = tx.now().minus(DAY);
    if let Some(site) = &origin.site {
        tx.lock(&format!("mail quota {site}")).await?;
        let times = store::times_from_site(tx, Kind::Verification, site, since, PER_SITE).await?;
        require_fewer(tx, &times, PER_SITE)?;
    }
    tx.lock(&format!("mail quota {}", origin.network)).await?;
    let times = store::times_from(tx, Kind::Verification, &origin.network, since, PER_NETWORK).await?;
    require_fewer(tx, &times, PER_NETWORK)
}

/// Refuses one more mail than `share` a day; `times` are those of the newest, newest first.
fn require_fewer(tx: &Tx, times: &[Timestamp], share: usize) -> Result<()> {
    match times.last() {
        Some(oldest) if times.len() >= share => {
            let wait = oldest.plus(DAY).since(tx.now()).as_secs() + 1;
            Err(Error::limited("Too many verification emails were requested from your network. Please try again later.", wait))
        }
        _ => Ok(()),
    }
}

/// Takes those of `due` that no other process has taken meanwhile, each for one try that lasts until `until` at most.
pub async fn claim(tx: &mut Tx, due: &[DueMail], until: Timestamp) -> Result<Vec<DueMail>> {
    let mut claimed = Vec::new();
    for mail in due {
        if store::claim(tx, mail, until).await? {
            claimed.push(mail.clone());
        }
    }
    Ok(claimed)
}

/// Forgets mails that are older than the quotas look back and no longer wait; true if there may be more.
pub async fn sweep(tx: &mut Tx) -> Result<bool> {
    Ok(store::remove_settled(tx, tx.now().minus(DAY * 2), SWEEP).await? == SWEEP)
}

/// Forgets all mails to an address, also those that wait to be sent.
pub async fn forget_all_to(tx: &mut Tx, address: &str) -> Result<()> {
    store::remove_to(tx, address).await
}
