//! `[plugins.<id>]`: which plugins run, what they may do and how much of the machine they may use.

use std::{
    collections::BTreeMap,
    fmt::{self, Debug, Formatter},
};

use serde::{Deserialize, Serialize};

use super::{Size, Span};

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
    /// `[plugins.<id>.limits]`
    pub limits: PluginLimits,
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
    /// Calls that run at the same time; further ones wait.
    pub concurrency: u32,
    /// Requests to others that the host makes on the plugin's behalf at the same time; further ones wait.
    pub requests: u32,
}

impl Default for PluginLimits {
    fn default() -> Self {
        Self {
            file: Size::mib(32),
            compile: Span::minutes(2),
            memory: Size::mib(64),
            wall_clock: Span::seconds(5),
            cpu: Span::millis(250),
            host_calls: 1000,
            returned: Size::mib(2),
            log_lines: 100,
            concurrency: 4,
            requests: 4,
        }
    }
}
