//! Sign-ins at other sites in the database.

use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::OnConflict,
};

use super::{
    entity::{transactions, trials},
    model::{Purpose, Transaction, TrialOutcome},
};
use crate::{
    clock::Timestamp,
    error::{Error, Result},
    ids::UserId,
    random::{Token, TokenHash},
    store::{Tx, moment},
};

fn transaction(row: transactions::Model) -> Result<Transaction> {
    let broken = || Error::internal("a sign-in in the database cannot be read");
    Ok(Transaction {
        state: TokenHash::from_stored(row.state_hash),
        browser: row.browser_hash.map(TokenHash::from_stored),
        provider: row.provider,
        purpose: Purpose::from_stored(&row.purpose, row.user_id).ok_or_else(broken)?,
        next: row.next_path,
        pkce_verifier: Token::parse(&row.pkce_verifier).ok_or_else(broken)?,
        nonce: Token::parse(&row.nonce).ok_or_else(broken)?,
        expires_at: moment(&row.expires_at)?,
    })
}

/// Adds a sign-in.
pub async fn add(tx: &Tx, new: &Transaction) -> Result<()> {
    let user = match &new.purpose {
        Purpose::Link(user) => Some(user.to_string()),
        Purpose::SignIn | Purpose::Trial => None,
    };
    let row = transactions::ActiveModel {
        state_hash: Set(new.state.as_str().to_owned()),
        browser_hash: Set(new.browser.as_ref().map(|hash| hash.as_str().to_owned())),
        provider: Set(new.provider.clone()),
        purpose: Set(new.purpose.as_str().to_owned()),
        user_id: Set(user),
        next_path: Set(new.next.clone()),
        pkce_verifier: Set(new.pkce_verifier.expose().to_owned()),
        nonce: Set(new.nonce.expose().to_owned()),
        created_at: Set(tx.now().to_string()),
        expires_at: Set(new.expires_at.to_string()),
    };
    transactions::Entity::insert(row).exec_without_returning(tx.conn()).await?;
    Ok(())
}

/// Removes all sign-ins of a browser but the `keep` newest.
pub async fn drop_oldest(tx: &Tx, browser: &TokenHash, keep: u64) -> Result<()> {
    let surplus: Vec<String> = transactions::Entity::find()
        .select_only()
        .column(transactions::Column::StateHash)
        .filter(transactions::Column::BrowserHash.eq(browser.as_str()))
        .order_by_desc(transactions::Column::CreatedAt)
        .offset(keep)
        // SQLite takes no offset without a limit.
        .limit(100)
        .into_tuple()
        .all(tx.conn())
        .await?;
    if !surplus.is_empty() {
        transactions::Entity::delete_many().filter(transactions::Column::StateHash.is_in(surplus)).exec(tx.conn()).await?;
    }
    Ok(())
}

/// Takes out the sign-in with this state. Of two that come together only one gets it.
pub async fn take(tx: &Tx, state: &TokenHash) -> Result<Option<Transaction>> {
    let found = transactions::Entity::find_by_id(state.as_str()).one(tx.conn()).await?;
    let deleted = transactions::Entity::delete_by_id(state.as_str()).exec(tx.conn()).await?.rows_affected;
    if deleted == 0 { Ok(None) } else { found.map(transaction).transpose() }
}

/// Takes out the trial of `provider` with this state. False if there is none.
pub async fn take_trial(tx: &Tx, state: &TokenHash, provider: &str) -> Result<bool> {
    let trial = transactions::Entity::delete_many()
        .filter(transactions::Column::StateHash.eq(state.as_str()))
        .filter(transactions::Column::Provider.eq(provider))
        .filter(transactions::Column::Purpose.eq(Purpose::Trial.as_str()));
    Ok(trial.exec(tx.conn()).await?.rows_affected > 0)
}

/// Whether a browser has a sign-in under way that can still be finished.
pub async fn has_open(tx: &Tx, browser: &TokenHash) -> Result<bool> {
    let open = transactions::Entity::find()
        .filter(transactions::Column::BrowserHash.eq(browser.as_str()))
        .filter(transactions::Column::ExpiresAt.gt(tx.now().to_string()));
    Ok(open.count(tx.conn()).await? > 0)
}

/// Keeps what a trial found out until `expires_at`.
pub async fn put_outcome(tx: &Tx, state: &TokenHash, outcome: &TrialOutcome, expires_at: Timestamp) -> Result<()> {
    let row = trials::ActiveModel {
        state_hash: Set(state.as_str().to_owned()),
        outcome: Set(serde_json::to_string(outcome).map_err(Error::internal)?),
        expires_at: Set(expires_at.to_string()),
    };
    let replace =
        OnConflict::column(trials::Column::StateHash).update_columns([trials::Column::Outcome, trials::Column::ExpiresAt]).to_owned();
    trials::Entity::insert(row).on_conflict(replace).exec_without_returning(tx.conn()).await?;
    Ok(())
}

/// What a trial found out, once it has.
pub async fn outcome(conn: &impl ConnectionTrait, state: &TokenHash) -> Result<Option<TrialOutcome>> {
    let found = trials::Entity::find_by_id(state.as_str()).one(conn).await?;
    found.map(|row| serde_json::from_str(&row.outcome).map_err(Error::internal)).transpose()
}

/// Removes sign-ins that nobody can finish any more, and old outcomes.
pub async fn remove_expired(tx: &Tx) -> Result<()> {
    let now = tx.now().to_string();
    transactions::Entity::delete_many().filter(transactions::Column::ExpiresAt.lte(now.as_str())).exec(tx.conn()).await?;
    trials::Entity::delete_many().filter(trials::Column::ExpiresAt.lte(now.as_str())).exec(tx.conn()).await?;
    Ok(())
}

/// Removes what `user` has begun to link.
pub async fn remove_links(tx: &Tx, user: &UserId) -> Result<()> {
    transactions::Entity::delete_many().filter(transactions::Column::UserId.eq(user.as_str())).exec(tx.conn()).await?;
    Ok(())
}
