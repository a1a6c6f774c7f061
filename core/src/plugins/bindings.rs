//! The generated bindings, all of them, and nothing else.
#![allow(missing_docs, unused_qualifications, clippy::all, clippy::pedantic, reason = "generated")]

/// The world of password providers; what both worlds import is generated here.
pub mod password {
    wasmtime::component::bindgen!({
        path: "../wit",
        world: "openclaw:plugins/password-provider",
        imports: { default: trappable },
        exports: { default: async },
    });
}

/// The world of redirect providers.
pub mod oauth {
    wasmtime::component::bindgen!({
        path: "../wit",
        world: "openclaw:plugins/oauth-provider",
        imports: { default: trappable },
        exports: { default: async },
        with: {
            "openclaw:settings/settings": super::password::openclaw::settings::settings,
            "openclaw:log/log": super::password::openclaw::log::log,
        },
    });
}

/// Bots: everything that they may import and export. Which of it one has is found out one interface at a time.
pub mod bot {
    wasmtime::component::bindgen!({
        path: "../wit",
        world: "openclaw:plugins/every-bot",
        imports: { default: async | trappable },
        exports: { default: async },
        with: {
            "openclaw:settings/settings": super::password::openclaw::settings::settings,
            "openclaw:log/log": super::password::openclaw::log::log,
        },
    });
}
