//! Every hook but the commands.

use openclaw_sdk::{
    BeforeMessage, Change, Choice, Completion, Context, Draft, Due, Event, Introduction, Lifecycle, Member, Message, OnChange, OnMember,
    OnMessage, OnPost, Post, Recurring, Room, Scheduled, Verdict, log, settings,
};

use crate::{AllHooks, tell};

impl OnMessage for AllHooks {
    fn on_message(event: Event, message: Message) -> Result<(), String> {
        tell::in_room("on-message", &message.room_id, &format!("{event:?} {message:?}"))
    }
}

impl OnChange for AllHooks {
    fn on_change(event: Event, change: Change, message: Message) -> Result<(), String> {
        tell::in_room("on-change", &message.room_id, &format!("{change:?} {event:?} {message:?}"))
    }
}

impl OnMember for AllHooks {
    fn on_member(event: Event, change: Change, room: Room, member: Member) -> Result<(), String> {
        tell::in_room("on-member", &room.id, &format!("{change:?} {event:?} {room:?} {member:?}"))
    }
}

impl OnPost for AllHooks {
    fn on_post(event: Event, change: Change, post: Post) -> Result<(), String> {
        tell::stored("on-post", &format!("{change:?} {event:?} {post:?}"))
    }
}

impl Completion for AllHooks {
    /// What a completion stores is not kept, so the choices tell what it was called with.
    fn complete(command: String, parameter: String, typed: String, context: Context) -> Vec<Choice> {
        let told = format!("/{command} {parameter}, for {} in {}", context.caller.name, context.room_name);
        let colours = ["red", "green", "grey"].into_iter().filter(|colour| colour.starts_with(&typed));
        colours.map(|colour| Choice::new(colour, &told)).collect()
    }
}

impl Scheduled for AllHooks {
    fn jobs() -> Vec<Recurring> {
        vec![Recurring { name: "weekday-morning".to_owned(), cron: settings::get("cron").unwrap_or_default() }]
    }

    fn on_job(job: Due) -> Result<(), String> {
        tell::stored("scheduled", &format!("{job:?}"))
    }
}

impl BeforeMessage for AllHooks {
    fn before_message(draft: Draft) -> Verdict {
        tell::if_possible("before-message", &format!("{draft:?}"));
        match draft.body.as_str() {
            "reject me" => Verdict::Reject("This was asked for.".to_owned()),
            "rewrite me" => Verdict::Rewrite("rewritten".to_owned()),
            _ => Verdict::Allow,
        }
    }
}

impl Lifecycle for AllHooks {
    fn about() -> Introduction {
        Introduction::new("All Hooks", "Tells what it is called with").version("1.2.3").settings(include_str!("settings.json"))
    }

    fn start() -> Result<(), String> {
        log::info(&format!("start: greeting={:?}", settings::get("greeting")));
        Ok(())
    }
}
