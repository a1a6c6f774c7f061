//! Misdeeds in the store and with jobs.

use std::time::Duration;

use openclaw_sdk::{Error, schedule, store};

use crate::{Deed, Order, deeds};

pub const DEEDS: &[(&str, Deed)] = &[
    ("bad-key", |order| {
        let keys = ["", "line\nbreak", "nul\0", "\u{85}", &"k".repeat(257), &"k".repeat(10 << 20)];
        let results: Vec<_> = keys.iter().map(|key| outcome(store::set(key, "x"))).collect();
        order.say(results.join(", "))
    }),
    ("big-value", |order| order.say(outcome(store::set("big", vec![b'x'; 1 << 20])))),
    ("many-keys", |order| until_refused(order, |number| store::set(&format!("many/{number}"), "x"))),
    ("fill", |order| until_refused(order, |number| store::set(&format!("fill/{number}"), vec![b'x'; 64 << 10]))),
    ("many-jobs", |order| {
        until_refused(order, |number| schedule::add(&format!("many/{number}"), order.time + Duration::from_hours(24), ""))
    }),
    ("nul-payload", |order| order.say(outcome(schedule::add("nul", order.time, "nul\0")))),
    ("nul-names", |order| {
        let keys = |prefix, after| store::keys_after(prefix, Some(after), 10).map(|keys| keys.len());
        order.say(format!("{:?} {:?}", keys("\0", ""), keys("", "\0")))
    }),
    ("touch-many", |order| until_refused(order, |number| store::get(&format!("touch/{number}")).map(drop))),
    ("seed-keys", |_| Ok((0..600).try_for_each(|number| store::set(&format!("list/{number:04}"), ""))?)),
    ("list-changed", list_changed),
    ("set", |order| order.two().and_then(|(key, value)| Ok(store::set(key, value)?))),
    ("set-for", |order| order.timed().and_then(|(key, time)| Ok(store::set_for(key, key, time)?))),
    ("cas-for", |order| {
        let (key, time) = order.timed()?;
        if store::compare_and_set(key, None, key, Some(time))? { Ok(()) } else { Err("there is something already".to_owned()) }
    }),
    ("keys", |order| order.say(format!("keys: {}", store::keys(order.argument)?.join(", ")))),
    ("get", |order| order.say(format!("{:?}", store::text(order.argument)?))),
    ("set-then-error", |order| store::set(order.argument, "this must not stay").map_err(String::from).and(Err("as you wish".to_owned()))),
    ("set-then-trap", |order| Ok(store::set(order.argument, "this must not stay").map(|()| deeds::act("trap"))?)),
    ("count", |order| order.say(format!("{}", store::increment(order.argument, 1)?))),
    ("count-for", |order| {
        let (key, time) = order.timed()?;
        store::increment_for(key, 1, time)?;
        order.say(format!("{}", store::increment(key, 1)?))
    }),
    ("count-word", |order| {
        store::set("word", "x")?;
        order.say(outcome(store::increment("word", 1).map(drop)))
    }),
    ("count-too-far", |order| {
        store::set("far", i64::MAX.to_string())?;
        order.say(outcome(store::increment("far", 1).map(drop)))
    }),
    ("rmw", read_modify_write),
    ("cas", compare_and_set),
    ("schedule", |order| order.timed().and_then(|(name, time)| Ok(schedule::add(name, order.time + time, order.room)?))),
    ("cancel", |order| Ok(schedule::cancel(order.argument)?)),
    ("jobs", |order| {
        let jobs: Vec<_> = schedule::jobs()?.into_iter().map(|job| format!("{} at {}", job.name, job.at)).collect();
        order.say(format!("jobs: {}", jobs.join(", ")))
    }),
];

fn outcome(result: Result<(), Error>) -> String {
    result.map_or_else(|error| format!("{error:?}"), |()| "ok".to_owned())
}

/// Goes on until the host refuses, and says after how many times.
fn until_refused(order: &Order, act: impl Fn(u32) -> Result<(), Error>) -> Result<(), String> {
    let refused = (0..100_000).find_map(|number| act(number).err().map(|error| (number, error)));
    order.say(match refused {
        Some((number, error)) => format!("refused after {number}: {error:?}"),
        None => "nobody refused this".to_owned(),
    })
}

/// Adds one to a number in two steps, which is safe because the host runs the call again when another one was faster.
fn read_modify_write(order: &Order) -> Result<(), String> {
    let number = store::count(order.argument)? + 1;
    Ok(store::set(order.argument, number.to_string())?)
}

/// The same with the version that was read.
fn compare_and_set(order: &Order) -> Result<(), String> {
    let version = store::entry(order.argument)?.map(|entry| entry.version);
    let number = store::count(order.argument)? + 1;
    if store::compare_and_set(order.argument, version, number.to_string(), None)? {
        Ok(())
    } else {
        Err("it has another version now".to_owned())
    }
}

/// Removes many keys and adds two, and says what there is to be seen of all of it in the same call.
fn list_changed(order: &Order) -> Result<(), String> {
    (0..400).try_for_each(|number| store::delete(&format!("list/{number:04}")))?;
    store::set("list/0450-more", "")?;
    store::set("list/9999", "")?;
    let all = store::keys("list/")?;
    let page = store::keys_after("list/", None, 3)?;
    order.say(format!("{} keys, sorted {}, from {page:?} to {:?}", all.len(), all.is_sorted(), all.last()))
}
