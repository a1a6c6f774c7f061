//! Reading what a component imports and exports, before anything of it is compiled.

use wasmparser::{CanonicalFunction, ComponentTypeRef, Encoding, Parser, Payload};

/// The outside of a component.
#[derive(Debug, Default)]
pub struct Outline {
    /// Names of imported interfaces.
    pub imports: Vec<String>,
    /// Names of exported items.
    pub exports: Vec<String>,
    /// Modules inside, at any depth.
    pub modules: usize,
    /// Whether it names built-in functions for concurrent calls, as some toolchains let every component do.
    pub concurrent: bool,
}

/// Reads the outline of `bytes`, or says why they are no component.
pub fn inspect(bytes: &[u8]) -> Result<Outline, String> {
    match bytes {
        [0, b'a', b's', b'm', 1, 0, 0, 0, ..] => {
            return Err("is a WebAssembly module, not a component: build it for the target wasm32-wasip2".to_owned());
        }
        [0, b'a', b's', b'm', ..] => {}
        _ => return Err("is not WebAssembly: a plugin is a .wasm file that holds a component".to_owned()),
    }
    read(bytes).map_err(|error| format!("is not a readable component ({error}): build it again, or copy it again"))?
}

/// Walks the top level; what is nested inside is the component's own affair.
fn read(bytes: &[u8]) -> wasmparser::Result<Result<Outline, String>> {
    let mut outline = Outline::default();
    let mut depth = 0_usize;
    for payload in Parser::new(0).parse_all(bytes) {
        match payload? {
            Payload::Version { encoding: Encoding::Module, .. } if depth == 0 => {
                return Ok(Err("is a WebAssembly module, not a component: build it for the target wasm32-wasip2".to_owned()));
            }
            Payload::ModuleSection { .. } => {
                depth += 1;
                outline.modules += 1;
            }
            Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ComponentCanonicalSection(section) => {
                for function in section {
                    outline.concurrent |= is_concurrent(&function?);
                }
            }
            Payload::ComponentImportSection(section) if depth == 0 => {
                for import in section {
                    let import = import?;
                    if !matches!(import.ty, ComponentTypeRef::Instance(_)) {
                        let name = import.name.name;
                        return Ok(Err(format!(
                            "wants `{name}`, which is no interface; this server only offers interfaces: build it without"
                        )));
                    }
                    outline.imports.push(import.name.name.to_owned());
                }
            }
            Payload::ComponentExportSection(section) if depth == 0 => {
                for export in section {
                    outline.exports.push(export?.name.name.to_owned());
                }
            }
            _ => {}
        }
    }
    Ok(Ok(outline))
}

/// Whether a built-in function of components is one of those for concurrent calls: all but the oldest.
const fn is_concurrent(function: &CanonicalFunction) -> bool {
    !matches!(
        function,
        CanonicalFunction::Lift { .. }
            | CanonicalFunction::Lower { .. }
            | CanonicalFunction::ResourceNew { .. }
            | CanonicalFunction::ResourceDrop { .. }
            | CanonicalFunction::ResourceRep { .. }
    )
}
