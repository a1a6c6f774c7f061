//! A process that may open only few files.

use std::{
    fs::File,
    io::{Read, Seek},
    process::Command,
    time::{Duration, Instant},
};

use super::{
    app::{App, config},
    raw::{Raw, ask, request},
};
use crate::support::DEADLINE;

#[test]
fn o06_running_out_of_files_neither_spins_nor_lasts() {
    let mut shell = Command::new("sh");
    shell.args(["-c", "ulimit -n 48; exec \"$0\" --exact http::files::with_few_files --ignored"]);
    let output = shell.arg(std::env::current_exe().unwrap()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

/// Clients and server share the process, so that the clients use the files up before the cap of the server does.
#[tokio::test]
#[ignore = "runs in the process that the test above starts"]
async fn with_few_files() {
    let app = App::start(config()).await;
    let mut processor = Processor(File::open("/proc/self/stat").unwrap());
    let mut held = Vec::new();
    while let Ok(stream) = std::net::TcpStream::connect(app.address) {
        held.push(stream);
        // Lets the server accept, so that both sides take their share.
        tokio::task::yield_now().await;
    }
    let busy = processor.time();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(processor.time().saturating_sub(busy) < Duration::from_millis(200), "the accept loop spins");
    held.clear();
    let started = Instant::now();
    loop {
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert!(started.elapsed() < DEADLINE, "the server does not recover");
        if let Ok(stream) = std::net::TcpStream::connect(app.address) {
            drop(stream);
            break;
        }
    }
    assert_eq!(ask(app.address, request("GET /api/cached", "", "")).await.status, 200);
    let mut raw = Raw::open(app.address).await;
    raw.send(request("GET /api/cached", "", "")).await;
    assert_eq!(raw.answer().await.unwrap().status, 200);
}

/// The processor time of this process. Opened while that is still possible.
struct Processor(File);

impl Processor {
    /// Hundredths of a second are exact enough.
    fn time(&mut self) -> Duration {
        let mut stat = String::new();
        self.0.rewind().unwrap();
        self.0.read_to_string(&mut stat).unwrap();
        let fields: Vec<&str> = stat.rsplit(") ").next().unwrap().split(' ').collect();
        let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
        Duration::from_millis(ticks * 10)
    }
}
