//! The functions of the host, as the bindings have them.
#![allow(clippy::unnecessary_wraps, reason = "the host's functions can fail")]

use super::{Effect, now, stored, with};
use crate::Error;

pub mod settings {
    pub fn get(key: &str) -> Option<String> {
        super::with(|host| host.settings.get(key).filter(|_| !key.ends_with("secret")).cloned())
    }
}

pub mod log {
    use crate::bindings::password::openclaw::log::log::Level;

    pub fn write(_: Level, line: &str) {
        super::with(|host| host.log.push(line.to_owned()));
    }
}

pub mod secrets {
    pub fn available(name: &str) -> bool {
        super::with(|host| host.secrets.contains(name))
    }
}

pub mod chat_read {
    use super::{Error, with};
    use crate::{Message, Room, chat::Range};

    pub fn list_rooms() -> Result<Vec<Room>, Error> {
        Ok(with(|host| host.rooms.clone()))
    }

    pub fn get_room(id: &str) -> Result<Room, Error> {
        with(|host| host.rooms.iter().find(|room| room.id == id).cloned()).ok_or(Error::NotFound)
    }

    pub fn list_messages(room_id: &str, range: Range, limit: u32) -> Result<Vec<Message>, Error> {
        let within = |message: &Message| match range {
            Range::Latest => true,
            Range::Before(seq) => message.seq < seq,
            Range::After(seq) => message.seq > seq,
        };
        let fits = |message: &&Message| message.room_id == room_id && within(message);
        let mut messages: Vec<_> = with(|host| host.messages.iter().filter(fits).cloned().collect());
        let limit = limit.min(200) as usize;
        if matches!(range, Range::After(_)) {
            messages.truncate(limit);
        } else {
            messages.drain(..messages.len().saturating_sub(limit));
        }
        Ok(messages)
    }

    pub fn get_message(id: &str) -> Result<Message, Error> {
        with(|host| host.messages.iter().find(|message| message.id == id).cloned()).ok_or(Error::NotFound)
    }
}

pub mod chat_write {
    use super::{Effect, Error, did, with};
    use crate::chat::Outgoing;

    pub fn send(message: &Outgoing) -> Result<String, Error> {
        let least = usize::from(message.attachments.is_empty());
        if !(least..=4000).contains(&message.body.chars().count()) {
            return Err(Error::Invalid("a message has 1 to 4000 characters, or none beside attachments".to_owned()));
        }
        if with(|host| host.silenced) {
            return Err(Error::Limited("bots are silent here for a minute".to_owned()));
        }
        let id = with(|host| format!("m-new-{}", host.effects.len() + 1));
        did(Effect::Send(id.clone(), message.clone())).map(|()| id)
    }

    pub fn edit(message_id: &str, body: &str) -> Result<(), Error> {
        did(Effect::Edit(message_id.to_owned(), body.to_owned()))
    }

    pub fn delete(message_id: &str) -> Result<(), Error> {
        did(Effect::Delete(message_id.to_owned()))
    }

    pub fn react(message_id: &str, emoji: &str, on: bool) -> Result<(), Error> {
        did(Effect::React(message_id.to_owned(), emoji.to_owned(), on))
    }
}

pub mod posts_read {
    use super::{Error, with};
    use crate::Post;

    pub fn list_posts(before: Option<&str>, limit: u32) -> Result<Vec<Post>, Error> {
        with(|host| {
            let from = match before {
                Some(id) => host.posts.iter().position(|post| post.id == id).ok_or(Error::NotFound)? + 1,
                None => 0,
            };
            Ok(host.posts.iter().skip(from).take(limit.min(50) as usize).cloned().collect())
        })
    }

    pub fn get_post(id: &str) -> Result<Post, Error> {
        with(|host| host.posts.iter().find(|post| post.id == id).cloned()).ok_or(Error::NotFound)
    }
}

pub mod posts_write {
    use super::{Effect, Error, did, with};
    use crate::posts::Draft;

    pub fn create(draft: &Draft) -> Result<String, Error> {
        let id = with(|host| format!("u-new-{}", host.effects.len() + 1));
        did(Effect::CreatePost(id.clone(), draft.clone())).map(|()| id)
    }

    pub fn delete(id: &str) -> Result<(), Error> {
        did(Effect::DeletePost(id.to_owned()))
    }
}

pub mod members {
    use super::{Error, with};
    use crate::members::Membership;

    pub fn list_members(room_id: &str, after: Option<&str>, limit: u32) -> Result<Vec<Membership>, Error> {
        let mut members: Vec<_> =
            with(|host| host.members.iter().filter(|(room, _)| room == room_id).map(|(_, member)| member.clone()).collect());
        members.retain(|membership: &Membership| after.is_none_or(|after| membership.member.id.as_str() > after));
        members.sort_by(|one, other| one.member.id.cmp(&other.member.id));
        members.truncate(limit.min(200) as usize);
        Ok(members)
    }

    pub fn get_membership(room_id: &str, member_id: &str) -> Result<Membership, Error> {
        let members = with(|host| host.members.clone());
        let found = members.into_iter().find(|(room, membership)| room == room_id && membership.member.id == member_id);
        found.map(|(_, membership)| membership).ok_or(Error::NotFound)
    }
}

pub mod moderation {
    use super::{Effect, Error, did};

    pub fn remove_member(room_id: &str, member_id: &str) -> Result<(), Error> {
        did(Effect::Remove(room_id.to_owned(), member_id.to_owned()))
    }

    pub fn delete_message(message_id: &str) -> Result<(), Error> {
        did(Effect::Delete(message_id.to_owned()))
    }
}

pub mod store {
    use super::{Error, now, stored, with};
    use crate::store::Entry;

    pub fn get(key: &str) -> Result<Option<Entry>, Error> {
        stored::check_key(key)?;
        let now = now();
        Ok(with(|host| host.stored(key, now).map(|stored| Entry { value: stored.value.clone(), version: stored.version })))
    }

    pub fn set(key: &str, value: &[u8], ttl_seconds: Option<u32>) -> Result<(), Error> {
        stored::check_key(key)?;
        if value.len() > 64 << 10 {
            return Err(Error::Invalid("a value has at most 64 KiB".to_owned()));
        }
        let until = stored::until(ttl_seconds);
        with(|host| host.put(key, value, until));
        Ok(())
    }

    pub fn delete(key: &str) -> Result<(), Error> {
        stored::check_key(key)?;
        with(|host| host.stored.remove(key));
        Ok(())
    }

    pub fn compare_and_set(key: &str, version: Option<u64>, value: &[u8], ttl_seconds: Option<u32>) -> Result<bool, Error> {
        let same = get(key)?.map(|entry| entry.version) == version;
        if same {
            set(key, value, ttl_seconds)?;
        }
        Ok(same)
    }

    pub fn increment(key: &str, by: i64, ttl_seconds: Option<u32>) -> Result<i64, Error> {
        let wrong = || Error::Invalid("this is no counter, or it would be too large".to_owned());
        let value = get(key)?.map(|entry| String::from_utf8(entry.value).ok().and_then(|text| text.parse::<i64>().ok()).ok_or_else(wrong));
        let present = value.transpose()?;
        let sum = present.unwrap_or_default().checked_add(by).ok_or_else(wrong)?;
        let kept = with(|host| host.stored.get(key).and_then(|stored| stored.until));
        let until = if present.is_some() { kept } else { stored::until(ttl_seconds) };
        with(|host| host.put(key, sum.to_string().as_bytes(), until));
        Ok(sum)
    }

    pub fn list_keys(prefix: &str, after: Option<&str>, limit: u32) -> Result<Vec<String>, Error> {
        let now = now();
        let fits = |host: &crate::testing::Host, key: &str| {
            key.starts_with(prefix) && after.is_none_or(|after| key > after) && host.stored(key, now).is_some()
        };
        Ok(with(|host| host.stored.keys().filter(|key| fits(host, key)).take(limit.min(500) as usize).cloned().collect()))
    }
}

pub mod schedule {
    use super::{Error, with};
    use crate::{Time, schedule::Job};

    pub fn add(job: &Job) -> Result<(), Error> {
        Time::parse(&job.at).map_err(Error::Invalid)?;
        with(|host| {
            host.jobs.retain(|other| other.name != job.name);
            host.jobs.push(job.clone());
            host.jobs.sort_by_key(|job| Time::parse(&job.at).ok());
        });
        Ok(())
    }

    pub fn cancel(name: &str) -> Result<(), Error> {
        with(|host| host.jobs.retain(|job| job.name != name));
        Ok(())
    }

    pub fn list_jobs() -> Result<Vec<Job>, Error> {
        Ok(with(|host| host.jobs.clone()))
    }
}

pub mod http {
    use super::with;
    use crate::{
        bindings::bot::openclaw::http::http::Request,
        http::{Error, Response},
    };

    pub fn send(request: &Request) -> Result<Response, Error> {
        with(|host| {
            host.requests.push(request.clone());
            host.responses.pop_front().unwrap_or_else(|| Err(Error::Unreachable("the test has prepared no answer".to_owned())))
        })
    }
}

fn did(effect: Effect) -> Result<(), Error> {
    with(|host| host.effects.push(effect));
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::{Error, chat, testing};

    #[test]
    fn files_may_be_said_without_a_word() {
        let message = |body: &str, attachments: &[&str]| chat::Outgoing {
            room_id: "r-1".to_owned(),
            body: body.to_owned(),
            reply_to: None,
            attachments: attachments.iter().map(|&address| address.to_owned()).collect(),
        };
        assert!(chat::send_message(&message("", &["https://example.com/cat.png"])).is_ok());
        for bad in [message("", &[]), message(&"x".repeat(4001), &["https://example.com/cat.png"])] {
            assert!(matches!(chat::send_message(&bad), Err(Error::Invalid(_))));
        }
        assert_eq!(testing::with(|host| host.effects.len()), 1);
    }
}
