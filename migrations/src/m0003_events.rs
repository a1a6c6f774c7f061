//! The append-only log of what happened, written in the transaction in which it happened.

use sea_orm_migration::prelude::*;

use crate::sql;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        sql::run(manager, STATEMENTS).await?;
        if sql::is_postgres(manager) { sql::run(manager, POSTGRES).await } else { Ok(()) }
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

const STATEMENTS: &[&str] = &[
    "CREATE TABLE events (
        position SERIAL_KEY,
        node ID NOT NULL,
        kind TEXT NOT NULL,
        subject TEXT NOT NULL,
        data TEXT NOT NULL,
        created_at ID NOT NULL
    )",
    "CREATE INDEX events_created ON events (created_at)",
];

/// On PostgreSQL positions can become visible out of order. With the writing transaction's id beside them a reader can stop before
/// the oldest transaction that is still open; the trigger wakes the readers.
const POSTGRES: &[&str] = &[
    "ALTER TABLE events ADD COLUMN transaction_id xid8 NOT NULL DEFAULT pg_current_xact_id()",
    "CREATE INDEX events_order ON events (transaction_id, position)",
    "CREATE FUNCTION notify_events() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NOTIFY community_events; RETURN NULL; END $$",
    "CREATE TRIGGER events_written AFTER INSERT ON events FOR EACH STATEMENT EXECUTE FUNCTION notify_events()",
];
