//! Addresses that people want to add to accounts that they have.

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
    // One per account, beside the registrations: what one person asks for their account takes no link from another.
    // It ends with the session that asked: signing out everywhere leaves nothing behind that could still be finished.
    "CREATE TABLE address_additions (
        user_id ID PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
        session_id ID NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
        subject TEXT NOT NULL,
        address TEXT NOT NULL,
        phc TEXT NOT NULL,
        token_hash ID NOT NULL UNIQUE,
        expires_at ID NOT NULL
    )",
    "CREATE INDEX address_additions_session ON address_additions (session_id)",
    "CREATE INDEX address_additions_expiry ON address_additions (expires_at)",
];
