//! From the sources to a checked [`Config`], or to everything that is wrong with it.
//!
//! Each value is tried by itself against the defaults before it is taken, so whatever does not fit is known with its place.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};

use super::{
    Config, Environment, Problem, Problems, Report,
    entry::{self, Entry, Resolved},
    env, file, schema,
};

/// Where values come from.
#[derive(Clone, Copy)]
pub struct Sources<'a> {
    /// The file named on the command line. It must exist.
    pub path: Option<&'a Path>,
    /// The folder in which `community.toml` is looked for otherwise.
    pub directory: &'a Path,
    /// The environment.
    pub env: &'a Environment,
}

/// A configuration that works.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The configuration.
    pub config: Config,
    /// What the operator should know, a line each, for the log.
    pub warnings: Vec<Problem>,
    /// The file that was read, if there was one.
    pub file: Option<PathBuf>,
    /// Whether somebody chose where data is: with a file, or with a variable for the folder or the database.
    pub chosen: bool,
}

/// Loads and checks the configuration.
pub fn load(sources: Sources<'_>) -> Result<Loaded, Problems> {
    let explicit = sources.path.map(Path::to_owned).or_else(|| sources.env.get("COMMUNITY_CONFIG").map(PathBuf::from));
    let found = file::find(explicit.as_deref(), sources.directory)?;
    let mut draft = Draft::new(sources.env);
    if let Some((path, text)) = &found {
        draft.take(file::entries(path, text)?);
    }
    draft.take(env::familiar(sources.env));
    match env::port(sources.env, draft.listen()) {
        Ok(entry) => draft.take(entry),
        Err(problem) => draft.problems.push(problem),
    }
    draft.take(env::prefixed(sources.env, &draft.plugin_ids()));
    let chosen = found.is_some() || ["data_dir", "database.url"].iter().any(|key| draft.places.contains_key(*key));
    let (config, mut warnings) = draft.finish()?;
    warnings.extend(env::strangers(sources.env));
    Ok(Loaded { config, warnings, file: found.map(|(path, _)| path), chosen })
}

impl Loaded {
    /// The effective configuration as TOML, warnings as comments above it.
    pub fn describe(&self) -> String {
        let source = self.file.as_ref().map_or_else(|| "no configuration file".to_owned(), |path| path.display().to_string());
        let mut text = format!("# effective configuration ({source}, environment, defaults)\n");
        for warning in &self.warnings {
            let _ = writeln!(text, "# warning: {warning}");
        }
        format!("{text}\n{}", self.config.effective())
    }
}

/// A configuration in the making.
struct Draft<'a> {
    env: &'a Environment,
    /// What every value is tried against.
    defaults: Value,
    /// The defaults with all values taken so far. Holds secrets and is never shown.
    tree: Value,
    places: BTreeMap<String, String>,
    hidden: BTreeSet<(String, String)>,
    /// Variables that are not set, by plugin and setting.
    unset: BTreeMap<(String, String), String>,
    problems: Vec<Problem>,
}

impl<'a> Draft<'a> {
    fn new(env: &'a Environment) -> Self {
        let defaults = schema::tree();
        Self {
            env,
            tree: defaults.clone(),
            defaults,
            places: BTreeMap::new(),
            hidden: BTreeSet::new(),
            unset: BTreeMap::new(),
            problems: Vec::new(),
        }
    }

    /// Takes the entries that fit and remembers what is wrong with the others.
    fn take(&mut self, entries: impl IntoIterator<Item = Entry>) {
        for mut entry in entries {
            if let Err(problem) = self.place(&mut entry) {
                self.problems.push(problem);
            }
        }
    }

    fn place(&mut self, entry: &mut Entry) -> Result<(), Problem> {
        if let Some(what) = schema::unknown(&entry.key) {
            return Err(entry.problem(what));
        }
        let setting = entry.plugin_setting().map(|(id, name)| (id.to_owned(), name.to_owned()));
        let (readings, fetched) = match entry.resolve(self.env)? {
            Resolved::Unset(variable) => {
                self.unset.extend(setting.map(|setting| (setting, variable)));
                return Ok(());
            }
            Resolved::Fetched(text) => (entry::text_readings(text), true),
            Resolved::Plain(written) => (written.readings(setting.is_some()), false),
        };
        let value = self
            .fitting(&entry.key, readings)
            .map_err(|what| entry.problem(if fetched { "the value this refers to does not fit here".to_owned() } else { what }))?;
        put(&mut self.tree, &entry.key, value);
        self.places.insert(entry.dotted(), entry.origin.to_string());
        if let Some(setting) = &setting {
            self.unset.remove(setting);
        }
        match setting {
            Some(setting) if fetched => self.hidden.insert(setting),
            Some(setting) => self.hidden.remove(&setting),
            None => false,
        };
        Ok(())
    }

    /// The first reading that the key accepts, or what the one closest to it lacks.
    fn fitting(&self, key: &[String], readings: Vec<Value>) -> Result<Value, String> {
        let mut closest = String::new();
        for reading in readings {
            let mut trial = self.defaults.clone();
            put(&mut trial, key, reading.clone());
            match serde_json::from_value::<Config>(trial) {
                Ok(_) => return Ok(reading),
                Err(error) if closest.is_empty() || reading.is_number() => closest = error.to_string(),
                Err(_) => {}
            }
        }
        Err(closest)
    }

    /// The address to listen on, as far as it is known.
    fn listen(&self) -> SocketAddr {
        let written = self.tree.pointer("/http/listen").and_then(Value::as_str);
        written.and_then(|address| address.parse().ok()).unwrap_or(Config::default().http.listen)
    }

    /// The plugins that have a section.
    fn plugin_ids(&self) -> Vec<String> {
        self.tree.get("plugins").and_then(Value::as_object).map(|plugins| plugins.keys().cloned().collect()).unwrap_or_default()
    }

    /// The checked configuration and its warnings.
    fn finish(mut self) -> Result<(Config, Vec<Problem>), Problems> {
        let mut config = match serde_json::from_value::<Config>(self.tree) {
            Ok(config) => Config { hidden: self.hidden, ..config },
            Err(error) => {
                self.problems.push(Problem::new("", "", error.to_string()));
                return Err(Problems(self.problems));
            }
        };
        for ((id, name), variable) in self.unset {
            let section = config.plugins.entry(id).or_default();
            section.settings.remove(&name);
            section.unset.insert(name, variable);
        }
        let mut report = Report::default();
        config.validate(&mut report);
        let place = |mut problem: Problem| {
            problem.place = self.places.get(&problem.key).cloned().unwrap_or_default();
            problem
        };
        self.problems.extend(report.errors.into_iter().map(place));
        if !self.problems.is_empty() {
            return Err(Problems(self.problems));
        }
        Ok((config, report.warnings.into_iter().map(place).collect()))
    }
}

/// Sets `key` in `tree`, making tables on the way.
fn put(tree: &mut Value, key: &[String], value: Value) {
    let mut node = tree;
    for name in key {
        if !node.is_object() {
            *node = json!({});
        }
        node = &mut node[name.as_str()];
    }
    *node = value;
}
