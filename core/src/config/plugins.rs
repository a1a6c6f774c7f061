//! `[plugins.<id>]`: one section per plugin.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What the operator says about one plugin.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PluginSection {
    /// Whether the plugin is on.
    pub enabled: Option<bool>,
    /// `bundled:<id>` or a file.
    pub component: Option<String>,
    /// Checksum of the file.
    pub sha256: Option<String>,
    /// Permits a file without a checksum.
    pub dev: bool,
    /// Hosts that may be called on its behalf.
    pub allow_hosts: Vec<String>,
    /// Permits private and loopback addresses.
    pub allow_private: bool,
    /// What it may import.
    pub grants: Vec<String>,
    /// Its own settings.
    pub settings: BTreeMap<String, String>,
}

impl std::fmt::Debug for PluginSection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PluginSection").field("component", &self.component).field("settings", &self.settings.keys()).finish_non_exhaustive()
    }
}
