//! People, the ways they sign in, their sessions, and the mails that wait to be sent.

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
    "CREATE TABLE users (
        id ID PRIMARY KEY,
        username TEXT NOT NULL,
        role TEXT NOT NULL,
        created_at ID NOT NULL,
        disabled_at ID
    )",
    // A person is known by (provider, subject), never by an address: addresses change hands.
    "CREATE TABLE identities (
        id ID PRIMARY KEY,
        user_id ID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
        provider TEXT NOT NULL,
        subject TEXT NOT NULL,
        email TEXT,
        created_at ID NOT NULL,
        UNIQUE (provider, subject)
    )",
    "CREATE INDEX identities_user ON identities (user_id)",
    "CREATE TABLE passwords (
        identity_id ID PRIMARY KEY REFERENCES identities (id) ON DELETE CASCADE,
        phc TEXT NOT NULL,
        changed_at ID NOT NULL
    )",
    // Who has registered and not yet followed the link. The password waits here with its own link, so that whoever registered an
    // address first keeps nothing when its owner registers again.
    "CREATE TABLE registrations (
        provider TEXT NOT NULL,
        subject TEXT NOT NULL,
        address TEXT NOT NULL,
        username TEXT NOT NULL,
        phc TEXT NOT NULL,
        token_hash ID NOT NULL UNIQUE,
        created_at ID NOT NULL,
        expires_at ID NOT NULL,
        PRIMARY KEY (provider, subject)
    )",
    "CREATE INDEX registrations_expiry ON registrations (expires_at)",
    "CREATE TABLE password_resets (
        token_hash ID PRIMARY KEY,
        identity_id ID NOT NULL REFERENCES identities (id) ON DELETE CASCADE,
        created_at ID NOT NULL,
        expires_at ID NOT NULL
    )",
    "CREATE INDEX password_resets_identity ON password_resets (identity_id)",
    "CREATE INDEX password_resets_expiry ON password_resets (expires_at)",
    "CREATE TABLE sessions (
        id ID PRIMARY KEY,
        token_hash ID NOT NULL UNIQUE,
        user_id ID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
        provider TEXT NOT NULL,
        client TEXT NOT NULL,
        created_at ID NOT NULL,
        last_seen_at ID NOT NULL,
        idle_expires_at ID NOT NULL,
        expires_at ID NOT NULL
    )",
    "CREATE INDEX sessions_user ON sessions (user_id)",
    "CREATE INDEX sessions_idle_expiry ON sessions (idle_expires_at)",
    "CREATE TABLE mails (
        id ID PRIMARY KEY,
        kind TEXT NOT NULL,
        address TEXT NOT NULL,
        origin TEXT,
        subject TEXT NOT NULL,
        body_text TEXT NOT NULL,
        body_html TEXT NOT NULL,
        created_at ID NOT NULL,
        attempts INTEGER NOT NULL,
        next_attempt_at ID,
        sent_at ID,
        last_error TEXT
    )",
    "CREATE INDEX mails_due ON mails (next_attempt_at) WHERE next_attempt_at IS NOT NULL",
    "CREATE INDEX mails_origin ON mails (kind, origin, created_at)",
    "CREATE INDEX mails_address ON mails (kind, lower(address), created_at)",
    "CREATE INDEX mails_created ON mails (created_at)",
];
