//! Browsers in which someone has signed in with a password.

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
    "CREATE TABLE devices (
        token_hash ID PRIMARY KEY,
        identity_id ID NOT NULL REFERENCES identities (id) ON DELETE CASCADE,
        created_at ID NOT NULL,
        expires_at ID NOT NULL
    )",
    "CREATE INDEX devices_identity ON devices (identity_id, created_at)",
    "CREATE INDEX devices_expiry ON devices (expires_at)",
];
