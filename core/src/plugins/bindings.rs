//! The generated bindings, all of them, and nothing else.
#![allow(missing_docs, unused_qualifications, clippy::all, clippy::pedantic, reason = "generated")]

wasmtime::component::bindgen!({
    path: "../wit",
    world: "openclaw:plugins/password-provider",
    imports: { default: trappable },
    exports: { default: async },
});
