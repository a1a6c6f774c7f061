//! `[plugins.<id>]`: which plugins run, what they may do and how much of the machine they may use.

use std::{
    collections::BTreeMap,
    fmt::{self, Debug, Formatter},
};

use serde::{Deserialize, Serialize};

use super::{Rate, Size, Span};

/// What the operator says about one plugin. A bundled plugin of the same id needs no section at all.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PluginSection {
    /// Whether the plugin runs. Unset means yes.
    pub enabled: Option<bool>,
    /// `bundled:<name>` or the path of a component. Unset means the bundled plugin of this id.
    pub component: Option<String>,
    /// SHA-256 of the component in hexadecimal. A file needs it unless `dev` is set.
    pub sha256: Option<String>,
    /// Lets a component file run without its SHA-256, for those who build it again every minute.
    pub dev: bool,
    /// Where the host may go on the plugin's behalf: `host` or `host:port`.
    pub allow_hosts: Vec<String>,
    /// Permits private and loopback addresses among `allow_hosts`.
    pub allow_private: bool,
    /// What the plugin may import beyond what needs no permission.
    pub grants: Vec<String>,
    /// What the plugin reads through `settings`. Values may be secret: they are not printed.
    pub settings: BTreeMap<String, String>,
    /// Settings that were written as `env:NAME` while that variable is not set: the name of the variable, by setting.
    #[serde(skip)]
    pub unset: BTreeMap<String, String>,
    /// Bots: the name that others see. Unset means the bot's own choice.
    pub name: Option<String>,
    /// Bots: which rooms they hear, `"invited"`, `"all"` or a list of ids.
    pub rooms: HeardRooms,
    /// Bots: whether they hear what other bots say.
    pub hears_bots: bool,
    /// `[plugins.<id>.before_message]`: bots that look at messages before they are said.
    pub before_message: BeforeMessage,
    /// `[plugins.<id>.limits]`
    pub limits: PluginLimits,
}

/// Which rooms a bot hears.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, try_from = "RoomsAsWritten")]
pub enum HeardRooms {
    /// By a word.
    Word(RoomsWord),
    /// These, of which it becomes a member.
    These(Vec<String>),
}

/// What can be written for [`HeardRooms`].
#[derive(Deserialize)]
#[serde(untagged)]
enum RoomsAsWritten {
    Word(String),
    These(Vec<String>),
}

/// A word for rooms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RoomsWord {
    /// Those that it was invited to or that it joined.
    Invited,
    /// Every room, also those that need an invitation.
    All,
}

impl TryFrom<RoomsAsWritten> for HeardRooms {
    type Error = String;

    fn try_from(written: RoomsAsWritten) -> Result<Self, String> {
        match written {
            RoomsAsWritten::Word(word) if word == "invited" => Ok(Self::Word(RoomsWord::Invited)),
            RoomsAsWritten::Word(word) if word == "all" => Ok(Self::Word(RoomsWord::All)),
            RoomsAsWritten::Word(word) => {
                Err(format!("rooms is \"{word}\": write \"invited\", \"all\" or a list of ids like [\"r-01kb3x2v5q8m4n7p9r1s3t5v7w\"]"))
            }
            RoomsAsWritten::These(rooms) => Ok(Self::These(rooms)),
        }
    }
}

impl Default for HeardRooms {
    fn default() -> Self {
        Self::Word(RoomsWord::Invited)
    }
}

/// How a bot looks at messages before they are said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BeforeMessage {
    /// Bots with a lower number look first; of equal ones the first by id.
    pub order: i32,
    /// How long it may take.
    pub budget: Span,
    /// What happens to a message that it could not decide upon.
    pub on_failure: OnFailure,
}

/// What happens to a message that a bot could not decide upon.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnFailure {
    /// It is said.
    #[default]
    Open,
    /// It is not said.
    Closed,
}

impl Default for BeforeMessage {
    fn default() -> Self {
        Self { order: 0, budget: Span::millis(200), on_failure: OnFailure::Open }
    }
}

impl Debug for PluginSection {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("PluginSection")
            .field("enabled", &self.enabled)
            .field("component", &self.component)
            .field("sha256", &self.sha256)
            .field("dev", &self.dev)
            .field("allow_hosts", &self.allow_hosts)
            .field("allow_private", &self.allow_private)
            .field("grants", &self.grants)
            .field("settings", &self.settings.keys())
            .field("unset", &self.unset)
            .field("name", &self.name)
            .field("rooms", &self.rooms)
            .field("hears_bots", &self.hears_bots)
            .field("before_message", &self.before_message)
            .field("limits", &self.limits)
            .finish()
    }
}

/// How much of the machine one plugin may use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PluginLimits {
    /// Largest component file.
    pub file: Size,
    /// How long compiling it may take, which happens once for each component.
    pub compile: Span,
    /// Memory that compiling it may take.
    pub compile_memory: Size,
    /// Memory of one call.
    pub memory: Size,
    /// How long one call may take, waiting included.
    pub wall_clock: Span,
    /// CPU time of one call.
    pub cpu: Span,
    /// How often one call may call the host.
    pub host_calls: u32,
    /// Bytes that may pass from the plugin to the host in one answer or one host call.
    pub returned: Size,
    /// Lines of log a second.
    pub log_lines: u32,
    /// Calls that run at the same time, those that somebody waits for and the others counted apart; further ones wait.
    pub concurrency: u32,
    /// Requests to others that the host makes on the plugin's behalf at the same time; further ones wait.
    pub requests: u32,
    /// Bots: CPU time of all calls together, in each second.
    pub cpu_per_second: Span,
    /// Bots: things that one call may cause: messages, reactions and the like.
    pub effects: u32,
    /// Bots: messages a second, in one room.
    pub messages: u32,
    /// Bots: new posts.
    pub posts: Rate,
    /// Bots: bytes that may be stored, names included.
    pub stored: Size,
    /// Bots: values that may be stored.
    pub stored_keys: u32,
    /// Bots: how often an event is told before it is put aside.
    pub attempts: u32,
    /// Bots: calls that break down within a minute before the bot is suspended for a while.
    pub breakdowns: u32,
}

impl Default for PluginLimits {
    fn default() -> Self {
        Self {
            file: Size::mib(32),
            compile: Span::minutes(2),
            compile_memory: Size::mib(1024),
            memory: Size::mib(64),
            wall_clock: Span::seconds(5),
            cpu: Span::millis(250),
            host_calls: 1000,
            returned: Size::mib(2),
            log_lines: 100,
            concurrency: 4,
            requests: 4,
            cpu_per_second: Span::millis(500),
            effects: 64,
            messages: 5,
            posts: Rate::per_hour(6),
            stored: Size::mib(16),
            stored_keys: 10_000,
            attempts: 5,
            breakdowns: 3,
        }
    }
}
