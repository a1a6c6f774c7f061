//! The append-only log of what happened, and those in this process who want to hear of it.

use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use sea_orm::{ActiveValue::Set, ConnectionTrait, DbBackend, EntityTrait, QueryTrait, entity::prelude::*, sea_query::Query};

use super::{
    Tx,
    log::{Entry, Position},
};
use crate::{
    clock::Timestamp,
    error::{Error, Result},
    ids::{MemberId, NodeId},
};

/// Events that are removed in one go.
const SWEEP: u64 = 1000;

/// Something that happened: what kind of thing, to whom or what, and the details that listeners need. Never a text of a person:
/// bodies are joined when an event is delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// What happened, `noun.verb` in the past tense: `post.created`.
    pub kind: String,
    /// The id of what it happened to.
    pub subject: String,
    /// Details as JSON.
    pub data: String,
    /// How many bots stand between a person and this.
    pub hops: u16,
    /// What it is about as clients see it, as JSON, for listeners in this process: it saves them a look at the database. Never
    /// written to the log, so an event of another process has none.
    pub live: Option<Arc<str>>,
}

impl Event {
    /// An event with its details.
    pub fn new(kind: &str, subject: &impl ToString, data: &serde_json::Value) -> Self {
        Self { kind: kind.to_owned(), subject: subject.to_string(), data: data.to_string(), hops: 0, live: None }
    }

    /// The same event with what it is about, for listeners in this process.
    #[must_use]
    pub fn with_live(self, live: Arc<str>) -> Self {
        Self { live: Some(live), ..self }
    }

    /// The same event with one more detail: who caused it, if that is known.
    #[must_use]
    pub fn by(self, who: Option<&MemberId>) -> Self {
        let Some(who) = who else { return self };
        let mut details = self.details();
        details["by"] = who.as_str().into();
        Self { data: details.to_string(), ..self }
    }

    /// All details.
    pub fn details(&self) -> serde_json::Value {
        serde_json::from_str(&self.data).unwrap_or_default()
    }

    /// A detail that is a text.
    pub fn detail(&self, name: &str) -> Option<String> {
        let data: serde_json::Value = serde_json::from_str(&self.data).ok()?;
        data.get(name)?.as_str().map(str::to_owned)
    }
}

#[sea_orm::model]
#[derive(Clone, Debug, DeriveEntityModel)]
#[sea_orm(table_name = "events")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub position: i64,
    pub node: String,
    pub kind: String,
    pub subject: String,
    pub data: String,
    pub created_at: String,
    pub hops: i16,
}

impl ActiveModelBehavior for ActiveModel {}

/// Writes `events` as one statement, and says where one of them stands: on SQLite the last, which all others come before without a gap.
pub(super) async fn append(conn: &impl ConnectionTrait, node: &NodeId, now: Timestamp, events: &[Event]) -> Result<Option<Position>> {
    if events.is_empty() {
        return Ok(None);
    }
    let rows = events.iter().map(|event| ActiveModel {
        node: Set(node.to_string()),
        kind: Set(event.kind.clone()),
        subject: Set(event.subject.clone()),
        data: Set(event.data.clone()),
        created_at: Set(now.to_string()),
        hops: Set(event.hops.try_into().unwrap_or(i16::MAX)),
        ..Default::default()
    });
    let insert = Entity::insert_many(rows);
    if conn.get_database_backend() != DbBackend::Postgres {
        let last = conn.execute(&insert.into_query()).await?.last_insert_id();
        return Ok(Some(Position { transaction: 0, position: last.try_into().map_err(Error::internal)? }));
    }
    let place = Query::returning().exprs([Expr::cust("transaction_id::text::bigint"), Expr::cust("position")]);
    let insert = insert.into_query().returning(place).take();
    let row = conn.query_one(&insert).await?.ok_or_else(|| Error::internal("events were written and are not there"))?;
    Ok(Some(Position { transaction: row.try_get_by_index(0)?, position: row.try_get_by_index(1)? }))
}

/// Removes events that are older than `keep`, some at a time; true if there may be more.
pub(super) async fn sweep(tx: &Tx, keep: Duration) -> Result<bool> {
    let old = Query::select()
        .column(Column::Position)
        .from(Entity)
        .and_where(Column::CreatedAt.lt(tx.now().minus(keep).to_string()))
        .limit(SWEEP)
        .take();
    let removed = Entity::delete_many().filter(Column::Position.in_subquery(old)).exec(tx.conn()).await?;
    Ok(removed.rows_affected == SWEEP)
}

type Listener<T> = Box<dyn Fn(&T) + Send + Sync>;

/// Who wants to hear something in this process.
pub(super) struct Listeners<T: ?Sized>(RwLock<Vec<Listener<T>>>);

impl<T: ?Sized> Default for Listeners<T> {
    fn default() -> Self {
        Self(RwLock::default())
    }
}

impl<T: ?Sized> Listeners<T> {
    pub(super) fn add(&self, listener: Listener<T>) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).push(listener);
    }

    pub(super) fn are_none(&self) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    pub(super) fn tell(&self, news: &T) {
        for listener in self.0.read().unwrap_or_else(PoisonError::into_inner).iter() {
            listener(news);
        }
    }
}

/// The same events as the log has them, if the last of them stands at `last` and no gap is between them.
pub(super) fn entries(node: &NodeId, time: Timestamp, events: &[Event], last: Position) -> Vec<Entry> {
    let entry =
        |(position, event): (i64, &Event)| Entry { at: Position { position, ..last }, node: node.to_string(), time, event: event.clone() };
    let first = last.position + 1 - i64::try_from(events.len()).unwrap_or(i64::MAX);
    (first..).zip(events).map(entry).collect()
}
