//! The generated bindings, all of them, and nothing else.
#![allow(missing_docs, clippy::all, clippy::pedantic, reason = "generated")]

/// The world of password providers; what all worlds import is generated here.
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
            "openclaw:settings/settings@1.0.0": super::password::openclaw::settings::settings,
            "openclaw:log/log@1.0.0": super::password::openclaw::log::log,
        },
        generate_all,
    });
}

/// Everything that bots import, generated once for all of their worlds.
pub mod bot {
    wit_bindgen::generate!({
        inline: "
            package openclaw:sdk;
            world bot {
                include openclaw:plugins/bot-imports@1.0.0;
                import openclaw:bot/types@1.0.0;
            }
        ",
        path: "../../wit",
        with: {
            "openclaw:settings/settings@1.0.0": super::password::openclaw::settings::settings,
            "openclaw:log/log@1.0.0": super::password::openclaw::log::log,
        },
        additional_derives: [PartialEq],
        generate_unused_types: true,
        generate_all,
    });
}

/// The world of one reason to call a bot. What it imports is found in `bot`; `with` must name exactly what the world has, and only
/// some worlds have the types of `openclaw:bot`.
macro_rules! bot_world {
    ($module:ident, $world:literal, $export:literal $(, $($types:tt)+)?) => {
        pub mod $module {
            wit_bindgen::generate!({
                path: "../../wit",
                world: $world,
                pub_export_macro: true,
                export_macro_name: $export,
                with: {
                    "openclaw:settings/settings@1.0.0": super::password::openclaw::settings::settings,
                    "openclaw:log/log@1.0.0": super::password::openclaw::log::log,
                    "openclaw:types/types@1.0.0": super::bot::openclaw::types::types,
                    "openclaw:chat/chat-read@1.0.0": super::bot::openclaw::chat::chat_read,
                    "openclaw:chat/chat-write@1.0.0": super::bot::openclaw::chat::chat_write,
                    "openclaw:posts/posts-read@1.0.0": super::bot::openclaw::posts::posts_read,
                    "openclaw:posts/posts-write@1.0.0": super::bot::openclaw::posts::posts_write,
                    "openclaw:members/members@1.0.0": super::bot::openclaw::members::members,
                    "openclaw:members/moderation@1.0.0": super::bot::openclaw::members::moderation,
                    "openclaw:store/store@1.0.0": super::bot::openclaw::store::store,
                    "openclaw:secrets/secrets@1.0.0": super::bot::openclaw::secrets::secrets,
                    "openclaw:schedule/schedule@1.0.0": super::bot::openclaw::schedule::schedule,
                    "openclaw:http/http@1.0.0": super::bot::openclaw::http::http,
                    $($($types)+)?
                },
                additional_derives: [PartialEq],
                generate_unused_types: true,
                generate_all,
            });
        }
    };
}

bot_world!(on_message, "openclaw:plugins/on-message-bot", "__export_on_message", "openclaw:bot/types@1.0.0": super::bot::openclaw::bot::types);
bot_world!(on_change, "openclaw:plugins/on-change-bot", "__export_on_change", "openclaw:bot/types@1.0.0": super::bot::openclaw::bot::types);
bot_world!(on_member, "openclaw:plugins/on-member-bot", "__export_on_member", "openclaw:bot/types@1.0.0": super::bot::openclaw::bot::types);
bot_world!(on_post, "openclaw:plugins/on-post-bot", "__export_on_post", "openclaw:bot/types@1.0.0": super::bot::openclaw::bot::types);
bot_world!(commands, "openclaw:plugins/commands-bot", "__export_commands", "openclaw:bot/types@1.0.0": super::bot::openclaw::bot::types);
bot_world!(completion, "openclaw:plugins/completion-bot", "__export_completion", "openclaw:bot/types@1.0.0": super::bot::openclaw::bot::types);
bot_world!(scheduled, "openclaw:plugins/scheduled-bot", "__export_scheduled");
bot_world!(before_message, "openclaw:plugins/before-message-bot", "__export_before_message");
bot_world!(lifecycle, "openclaw:plugins/lifecycle-bot", "__export_lifecycle");
