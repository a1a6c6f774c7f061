//! The same rows written straight into SQLite, one INSERT and one commit each: what a handler costs that does no more.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use community::{
    clock::{Clock, SystemClock},
    ids::PostId,
    random::Random,
};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement};

use crate::{Outcome, seed};

/// Writes into a table like the server's, without its keys and its event log.
pub struct Rows {
    conn: DatabaseConnection,
    random: Random,
}

impl Rows {
    /// An empty table in a file of its own.
    pub async fn create(file: &Path) -> Outcome<Self> {
        let conn = seed::open(file).await?;
        let table = "CREATE TABLE posts (id TEXT PRIMARY KEY, author_id TEXT NOT NULL, title TEXT NOT NULL, body TEXT NOT NULL, \
                     attachments TEXT NOT NULL, created_at TEXT NOT NULL)";
        conn.execute_unprepared(table).await?;
        Ok(Self { conn, random: Random::seeded(7) })
    }

    /// Writes for a while, one after the other, and gives how many in a second.
    pub async fn run(&self, time: Duration) -> Outcome<f64> {
        let started = Instant::now();
        let mut count = 0;
        while started.elapsed() < time {
            let now = SystemClock.now();
            let seed::Text { title, body } = seed::text(&self.random, count);
            let values = [PostId::new(now, &self.random).to_string(), "usr-1".to_owned(), title, body, "[]".to_owned(), now.to_string()];
            let insert = "INSERT INTO posts VALUES (?, ?, ?, ?, ?, ?)";
            self.conn.execute_raw(Statement::from_sql_and_values(DbBackend::Sqlite, insert, values.map(Into::into))).await?;
            count += 1;
        }
        Ok(f64::from(u32::try_from(count)?) / started.elapsed().as_secs_f64())
    }
}
