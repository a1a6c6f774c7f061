//! What bots that are plugins need: how far each has heard what happened, what it remembers, what it has planned, and what became of
//! events that it could not deal with.

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
    // How many bots stand between a person and this: a chain of answers ends somewhere.
    "ALTER TABLE events ADD COLUMN hops SMALLINT NOT NULL DEFAULT 0",
    // Everything up to here has been dealt with. node and lease_until: which process serves the bot, and until when nobody else may.
    "CREATE TABLE plugin_cursors (
        plugin ID PRIMARY KEY,
        transaction_id BIGINT NOT NULL,
        position BIGINT NOT NULL,
        node ID NOT NULL,
        lease_until ID NOT NULL
    )",
    // Events after the cursor that have been dealt with already.
    "CREATE TABLE plugin_settled (
        plugin ID NOT NULL,
        position BIGINT NOT NULL,
        PRIMARY KEY (plugin, position)
    )",
    "CREATE TABLE plugin_values (
        plugin ID NOT NULL,
        name ID NOT NULL,
        value BLOB NOT NULL,
        version BIGINT NOT NULL,
        expires_at ID,
        PRIMARY KEY (plugin, name)
    )",
    "CREATE INDEX plugin_values_expiry ON plugin_values (expires_at) WHERE expires_at IS NOT NULL",
    // How much a plugin has stored, so that its quota costs no look at all of it.
    "CREATE TABLE plugin_usage (
        plugin ID PRIMARY KEY,
        entries BIGINT NOT NULL,
        bytes BIGINT NOT NULL
    )",
    // recurring: whether the bot declared it; such a job stays and gets another time. attempts: how often it was tried in vain.
    "CREATE TABLE plugin_jobs (
        plugin ID NOT NULL,
        name ID NOT NULL,
        recurring BOOLEAN NOT NULL,
        due_at ID NOT NULL,
        payload TEXT NOT NULL,
        PRIMARY KEY (plugin, recurring, name)
    )",
    "CREATE INDEX plugin_jobs_due ON plugin_jobs (plugin, due_at)",
    // event: what was to be told, as JSON. replay: the operator wants it told again.
    "CREATE TABLE plugin_letters (
        id ID PRIMARY KEY,
        plugin ID NOT NULL,
        what TEXT NOT NULL,
        reason TEXT NOT NULL,
        attempts INTEGER NOT NULL,
        created_at ID NOT NULL,
        replay BOOLEAN NOT NULL
    )",
    "CREATE INDEX plugin_letters_plugin ON plugin_letters (plugin, id)",
    // What the operator switched without touching the configuration.
    "CREATE TABLE plugin_switches (
        plugin ID PRIMARY KEY,
        enabled BOOLEAN NOT NULL
    )",
    // Why a bot does not take part at the moment, for the shell. ends_at: when that is over by itself.
    "CREATE TABLE plugin_notes (
        plugin ID PRIMARY KEY,
        note TEXT NOT NULL,
        ends_at ID
    )",
    // The last lines of each plugin's log, for the shell.
    "CREATE TABLE plugin_lines (
        number SERIAL_KEY,
        plugin ID NOT NULL,
        at ID NOT NULL,
        level TEXT NOT NULL,
        line TEXT NOT NULL,
        of_server BOOLEAN NOT NULL
    )",
    "CREATE INDEX plugin_lines_plugin ON plugin_lines (plugin, number)",
];
