//! Posts, and the keys by which a client may safely send one again.

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
    // attachments: a JSON array of URLs.
    "CREATE TABLE posts (
        id ID PRIMARY KEY,
        author_id ID NOT NULL REFERENCES users (id),
        title TEXT NOT NULL,
        body TEXT NOT NULL,
        attachments TEXT NOT NULL,
        created_at ID NOT NULL,
        edited_at ID
    )",
    "CREATE INDEX posts_author ON posts (author_id)",
    "CREATE TABLE post_keys (
        user_id ID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
        idempotency_key ID NOT NULL,
        request_hash ID NOT NULL,
        post_id ID NOT NULL REFERENCES posts (id) ON DELETE CASCADE,
        created_at ID NOT NULL,
        PRIMARY KEY (user_id, idempotency_key)
    )",
    "CREATE INDEX post_keys_created ON post_keys (created_at)",
];
