//! Signing in at other sites: what providers tell about people, and the sign-ins that are under way.

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
    // What the person is called at the provider; changes as it changes there.
    "ALTER TABLE identities ADD COLUMN handle TEXT",
    "ALTER TABLE identities ADD COLUMN email_verified BOOLEAN NOT NULL DEFAULT FALSE",
    "ALTER TABLE identities ADD COLUMN avatar TEXT",
    // An address at the email provider is there because its owner followed a link.
    "UPDATE identities SET email_verified = TRUE WHERE provider = 'email'",
    // One account may have two identities of the same provider, so a session says which of them it began with. Unknown for those
    // from before, and once the identity is gone.
    "ALTER TABLE sessions ADD COLUMN identity_id ID REFERENCES identities (id) ON DELETE SET NULL",
    "CREATE INDEX sessions_identity ON sessions (identity_id)",
    // A row is deleted by whoever comes back with its state, so each can be used once. A link (and only that) has a user; a trial
    // from the command line has no browser, but the hash of the settings it began with.
    "CREATE TABLE oauth_transactions (
        state_hash ID PRIMARY KEY,
        browser_hash ID,
        provider TEXT NOT NULL,
        purpose TEXT NOT NULL,
        user_id ID REFERENCES users (id) ON DELETE CASCADE,
        next_path TEXT,
        pkce_verifier TEXT NOT NULL,
        nonce TEXT NOT NULL,
        created_at ID NOT NULL,
        expires_at ID NOT NULL
    )",
    "CREATE INDEX oauth_transactions_expiry ON oauth_transactions (expires_at)",
    // What a trial found out, for the command line to pick up.
    "CREATE TABLE oauth_trials (
        state_hash ID PRIMARY KEY,
        outcome TEXT NOT NULL,
        expires_at ID NOT NULL
    )",
    "CREATE INDEX oauth_trials_expiry ON oauth_trials (expires_at)",
];
