//! The macros that make a type's functions those of the component.

/// Exports a type that implements [`PasswordProvider`](crate::PasswordProvider) as the component's `password` interface.
#[macro_export]
macro_rules! export_password_provider {
    ($provider:ident) => {
        $crate::__export_password_provider!($provider with_types_in $crate::bindings::password);
    };
}

/// Exports a type that implements [`OAuthProvider`](crate::OAuthProvider) as the component's `oauth` interface.
#[macro_export]
macro_rules! export_oauth_provider {
    ($provider:ident) => {
        $crate::__export_oauth_provider!($provider with_types_in $crate::bindings::oauth);
    };
}

/// Exports a bot: a type, and for which reasons it is called, each of which is a trait that it implements.
///
/// | reason | trait |
/// |---|---|
/// | `on_message` | [`OnMessage`](crate::OnMessage) |
/// | `on_change` | [`OnChange`](crate::OnChange) |
/// | `on_member` | [`OnMember`](crate::OnMember) |
/// | `on_post` | [`OnPost`](crate::OnPost) |
/// | `commands` | [`Commands`](crate::Commands) |
/// | `completion` | [`Completion`](crate::Completion) |
/// | `scheduled` | [`Scheduled`](crate::Scheduled) |
/// | `before_message` | [`BeforeMessage`](crate::BeforeMessage) |
/// | `lifecycle` | [`Lifecycle`](crate::Lifecycle) |
///
/// ```ignore
/// openclaw_sdk::export_bot!(Dice: on_message, commands);
/// ```
#[macro_export]
macro_rules! export_bot {
    ($bot:ident: $($reason:ident),+ $(,)?) => {
        $($crate::__export_reason!($reason, $bot);)+
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __export_reason {
    (on_message, $bot:ident) => { $crate::__export_on_message!($bot with_types_in $crate::bindings::on_message); };
    (on_change, $bot:ident) => { $crate::__export_on_change!($bot with_types_in $crate::bindings::on_change); };
    (on_member, $bot:ident) => { $crate::__export_on_member!($bot with_types_in $crate::bindings::on_member); };
    (on_post, $bot:ident) => { $crate::__export_on_post!($bot with_types_in $crate::bindings::on_post); };
    (commands, $bot:ident) => { $crate::__export_commands!($bot with_types_in $crate::bindings::commands); };
    (completion, $bot:ident) => { $crate::__export_completion!($bot with_types_in $crate::bindings::completion); };
    (scheduled, $bot:ident) => { $crate::__export_scheduled!($bot with_types_in $crate::bindings::scheduled); };
    (before_message, $bot:ident) => { $crate::__export_before_message!($bot with_types_in $crate::bindings::before_message); };
    (lifecycle, $bot:ident) => { $crate::__export_lifecycle!($bot with_types_in $crate::bindings::lifecycle); };
    ($other:ident, $bot:ident) => {
        ::core::compile_error!(::core::concat!(
            "a bot is not called for `", ::core::stringify!($other), "`, but for on_message, on_change, on_member, on_post, commands, ",
            "completion, scheduled, before_message or lifecycle"
        ));
    };
}
