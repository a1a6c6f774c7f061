//! A copy of an SQLite database as it is at one moment, made while others write.

use std::{fs::File, path::Path};

use sea_orm::{ConnectionTrait, DatabaseConnection, Statement};

use super::{OpenError, connect, migrate};
use crate::config::{DatabaseSection, SecretUrl};

/// An SQLite database that is to be copied. Its schema stays what it is.
pub struct Original(DatabaseConnection);

impl Original {
    pub(super) async fn open(url: &SecretUrl, section: &DatabaseSection) -> Result<Self, OpenError> {
        let conn = connect::reader(url, section).await?;
        // Only who reads something learns that it is none.
        let read = conn.execute_unprepared("SELECT count(*) FROM sqlite_master").await;
        read.map_err(|source| OpenError::Connect { url: url.to_string(), source })?;
        Ok(Self(conn))
    }

    /// Writes the copy into `file`, which is its owner's alone and must not be there yet.
    ///
    /// # Errors
    /// The database cannot be read, or the copy not be written.
    pub async fn copy_to(&self, file: &Path) -> Result<(), OpenError> {
        let path = file.display().to_string();
        let unwritten = |source| OpenError::File { path: path.clone(), source };
        migrate::make_private(file).map_err(unwritten)?;
        let copy = Statement::from_sql_and_values(self.0.get_database_backend(), "VACUUM INTO ?", [path.as_str().into()]);
        self.0.execute_raw(copy).await.map_err(|source| OpenError::Copy { path: path.clone(), source })?;
        File::open(file).and_then(|file| file.sync_all()).map_err(unwritten)
    }
}
