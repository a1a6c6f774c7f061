//! Posts by the hundred thousand, written straight into a database that the server has made.

use std::{fmt::Write, path::Path, time::Duration};

use community::{
    clock::Timestamp,
    ids::{PostId, UserId},
    random::Random,
};
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, TransactionTrait};

use crate::Outcome;

const AUTHORS: usize = 100;
/// Rows in one statement.
const ROWS: usize = 500;
/// Between two posts.
const GAP: Duration = Duration::from_mins(1);
/// What posts are about. Some of it has to be escaped in JSON or takes more than one byte.
const WORDS: [&str; 16] = [
    "and",
    "we",
    "the garden",
    "\"quoted\"",
    "Größe",
    "over",
    "a path\\to",
    "meeting",
    "日本",
    "community",
    "tomorrow",
    "is",
    "\n",
    "not",
    "there",
    "🙂",
];

/// Opens a database as the server does: WAL, and on disk when it is committed.
pub async fn open(database: &Path) -> Outcome<DatabaseConnection> {
    let mut options = ConnectOptions::new(format!("sqlite://{}?mode=rwc", database.display()));
    options.max_connections(1).sqlx_logging(false);
    options.map_sqlx_sqlite_opts(|sqlite| sqlite.pragma("journal_mode", "WAL").pragma("synchronous", "FULL"));
    Ok(Database::connect(options).await?)
}

/// Adds `count` posts of some authors and gives their ids, oldest first. The same each time.
pub async fn posts(database: &Path, count: usize) -> Outcome<Vec<String>> {
    let conn = open(database).await?;
    let random = Random::seeded(7);
    let mut now = Timestamp::from_millis(1_750_000_000_000);
    let tx = conn.begin().await?;
    let mut authors = Vec::with_capacity(AUTHORS);
    for index in 0..AUTHORS {
        let id = UserId::new(now, &random);
        let insert = format!("INSERT INTO users (id, username, role, created_at) VALUES ('{id}', 'Author {index}', 'user', '{now}')");
        tx.execute_unprepared(&insert).await?;
        authors.push(id);
    }
    let mut ids = Vec::with_capacity(count);
    while ids.len() < count {
        let mut insert = "INSERT INTO posts (id, author_id, title, body, attachments, created_at) VALUES ".to_owned();
        for row in 0..ROWS.min(count - ids.len()) {
            now = now.plus(GAP);
            let (id, author) = (PostId::new(now, &random), &authors[ids.len() % AUTHORS]);
            let Text { title, body } = text(&random, ids.len());
            let comma = if row == 0 { "" } else { "," };
            write!(insert, "{comma}('{id}','{author}','{title}','{body}','[\"https://files.example.com/{id}.png\"]','{now}')")?;
            ids.push(id.to_string());
        }
        tx.execute_unprepared(&insert).await?;
    }
    tx.commit().await?;
    conn.execute_unprepared("PRAGMA wal_checkpoint(TRUNCATE)").await?;
    conn.close().await?;
    Ok(ids)
}

/// A post's words, without the quote that SQL would need escaped.
pub struct Text {
    /// One line.
    pub title: String,
    /// About 200 bytes on average.
    pub body: String,
}

/// The text of post `number`.
pub fn text(random: &Random, number: usize) -> Text {
    let bytes = random.bytes::<64>();
    let length = 16 + usize::from(bytes[0]) % 48;
    let words: Vec<&str> = bytes[..length].iter().map(|byte| WORDS[usize::from(byte % 16)]).collect();
    Text { title: format!("Post number {number}"), body: words.join(" ") }
}
