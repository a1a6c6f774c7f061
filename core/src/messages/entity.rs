//! The table of messages.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "messages")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub room_id: String,
    pub seq: i64,
    pub rev: i64,
    pub client_id: Option<String>,
    pub author_id: String,
    pub author_name: String,
    pub body: String,
    pub reply_to: Option<String>,
    pub attachments: String,
    pub reactions: String,
    pub created_at: String,
    pub edited_at: Option<String>,
    pub deleted: bool,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
