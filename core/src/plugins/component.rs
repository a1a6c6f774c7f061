//! From bytes to something that can be instantiated: look at the outside, compare with the grants, compile, link.

use wasmtime::{
    Engine,
    component::{Component, InstancePre, Linker},
};

use super::{
    apart, capabilities,
    engine::{GuestEngine, MODULES},
    grants::{self, Interface},
    id,
    inspect::inspect,
    kind::PluginKind,
    limits,
    source::Source,
    state::{self, GuestState},
};
use crate::config::{PluginLimits, PluginSection, Span};

/// Components of more bytes run where there is space for them.
const LARGE: usize = 4 << 20;

/// A component that may run, not compiled yet.
pub struct Candidate {
    /// The plugin that it is to be.
    id: String,
    /// Whether it is part of this program.
    bundled: bool,
    /// What it is there for.
    pub kind: PluginKind,
    /// What it may do, in plain words.
    pub imports: Vec<&'static str>,
    /// The interfaces that it has.
    pub exports: Vec<String>,
    /// The capabilities that it gets beyond what everybody has.
    pub capabilities: Vec<String>,
    /// What the operator should know of the file.
    pub warning: Option<String>,
    /// What it wants in a later version than this server has.
    newer: Option<String>,
    /// Whether it is put together from so much that it does not fit where small ones run.
    large: bool,
    /// The component itself.
    pub bytes: Vec<u8>,
}

impl Candidate {
    /// Everything that can be said about plugin `id` without compiling it, the cheap checks first.
    pub fn read(id: &str, section: &PluginSection) -> Result<Self, String> {
        id::check(id)?;
        limits::check(&section.limits)?;
        grants::check_names(&section.grants)?;
        let source = Source::of(id, section)?;
        let (bytes, warning) = (source.read(section)?, source.replaceable(section));
        let outline = inspect(&bytes)?;
        let kind = PluginKind::of(&outline);
        let (mut imports, mut capabilities) = (Vec::new(), Vec::new());
        for import in &outline.imports {
            if let Ok(kind) = &kind {
                kind.check_use(import)?;
            }
            let words = grants::permit(import, &section.grants)?;
            imports.extend(words.filter(|words| !imports.contains(words)));
            capabilities.push(Interface::parse(import).name.to_owned());
        }
        let (kind, large) = (kind?, outline.modules > MODULES as usize || outline.concurrent || bytes.len() > LARGE);
        let (id, bundled) = (id.to_owned(), source.bundled().is_some());
        let newer = outline.imports.iter().find(|import| grants::outgrown(import).is_some()).cloned();
        Ok(Self { id, bundled, kind, imports, exports: outline.exports, capabilities, warning, newer, large, bytes })
    }

    /// Compiles the component, or takes it from the cache, and links it with what it was granted.
    pub fn compile(&self, engine: &GuestEngine, limits: &PluginLimits) -> Result<InstancePre<GuestState>, String> {
        if !self.bundled {
            apart::compile(&self.id, &self.bytes, self.large, engine, limits)?;
        }
        let compiler = engine.wasmtime(self.large);
        let component = Component::new(compiler, &self.bytes).map_err(|error| uncompilable(&format!("{error:#}")))?;
        self.link(compiler, &component).map_err(|error| match &self.newer {
            Some(import) => too_new(import),
            None => unfit(&error),
        })
    }

    fn link(&self, compiler: &Engine, component: &Component) -> wasmtime::Result<InstancePre<GuestState>> {
        let mut linker = Linker::new(compiler);
        state::link_basics(&mut linker)?;
        for interface in &self.capabilities {
            capabilities::link(&mut linker, interface)?;
        }
        linker.instantiate_pre(component)
    }
}

/// The sentence for a component on which the reader or the compiler broke down.
pub const CRASHED: &str = "could not be compiled: report this to its author";

/// The sentence for a component that the compiler does not accept.
pub fn uncompilable(error: &str) -> String {
    format!("cannot be compiled ({error}): build it again")
}

/// The sentence for a component that keeps the compiler busy for too long.
pub fn too_slow(limit: Span) -> String {
    format!("takes longer than {limit} to compile: build it smaller, or raise limits.compile in its section")
}

/// The sentence for a component that uses what came to an interface after this server.
fn too_new(import: &str) -> String {
    let has = grants::outgrown(import).unwrap_or(grants::OURS);
    format!("needs `{import}`, but this server has version {has}: install a newer server, or build the plugin for that version")
}

/// The sentence for a component whose types are not those of this server.
pub fn unfit(error: &wasmtime::Error) -> String {
    format!("does not fit this server ({error:#}): build it against the server's own `wit` folder")
}
