//! Names of people as they may be mistaken for others, so that no bot takes one that looks the same.

use sea_orm_migration::{
    prelude::*,
    sea_orm::{ConnectionTrait, Statement},
};
use unicode_normalization::UnicodeNormalization;

use crate::sql;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        sql::run(manager, STATEMENTS).await?;
        fold(manager.get_connection(), if sql::is_postgres(manager) { POSTGRES_OTHERS } else { SQLITE_OTHERS }).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

const STATEMENTS: &[&str] = &[
    "ALTER TABLE users ADD COLUMN name_key TEXT NOT NULL DEFAULT ''",
    // What is right for names of ASCII alone; the others follow one by one.
    "UPDATE users SET name_key = lower(username)",
    "CREATE INDEX users_name_key ON users (name_key)",
];

const SQLITE_OTHERS: &str = "SELECT id, username FROM users WHERE id > $1 AND username GLOB '*[^ -~]*' ORDER BY id LIMIT 1000";
const POSTGRES_OTHERS: &str = "SELECT id, username FROM users WHERE id > $1 AND username ~ '[^ -~]' ORDER BY id LIMIT 1000";

/// Folds the names that `others` finds, which databases do not agree about: compatibility forms and capitals count as what they look like.
async fn fold(conn: &impl ConnectionTrait, others: &str) -> Result<(), DbErr> {
    let (backend, mut last) = (conn.get_database_backend(), String::new());
    loop {
        let rows = conn.query_all_raw(Statement::from_sql_and_values(backend, others, [last.as_str().into()])).await?;
        for row in &rows {
            let (id, name): (String, String) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
            let key: String = name.nfkc().flat_map(char::to_lowercase).collect();
            let values = [key.into(), id.as_str().into()];
            conn.execute_raw(Statement::from_sql_and_values(backend, "UPDATE users SET name_key = $1 WHERE id = $2", values)).await?;
            last = id;
        }
        if rows.is_empty() {
            return Ok(());
        }
    }
}
