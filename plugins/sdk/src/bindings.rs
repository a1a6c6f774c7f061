//! The generated bindings, all of them, and nothing else.
#![allow(missing_docs, clippy::all, clippy::pedantic, reason = "generated")]

wit_bindgen::generate!({
    path: "../../wit",
    world: "password-provider",
    pub_export_macro: true,
    export_macro_name: "__export_password_provider",
    generate_all,
});
