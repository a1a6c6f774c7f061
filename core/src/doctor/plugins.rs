//! The plugins: which are on, and why one is not.

use super::Finding;
use crate::{
    config::Config,
    plugins::{PluginStatus, Plugins},
};

const SUBJECT: &str = "plugins";

pub async fn examine(config: &Config) -> Vec<Finding> {
    match Plugins::load(&config.plugins, &config.data_dir).await {
        Ok(plugins) => plugins.status().iter().map(|status| describe(status, config)).collect(),
        Err(error) => vec![Finding::bad(SUBJECT, error.to_string())],
    }
}

fn describe(status: &PluginStatus, config: &Config) -> Finding {
    let subject = format!("plugin {}", status.id);
    let Some(reason) = &status.reason else {
        let may = if status.imports.is_empty() { "nothing beyond its own computing".to_owned() } else { status.imports.join(", ") };
        return Finding::good(&subject, format!("on; may: {may}"));
    };
    let switched_off = config.plugins.get(&status.id).is_some_and(|section| section.enabled == Some(false));
    if switched_off { Finding::good(&subject, reason) } else { Finding::bad(&subject, reason) }
}
