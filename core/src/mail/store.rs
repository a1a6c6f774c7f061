//! Mails in the database.

use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, Condition, ConnectionTrait, DatabaseConnection, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, ExprTrait, Func},
};

use super::{
    entity::{ActiveModel, Column, Entity, Model},
    model::{Content, DueMail, Kind, NewMail},
};
use crate::{
    clock::Timestamp,
    error::Result,
    ids::MailId,
    store::{Tx, moment},
};

fn due_mail(row: Model) -> Result<DueMail> {
    Ok(DueMail {
        id: MailId::from_stored(row.id),
        address: row.address,
        content: Content { subject: row.subject, text: row.body_text, html: row.body_html },
        created_at: moment(&row.created_at)?,
        attempts: u32::try_from(row.attempts).unwrap_or(0),
    })
}

/// Adds a mail that is due at `due`, or never.
pub async fn add(tx: &Tx, id: &MailId, mail: &NewMail, due: Option<Timestamp>) -> Result<()> {
    let row = ActiveModel {
        id: Set(id.to_string()),
        kind: Set(mail.kind.as_str().to_owned()),
        address: Set(mail.address.clone()),
        origin: Set(mail.origin.as_ref().map(|origin| origin.network.clone())),
        origin_site: Set(mail.origin.as_ref().and_then(|origin| origin.site.clone())),
        subject: Set(mail.content.subject.clone()),
        body_text: Set(mail.content.text.clone()),
        body_html: Set(mail.content.html.clone()),
        created_at: Set(tx.now().to_string()),
        attempts: Set(0),
        next_attempt_at: Set(due.map(|at| at.to_string())),
        sent_at: Set(None),
        last_error: Set(None),
    };
    Entity::insert(row).exec_without_returning(tx.conn()).await?;
    Ok(())
}

/// When the newest `limit` mails of a kind were asked for from `network` after `since`, newest first.
pub async fn times_from(tx: &Tx, kind: Kind, network: &str, since: Timestamp, limit: usize) -> Result<Vec<Timestamp>> {
    times(tx.conn(), kind, Condition::all().add(Column::Origin.eq(network)), since, limit).await
}

/// As [`times_from`], for mails from all networks of `site`.
pub async fn times_from_site(tx: &Tx, kind: Kind, site: &str, since: Timestamp, limit: usize) -> Result<Vec<Timestamp>> {
    times(tx.conn(), kind, Condition::all().add(Column::OriginSite.eq(site)), since, limit).await
}

/// As [`times_from`], for mails to `address`, which is in lower case, in whatever spelling they went out.
pub async fn times_to(tx: &Tx, kind: Kind, address: &str, since: Timestamp, limit: usize) -> Result<Vec<Timestamp>> {
    let to = Condition::all().add(Expr::expr(Func::lower(Expr::col(Column::Address))).eq(address));
    times(tx.conn(), kind, to, since, limit).await
}

async fn times(conn: &impl ConnectionTrait, kind: Kind, whose: Condition, since: Timestamp, limit: usize) -> Result<Vec<Timestamp>> {
    let found: Vec<String> = Entity::find()
        .select_only()
        .column(Column::CreatedAt)
        .filter(Column::Kind.eq(kind.as_str()))
        .filter(Column::CreatedAt.gt(since.to_string()))
        .filter(whose)
        .order_by_desc(Column::CreatedAt)
        .limit(limit as u64)
        .into_tuple()
        .all(conn)
        .await?;
    found.iter().map(|text| moment(text)).collect()
}

/// Up to `limit` mails whose turn has come, oldest first.
pub async fn due(conn: &DatabaseConnection, now: Timestamp, limit: u64) -> Result<Vec<DueMail>> {
    let rows = Entity::find()
        .filter(Column::NextAttemptAt.lte(now.to_string()))
        .order_by_asc(Column::NextAttemptAt)
        .limit(limit)
        .all(conn)
        .await?;
    rows.into_iter().map(due_mail).collect()
}

/// How many mails are to be sent, now or later.
pub async fn waiting(conn: &DatabaseConnection) -> Result<u64> {
    Ok(Entity::find().filter(Column::NextAttemptAt.is_not_null()).count(conn).await?)
}

/// Takes a mail for one try, until `until`. False if another process was faster.
pub async fn claim(tx: &Tx, mail: &DueMail, until: Timestamp) -> Result<bool> {
    let attempts = i32::try_from(mail.attempts).unwrap_or(i32::MAX);
    let change = Entity::update_many()
        .col_expr(Column::Attempts, Expr::value(attempts.saturating_add(1)))
        .col_expr(Column::NextAttemptAt, Expr::value(until.to_string()))
        .filter(Column::Id.eq(mail.id.as_str()))
        .filter(Column::Attempts.eq(attempts))
        .filter(Column::NextAttemptAt.is_not_null())
        .exec(tx.conn())
        .await?;
    Ok(change.rows_affected > 0)
}

/// Writes down how a try ended: delivered, to be tried again at `retry`, or given up. What is settled loses its text, which held a
/// secret link.
pub async fn settle(tx: &Tx, id: &MailId, error: Option<&str>, retry: Option<Timestamp>) -> Result<()> {
    let delivered = error.is_none().then(|| tx.now().to_string());
    let mut change = Entity::update_many()
        .col_expr(Column::NextAttemptAt, Expr::value(retry.map(|at| at.to_string())))
        .col_expr(Column::SentAt, Expr::value(delivered))
        .col_expr(Column::LastError, Expr::value(error.map(str::to_owned)));
    if retry.is_none() {
        change = change.col_expr(Column::BodyText, Expr::value("")).col_expr(Column::BodyHtml, Expr::value(""));
    }
    change.filter(Column::Id.eq(id.as_str())).exec(tx.conn()).await?;
    Ok(())
}

/// Removes up to `limit` mails from before `before` that no longer wait, and says how many.
pub async fn remove_settled(tx: &Tx, before: Timestamp, limit: u64) -> Result<u64> {
    let settled = Column::CreatedAt.lt(before.to_string());
    let ids: Vec<String> = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(settled)
        .filter(Column::NextAttemptAt.is_null())
        .limit(limit)
        .into_tuple()
        .all(tx.conn())
        .await?;
    let count = ids.len() as u64;
    if count > 0 {
        Entity::delete_many().filter(Column::Id.is_in(ids)).exec(tx.conn()).await?;
    }
    Ok(count)
}

/// Removes all mails to `address`, in whatever spelling they went out.
pub async fn remove_to(tx: &Tx, address: &str) -> Result<()> {
    let spelled = Expr::expr(Func::lower(Expr::col(Column::Address))).eq(address.to_lowercase());
    // SQLite knows the small letters of ASCII only.
    let to = Condition::any().add(spelled).add(Column::Address.eq(address));
    Entity::delete_many().filter(to).exec(tx.conn()).await?;
    Ok(())
}
