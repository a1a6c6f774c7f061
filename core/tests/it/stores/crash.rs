//! `kill -9` while files come in: no address without its object, and after the janitor no object without its upload.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    sync::{Arc, Mutex},
    time::SystemTime,
};

use sea_orm::ConnectionTrait;
use serde_json::Value;

use super::{Backend, files::*, files_below, is_mark, storing::sized_pdf};
use crate::{
    store::member,
    support::{Binary, Bucket, Client, Db, Form, ObjectStores, StoreKind, eventually, full},
};

/// What clients were told before the server died: addresses, and what is to be found there.
type Journal = Arc<Mutex<BTreeMap<String, Vec<u8>>>>;

/// Uploads until the server is gone.
async fn keep_uploading(client: Client, journal: Journal, file: Vec<u8>) {
    loop {
        let Ok(response) = Form::of(&file).call(&client).stream().await else { return };
        let status = response.status();
        let Ok(body) = response.bytes().await else { return };
        // A disk that is busy with other tests may be too slow for the server's patience: nothing was acknowledged.
        if status == 503 {
            continue;
        }
        assert_eq!(status, 200, "{}", String::from_utf8_lossy(&body));
        let answer: Value = serde_json::from_slice(&body).unwrap();
        journal.lock().unwrap().insert(answer["url"].as_str().unwrap().to_owned(), file.clone());
    }
}

/// Load until enough was acknowledged, and then the end without warning.
async fn crash(binary: &mut Binary, ann: &Client, journal: &Journal, round: usize) {
    let before = journal.lock().unwrap().len();
    let files =
        [png(&picture(40, 40)).whole(), jpeg(&picture(300, 200)).whole(), sized_pdf(1 << 20), sized_pdf(6 << 20), sized_pdf(9 << 20)];
    let clients: Vec<_> = files.into_iter().map(|file| tokio::spawn(keep_uploading(ann.clone(), journal.clone(), file))).collect();
    // A different number each time, so that the end comes at different points.
    eventually("some files to be acknowledged", || async { (journal.lock().unwrap().len() > before + 3 + round % 7).then_some(()) }).await;
    binary.kill();
    for client in clients {
        client.await.unwrap();
    }
}

/// Every upload that Ann is shown.
async fn listed(ann: &Client) -> Vec<Value> {
    let (mut uploads, mut next) = (Vec::new(), Some("/api/uploads?limit=200".to_owned()));
    while let Some(page) = next.take() {
        let answer = ann.get(&page).await.expect(200);
        uploads.extend(answer.json()["uploads"].as_array().unwrap().clone());
        next = answer.next_page();
    }
    uploads
}

/// Where the objects of a binary are.
enum Objects {
    Folder(std::path::PathBuf),
    Bucket(Bucket),
}

impl Objects {
    /// The keys of all objects, without the mark that says whose they are; and what is half written.
    async fn keys(&self) -> (BTreeSet<String>, Vec<String>) {
        let all = match self {
            Self::Folder(folder) => files_below(folder),
            Self::Bucket(bucket) => bucket.look().await.objects.into_iter().map(|object| object.key).collect(),
        };
        let (keys, halves): (Vec<_>, Vec<_>) = all.into_iter().filter(|key| !is_mark(key)).partition(|key| key.starts_with("community/"));
        (keys.into_iter().collect(), halves)
    }

    async fn read(&self, ann: &Client, url: &str) -> Vec<u8> {
        match self {
            Self::Folder(_) => ann.get(url).await.expect(200).body,
            Self::Bucket(bucket) => bucket.get(&key(url)).await.expect(200).body,
        }
    }
}

fn key(url: &str) -> String {
    url[url.find("community/20").unwrap_or_else(|| panic!("{url} has no key"))..].to_owned()
}

async fn check(ann: &Client, objects: &Objects, journal: &Journal) {
    let uploads = listed(ann).await;
    let shown: BTreeSet<String> = uploads.iter().map(|upload| upload["url"].as_str().unwrap().to_owned()).collect();
    let told = journal.lock().unwrap().clone();
    for (url, file) in &told {
        assert!(shown.contains(url), "{url} was acknowledged and is not known any more");
        assert!(objects.read(ann, url).await == *file, "{url} has other bytes than were acknowledged");
    }
    for upload in &uploads {
        let bytes = objects.read(ann, upload["url"].as_str().unwrap()).await;
        assert_eq!(upload["size"], bytes.len(), "{upload}");
    }
    // Small versions are objects of their picture.
    let stem = |key: &str| key.split(['-', '.']).next().unwrap().to_owned();
    let stems: BTreeSet<String> = shown.iter().map(|url| stem(&key(url))).collect();
    eventually("what was left behind to be removed", || async {
        let (keys, halves) = objects.keys().await;
        let orphans: Vec<_> = keys.iter().filter(|key| !stems.contains(&stem(key))).collect();
        (orphans.is_empty() && halves.is_empty()).then_some(())
    })
    .await;
    let (keys, _) = objects.keys().await;
    assert!(shown.iter().all(|url| keys.contains(&key(url))), "the janitor took too much");
}

async fn survive(db: Db, backend: Backend, rounds: usize) {
    let mut settings = vec![("COMMUNITY_LIMITS__ENABLED", "false".to_owned())];
    let bucket = match backend {
        Backend::Fs => None,
        _ => Some(ObjectStores::shared().await.bucket(StoreKind::S3).await),
    };
    if let Some(bucket) = &bucket {
        settings.extend(of_bucket(bucket).await);
    }
    let mut binary = Binary::start(db, &settings).await;
    let ann = member(&binary, "Ann").await.client;
    let objects = bucket.map_or_else(|| Objects::Folder(binary.folder().join("data/uploads")), Objects::Bucket);
    let journal = Journal::default();
    for round in 0..rounds {
        crash(&mut binary, &ann, &journal, round).await;
        if db == Db::Postgres {
            let_time_pass(&binary).await;
        }
        binary.serve().await;
        check(&ann, &objects, &journal).await;
        // So that rounds take the same time.
        for upload in listed(&ann).await {
            let path = format!("/api/uploads/{}", upload["id"].as_str().unwrap());
            ann.delete(&path).await.expect(200);
        }
        journal.lock().unwrap().clear();
        eventually("everything to be gone", || async { objects.keys().await.0.is_empty().then_some(()) }).await;
    }
    binary.stop().await;
}

/// Where other servers may be at it, nobody removes what was begun until that is long ago. So it was.
async fn let_time_pass(binary: &Binary) {
    let connection = binary.database().connect().await;
    let statement = "UPDATE uploads SET created_at = '2026-01-01T00:00:00.000Z' WHERE state = 'reserved'";
    connection.execute_unprepared(statement).await.unwrap();
    connection.close().await.unwrap();
    let folder = binary.folder().join("data/uploads");
    for half in files_below(&folder).iter().filter(|file| !file.starts_with("community/")) {
        let file = File::options().write(true).open(folder.join(half)).unwrap();
        file.set_modified(SystemTime::UNIX_EPOCH).unwrap();
    }
}

/// What an operator sets in the environment to have files in this bucket.
pub async fn of_bucket(bucket: &Bucket) -> Vec<(&'static str, String)> {
    let stores = ObjectStores::shared().await;
    let (id, secret) = stores.key();
    vec![
        ("COMMUNITY_UPLOADS__BACKEND", "s3".to_owned()),
        ("COMMUNITY_UPLOADS__ENDPOINT", format!("http://127.0.0.1:{}", stores.port(StoreKind::S3))),
        ("COMMUNITY_UPLOADS__ADDRESSING", "path".to_owned()),
        ("COMMUNITY_UPLOADS__BUCKET", bucket.name.clone()),
        ("COMMUNITY_UPLOADS__REGION", stores.region().to_owned()),
        ("COMMUNITY_UPLOADS__ACCESS_KEY_ID", id.to_owned()),
        ("COMMUNITY_UPLOADS__SECRET_ACCESS_KEY", secret.to_owned()),
        ("COMMUNITY_UPLOADS__PUBLIC_URL", bucket.public_url()),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn e10_g21_a_killed_server_leaves_no_address_without_a_file_on_sqlite() {
    survive(Db::Sqlite, Backend::Fs, if full() { 20 } else { 4 }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn e10_g21_a_killed_server_leaves_no_address_without_a_file_on_postgres() {
    survive(Db::Postgres, Backend::Fs, if full() { 20 } else { 2 }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn e10_g21_a_killed_server_leaves_no_address_without_an_object() {
    survive(Db::Sqlite, Backend::S3, if full() { 20 } else { 2 }).await;
}
