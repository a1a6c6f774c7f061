//! Bots that were deleted.

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
    // A bot that was deleted keeps its row: its rooms, which it leaves bit by bit, are told who leaves. handle and name_key become its id.
    "ALTER TABLE bots ADD COLUMN deleted_at ID",
    "CREATE INDEX bots_deleted ON bots (deleted_at) WHERE deleted_at IS NOT NULL",
];
