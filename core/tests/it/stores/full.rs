//! A disk that is full.

use super::{files::*, files_below, is_mark, list, storing::sized_pdf, upload, url};
use crate::{
    store::sign_in,
    support::{Binary, Client, Db, Form, Limited, PASSWORD, eventually, free_port},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn e11_a_full_disk_refuses_files_and_keeps_no_half_of_them() {
    let binary = Binary::prepare(Db::Sqlite, &[]).await;
    binary.run_well(&["user", "create", "--email", "ann@example.org", "--username", "Ann", "--password-stdin"], PASSWORD).await;
    let port = free_port();
    let server = Limited::spawn(&binary, port);
    let ann = Client::new(format!("http://127.0.0.1:{port}"));
    sign_in(&binary, "ann@example.org", &ann).await;
    eventually("the server", || async {
        ann.call("GET", "/readyz").stream().await.is_ok_and(|answer| answer.status() == 200).then_some(())
    })
    .await;
    let (small, large) = (png(&picture(8, 8)).whole(), sized_pdf(9 << 20));
    let first = url(&upload(&ann, &large).await);
    // Room for rows, and for the beginning of a file.
    server.limit(&(5 << 20).to_string());
    for _ in 0..3 {
        Form::of(&large).call(&ann).send().await.expect_error(503, "upload_unavailable");
    }
    upload(&ann, &small).await;
    assert!(ann.get(&first).await.expect(200).body == large);
    server.limit("unlimited");
    upload(&ann, &large).await;
    assert_eq!(list(&ann).await.len(), 3);
    eventually("three files and no half", || async {
        let files = files_below(&binary.folder().join("data/uploads"));
        (files.iter().filter(|file| !file.contains("-small.") && !is_mark(file)).count() == 3).then_some(())
    })
    .await;
    drop(server);
    binary.stop().await;
}
