//! The generated bindings, all of them, and nothing else.
#![allow(missing_docs, clippy::all, clippy::pedantic, reason = "generated")]

/// The world of password providers; what both worlds import is generated here.
pub mod password {
    wit_bindgen::generate!({
        path: "../../wit",
        world: "openclaw:plugins/password-provider",
        pub_export_macro: true,
        export_macro_name: "__export_password_provider",
        generate_all,
    });
}

/// The world of redirect providers.
pub mod oauth {
    wit_bindgen::generate!({
        path: "../../wit",
        world: "openclaw:plugins/oauth-provider",
        pub_export_macro: true,
        export_macro_name: "__export_oauth_provider",
        with: {
            "openclaw:settings/settings@0.1.0": super::password::openclaw::settings::settings,
            "openclaw:log/log@0.1.0": super::password::openclaw::log::log,
        },
        generate_all,
    });
}
