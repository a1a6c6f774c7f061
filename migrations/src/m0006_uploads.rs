//! Files that people upload. The bytes are in the object store; the rows say whose they are and whether they are whole.

use sea_orm_migration::prelude::*;

use crate::sql;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        sql::run(manager, STATEMENTS).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

const STATEMENTS: &[&str] = &[
    // state: reserved (being written by node), ready, removed (its objects are to go), gone (they are; kept for the quota of a day).
    // size is what was reserved until the file is ready. The user may go, the file stays: its address may be used anywhere.
    "CREATE TABLE uploads (
        id ID PRIMARY KEY,
        user_id ID REFERENCES users (id) ON DELETE SET NULL,
        node ID NOT NULL,
        object_key ID NOT NULL UNIQUE,
        kind TEXT NOT NULL,
        state TEXT NOT NULL,
        size BIGINT NOT NULL,
        width INTEGER,
        height INTEGER,
        thumbnail TEXT NOT NULL,
        created_at ID NOT NULL
    )",
    "CREATE INDEX uploads_user ON uploads (user_id, id)",
    "CREATE INDEX uploads_day ON uploads (user_id, created_at)",
    // What is neither finished nor forgotten; few at any time.
    "CREATE INDEX uploads_unfinished ON uploads (created_at) WHERE state <> 'ready'",
    "CREATE INDEX uploads_thumbnail ON uploads (id) WHERE thumbnail = 'wanted'",
    // Names this database in the object store, so that no other one takes its files for orphans.
    "CREATE TABLE upload_owner (mark ID PRIMARY KEY)",
];
