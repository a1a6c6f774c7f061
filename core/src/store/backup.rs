//! A copy of an SQLite database as it is at one moment, made while others write.

use std::{fs::File, path::Path};

use sea_orm::{ConnectionTrait, Statement};

use super::{OpenError, connect, migrate};
use crate::config::{DatabaseSection, SecretUrl};

/// Writes the copy into `file`, which is its owner's alone and must not be there yet. The schema stays what it is.
pub(super) async fn run(url: &SecretUrl, section: &DatabaseSection, file: &Path) -> Result<(), OpenError> {
    let path = file.display().to_string();
    let unwritten = |source| OpenError::File { path: path.clone(), source };
    let conn = connect::reader(url, section).await?;
    migrate::make_private(file).map_err(unwritten)?;
    let copy = Statement::from_sql_and_values(conn.get_database_backend(), "VACUUM INTO ?", [path.as_str().into()]);
    conn.execute_raw(copy).await.map_err(|source| OpenError::Copy { path: path.clone(), source })?;
    File::open(file).and_then(|file| file.sync_all()).map_err(unwritten)
}
