//! `community user export`: what the server keeps about somebody, for them to read and to take along.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufWriter, ErrorKind, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use serde_json::{Value, json};

use super::{Outcome, objects, person};
use crate::{
    accounts::{self, model::User},
    devices, email,
    ids::MemberId,
    messages::{
        self,
        model::{Message, Trace},
    },
    posts, rooms,
    serve::App,
    sessions, uploads,
};

/// Posts, messages or uploads that are read at once.
const PAGE: usize = 100;

pub async fn run(app: &App, who: &str, out: Option<&Path>) -> Outcome {
    let user = person(app, who).await?;
    let Some(path) = out else {
        let outcome = export(app, &user, BufWriter::new(io::stdout())).await;
        // Whoever closed it, like `head`, has read enough.
        let is_closed = |error: &io::Error| error.kind() == ErrorKind::BrokenPipe;
        return outcome.or_else(|error| if error.downcast_ref().is_some_and(is_closed) { Ok(()) } else { Err(error) });
    };
    let file = create(path)?;
    let outcome = export(app, &user, BufWriter::new(&file)).await.and_then(|()| Ok(file.sync_all()?));
    outcome.map_err(|error| {
        // Half of it would look like all of it, and be in the way of the next attempt.
        let _ = fs::remove_file(path);
        format!("{} was not written: {error}", path.display()).into()
    })
}

/// A new file that nobody else can read.
fn create(path: &Path) -> Result<File, String> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => format!("{} is there already: name a file that is not", path.display()),
        _ => format!("{} cannot be made: {error}", path.display()),
    })
}

async fn export(app: &App, user: &User, to: impl Write) -> Outcome {
    let mut document = Document::begin(to)?;
    account(app, user, &mut document).await?;
    write_rooms(app, user, &mut document).await?;
    write_posts(app, user, &mut document).await?;
    document.list("messages")?;
    write_messages(app, user, Trace::Said, &mut document, said).await?;
    document.end_list()?;
    document.list("reactions")?;
    write_messages(app, user, Trace::Reacted, &mut document, reactions).await?;
    document.end_list()?;
    write_uploads(app, user, &mut document).await?;
    Ok(document.end()?)
}

async fn account(app: &App, user: &User, to: &mut Document<impl Write>) -> Outcome {
    let reader = app.store.reader();
    let own = json!({
        "id": user.id.as_str(), "username": user.username, "role": user.role.as_str(), "createdAt": user.created_at.to_string(),
        "disabled": user.disabled,
    });
    to.value("account", &own)?;
    to.list("identities")?;
    for identity in accounts::queries::identities(reader, &user.id).await? {
        let devices = devices::queries::spans(reader, &identity.id).await?;
        let device = |(since, until)| json!({ "lastSignInAt": since, "knownUntil": until });
        let devices: Vec<Value> = devices.iter().map(|(since, until)| (since.to_string(), until.to_string())).map(device).collect();
        to.item(&json!({
            "id": identity.id.as_str(), "provider": identity.provider, "subject": identity.subject, "handle": identity.handle,
            "email": identity.email, "emailVerified": identity.email_verified, "avatar": identity.avatar,
            "createdAt": identity.created_at.to_string(), "devices": devices,
        }))?;
    }
    to.end_list()?;
    to.value("addressToBeVerified", &json!(email::queries::waiting_address(reader, &user.id).await?))?;
    to.list("sessions")?;
    for session in sessions::queries::of_user(reader, &user.id, app.store.now()).await? {
        to.item(&json!({
            "id": session.id.as_str(), "provider": session.provider, "client": session.client,
            "createdAt": session.created_at.to_string(), "lastSeenAt": session.last_seen_at.to_string(),
            "expiresAt": session.idle_expires_at.min(session.expires_at).to_string(),
        }))?;
    }
    Ok(to.end_list()?)
}

async fn write_rooms(app: &App, user: &User, to: &mut Document<impl Write>) -> Outcome {
    let (reader, who) = (app.store.reader(), MemberId::User(user.id.clone()));
    to.list("rooms")?;
    for (room, since) in rooms::queries::joined(reader, &who).await? {
        if let Some(room) = rooms::queries::summary(reader, &room, Some(&who)).await? {
            to.item(&json!({
                "id": room.id, "name": room.name, "role": room.role, "joinedAt": since.to_string(), "readUpTo": room.read_seq,
            }))?;
        }
    }
    to.end_list()?;
    to.list("invitations")?;
    for room in rooms::queries::invitations(reader, &who, app.store.now()).await? {
        to.item(&json!({ "room": room.id, "name": room.name }))?;
    }
    Ok(to.end_list()?)
}

async fn write_posts(app: &App, user: &User, to: &mut Document<impl Write>) -> Outcome {
    to.list("posts")?;
    let mut before = None;
    loop {
        let page = posts::queries::of_author(app.store.reader(), &user.id, before.as_ref(), PAGE as u64).await?;
        for post in &page {
            to.item(&json!({
                "id": post.id.as_str(), "title": post.content.title, "body": post.content.body, "attachments": post.content.attachments,
                "createdAt": post.created_at.to_string(), "editedAt": post.edited_at.map(|at| at.to_string()),
            }))?;
        }
        let Some(last) = page.last() else { return Ok(to.end_list()?) };
        before = Some(last.id.clone());
    }
}

/// Writes what `of` makes of each message to which somebody did something, oldest first.
async fn write_messages(
    app: &App,
    user: &User,
    trace: Trace,
    to: &mut Document<impl Write>,
    of: impl Fn(&Message, &MemberId) -> Vec<Value>,
) -> Outcome {
    let (reader, who) = (app.store.reader(), MemberId::User(user.id.clone()));
    let mut after = None;
    loop {
        let found = messages::queries::search(reader, &who, trace, after.as_ref()).await?;
        for some in found.messages.chunks(PAGE) {
            let mut some = messages::queries::all_stored(reader, some).await?;
            some.sort_by(|one, other| one.id.cmp(&other.id));
            for value in some.iter().flat_map(|message| of(message, &who)) {
                to.item(&value)?;
            }
        }
        let Some(last) = found.last else { return Ok(()) };
        after = Some(last);
    }
}

fn said(message: &Message, _: &MemberId) -> Vec<Value> {
    vec![json!({
        "id": message.id.as_str(), "room": message.room.as_str(), "name": message.author_name, "body": message.content.body,
        "attachments": message.content.attachments, "replyTo": message.reply_to.as_ref().map(ToString::to_string),
        "createdAt": message.created_at.to_string(), "editedAt": message.edited_at.map(|at| at.to_string()), "deleted": message.deleted,
    })]
}

fn reactions(message: &Message, who: &MemberId) -> Vec<Value> {
    let own = message.reactions.iter().filter(|reaction| reaction.who.contains(who));
    own.map(|reaction| json!({ "room": message.room.as_str(), "message": message.id.as_str(), "emoji": reaction.emoji })).collect()
}

async fn write_uploads(app: &App, user: &User, to: &mut Document<impl Write>) -> Outcome {
    let store = objects(app)?;
    to.list("uploads")?;
    let mut before = None;
    loop {
        let page = uploads::queries::page(app.store.reader(), &user.id, before.as_ref(), PAGE as u64).await?;
        for upload in &page.uploads {
            to.item(&json!({
                "id": upload.id.as_str(), "name": upload.name, "url": store.url(&upload.key),
                "thumbnailUrl": upload.small().map(|key| store.url(&key)), "contentType": upload.kind.media_type(), "size": upload.size,
                "createdAt": upload.created_at.to_string(),
            }))?;
        }
        let Some(next) = page.next else { return Ok(to.end_list()?) };
        before = Some(next);
    }
}

/// A JSON object that is written while its parts are read, one after the other.
struct Document<W> {
    to: W,
    parts: usize,
    items: usize,
}

impl<W: Write> Document<W> {
    fn begin(mut to: W) -> io::Result<Self> {
        to.write_all(b"{")?;
        Ok(Self { to, parts: 0, items: 0 })
    }

    fn part(&mut self, name: &str) -> io::Result<()> {
        let comma = if self.parts > 0 { "," } else { "" };
        self.parts += 1;
        write!(self.to, "{comma}\n  {}: ", json!(name))
    }

    fn value(&mut self, name: &str, value: &Value) -> io::Result<()> {
        self.part(name)?;
        self.to.write_all(indented(value, "\n  ").as_bytes())
    }

    fn list(&mut self, name: &str) -> io::Result<()> {
        self.part(name)?;
        self.items = 0;
        self.to.write_all(b"[")
    }

    fn item(&mut self, value: &Value) -> io::Result<()> {
        let comma = if self.items > 0 { "," } else { "" };
        self.items += 1;
        write!(self.to, "{comma}\n    {}", indented(value, "\n    "))
    }

    fn end_list(&mut self) -> io::Result<()> {
        self.to.write_all(if self.items > 0 { b"\n  ]" } else { b"]" })
    }

    fn end(mut self) -> io::Result<()> {
        self.to.write_all(b"\n}\n")?;
        self.to.flush()
    }
}

/// The value over several lines, each of which but the first begins with `line`. Inside of texts there are no line ends.
fn indented(value: &Value, line: &str) -> String {
    format!("{value:#}").replace('\n', line)
}
