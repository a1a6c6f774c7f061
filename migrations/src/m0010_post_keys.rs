//! The key of a post outlives it: a request that is sent again does not bring back what was deleted meanwhile.

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

/// SQLite takes no reference off a table, so there is a new one.
const STATEMENTS: &[&str] = &[
    "CREATE TABLE post_keys_kept (
        user_id ID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
        idempotency_key ID NOT NULL,
        request_hash ID NOT NULL,
        post_id ID NOT NULL,
        created_at ID NOT NULL,
        PRIMARY KEY (user_id, idempotency_key)
    )",
    "INSERT INTO post_keys_kept (user_id, idempotency_key, request_hash, post_id, created_at)
        SELECT user_id, idempotency_key, request_hash, post_id, created_at FROM post_keys",
    "DROP TABLE post_keys",
    "ALTER TABLE post_keys_kept RENAME TO post_keys",
    "CREATE INDEX post_keys_created ON post_keys (created_at)",
];
