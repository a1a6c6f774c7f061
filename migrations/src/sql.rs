//! Running plain SQL on both databases.

use sea_orm_migration::{
    prelude::*,
    sea_orm::{ConnectionTrait, DbBackend},
};

/// Runs `statements` one after the other.
///
/// Two words are replaced, so that one text serves both databases:
/// - `ID`: text compared byte by byte (SQLite's default; PostgreSQL's needs the C collation), for ids and times whose text order matters;
/// - `SERIAL_KEY`: a primary key that counts up by itself.
pub async fn run(manager: &SchemaManager<'_>, statements: &[&str]) -> Result<(), DbErr> {
    let postgres = is_postgres(manager);
    let (id, serial) = if postgres {
        (r#"TEXT COLLATE "C""#, "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY")
    } else {
        ("TEXT", "INTEGER PRIMARY KEY AUTOINCREMENT")
    };
    for statement in statements {
        // In this order: the text for SERIAL_KEY contains IDENTITY.
        manager.get_connection().execute_unprepared(&statement.replace(" ID", &format!(" {id}")).replace("SERIAL_KEY", serial)).await?;
    }
    Ok(())
}

/// Whether the database is PostgreSQL; otherwise it is SQLite.
pub fn is_postgres(manager: &SchemaManager<'_>) -> bool {
    manager.get_database_backend() == DbBackend::Postgres
}
