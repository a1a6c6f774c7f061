//! Rooms, who is in them and who is invited, what is said there, and the bots that take part.

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
    // seq counts the messages, rev every change of one. A room that was deleted keeps its row until its messages are removed, which
    // may take longer than one write should.
    "CREATE TABLE rooms (
        id ID PRIMARY KEY,
        name TEXT NOT NULL,
        access TEXT NOT NULL,
        invite_role SMALLINT NOT NULL,
        seq BIGINT NOT NULL,
        rev BIGINT NOT NULL,
        created_at ID NOT NULL,
        active_at ID NOT NULL,
        deleted_at ID
    )",
    "CREATE INDEX rooms_deleted ON rooms (deleted_at) WHERE deleted_at IS NOT NULL",
    // member_id: a user or a bot. role: 0 owner, 1 moderator, 2 member, so that those with the most rights come first.
    "CREATE TABLE room_members (
        room_id ID NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
        member_id ID NOT NULL,
        role SMALLINT NOT NULL,
        joined_at ID NOT NULL,
        read_seq BIGINT NOT NULL,
        PRIMARY KEY (room_id, member_id)
    )",
    "CREATE INDEX room_members_member ON room_members (member_id)",
    "CREATE INDEX room_members_order ON room_members (room_id, role, joined_at, member_id)",
    // invitee: user:usr-…, or who has no account yet: email:…, discord:…, reddit:t2_…, reddit-name:…. One that was taken back stays,
    // and keeps its person out until there is a new one.
    "CREATE TABLE room_invites (
        room_id ID NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
        invitee ID NOT NULL,
        invited_by ID NOT NULL,
        created_at ID NOT NULL,
        expires_at ID NOT NULL,
        taken_back_at ID,
        PRIMARY KEY (room_id, invitee)
    )",
    "CREATE INDEX room_invites_invitee ON room_invites (invitee)",
    "CREATE INDEX room_invites_expiry ON room_invites (expires_at)",
    // Invites find people by the name they have at a provider.
    "CREATE INDEX identities_handle ON identities (provider, lower(handle))",
    // attachments: a JSON array of URLs. reactions: a JSON array as clients see it; it changes with the message's rev.
    "CREATE TABLE messages (
        id ID PRIMARY KEY,
        room_id ID NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
        seq BIGINT NOT NULL,
        rev BIGINT NOT NULL,
        client_id ID,
        author_id ID NOT NULL,
        author_name TEXT NOT NULL,
        body TEXT NOT NULL,
        reply_to ID,
        attachments TEXT NOT NULL,
        reactions TEXT NOT NULL,
        created_at ID NOT NULL,
        edited_at ID,
        deleted BOOLEAN NOT NULL,
        UNIQUE (room_id, seq),
        UNIQUE (room_id, rev)
    )",
    "CREATE UNIQUE INDEX messages_client ON messages (room_id, author_id, client_id) WHERE client_id IS NOT NULL",
    // name_key: the name as people may mistake it for another, so that no two bots look alike.
    "CREATE TABLE bots (
        id ID PRIMARY KEY,
        handle ID NOT NULL UNIQUE,
        name TEXT NOT NULL,
        name_key ID NOT NULL UNIQUE,
        created_at ID NOT NULL
    )",
    // rooms: a JSON array of ids, or null for every room that the bot is in. abilities: words with commas.
    "CREATE TABLE bot_tokens (
        id ID PRIMARY KEY,
        bot_id ID NOT NULL REFERENCES bots (id) ON DELETE CASCADE,
        token_hash ID NOT NULL UNIQUE,
        abilities TEXT NOT NULL,
        rooms TEXT,
        created_at ID NOT NULL
    )",
    "CREATE INDEX bot_tokens_bot ON bot_tokens (bot_id)",
];
