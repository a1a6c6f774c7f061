//! The database's schema as a list of steps, for SQLite and PostgreSQL alike.
//!
//! Append-only: a step that has been released is never edited. Each runs in a transaction of its own, so that a crash in the
//! middle leaves the step undone. Steps are plain SQL and know nothing of the server's entities.

pub use sea_orm_migration::MigratorTrait;
use sea_orm_migration::prelude::*;

mod m0001_accounts;
mod m0002_posts;
mod m0003_events;
mod m0004_oauth;
mod m0005_devices;
mod m0006_uploads;
mod m0007_rooms;
mod m0008_plugins;
mod m0009_upload_names;
mod m0010_post_keys;
mod m0011_names;
mod m0012_additions;
mod m0013_deleted_bots;
mod m0014_mail_sites;
mod sql;

/// All steps, oldest first.
pub struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_accounts::Migration),
            Box::new(m0002_posts::Migration),
            Box::new(m0003_events::Migration),
            Box::new(m0004_oauth::Migration),
            Box::new(m0005_devices::Migration),
            Box::new(m0006_uploads::Migration),
            Box::new(m0007_rooms::Migration),
            Box::new(m0008_plugins::Migration),
            Box::new(m0009_upload_names::Migration),
            Box::new(m0010_post_keys::Migration),
            Box::new(m0011_names::Migration),
            Box::new(m0012_additions::Migration),
            Box::new(m0013_deleted_bots::Migration),
            Box::new(m0014_mail_sites::Migration),
        ]
    }
}
