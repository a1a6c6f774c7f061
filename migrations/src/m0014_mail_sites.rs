//! The site from which a mail was asked for, beside the network: mails of a site are counted, too.

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
    "ALTER TABLE mails ADD COLUMN origin_site TEXT",
    "CREATE INDEX mails_origin_site ON mails (kind, origin_site, created_at) WHERE origin_site IS NOT NULL",
];
