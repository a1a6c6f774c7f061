//! Running plain SQL on both databases.

use sea_orm_migration::{
    prelude::*,
    sea_orm::{ConnectionTrait, DbBackend},
};

/// Runs `statements` one after the other.
///
/// Some words are replaced, so that one text serves both databases:
/// - `ID`: text compared byte by byte (SQLite's default; PostgreSQL's needs the C collation), for ids and times whose text order matters;
/// - `BLOB`: bytes;
/// - `SERIAL_KEY`: a primary key that counts up by itself.
pub async fn run(manager: &SchemaManager<'_>, statements: &[&str]) -> Result<(), DbErr> {
    let postgres = is_postgres(manager);
    let (id, bytes, serial) = if postgres {
        (r#"TEXT COLLATE "C""#, "BYTEA", "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY")
    } else {
        ("TEXT", "BLOB", "INTEGER PRIMARY KEY AUTOINCREMENT")
    };
    for statement in statements {
        // In this order: the text for SERIAL_KEY contains IDENTITY.
        let statement = statement.replace(" ID", &format!(" {id}")).replace(" BLOB", &format!(" {bytes}")).replace("SERIAL_KEY", serial);
        manager.get_connection().execute_unprepared(&statement).await?;
    }
    Ok(())
}

/// Whether the database is PostgreSQL; otherwise it is SQLite.
pub fn is_postgres(manager: &SchemaManager<'_>) -> bool {
    manager.get_database_backend() == DbBackend::Postgres
}
