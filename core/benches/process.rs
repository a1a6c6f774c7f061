//! A server in a process of its own, and what the kernel knows about it.

use std::{
    fs,
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    process::{Child, Command},
    thread,
    time::{Duration, Instant},
};

use crate::Outcome;

/// How long a server may take to become ready.
const PATIENCE: Duration = Duration::from_secs(30);
/// The unit of CPU time in `/proc`, the same on every Linux.
const TICK: Duration = Duration::from_millis(10);

/// A running server; dropped, it is killed.
pub struct Process {
    child: Child,
    /// Where it listens.
    pub addr: SocketAddr,
    /// The time from its start to its first answer.
    pub ready_after: Duration,
}

impl Process {
    /// Starts `command`, which will listen on `addr`, and waits until it answers to `path`.
    pub fn start(mut command: Command, addr: SocketAddr, path: &str) -> Outcome<Self> {
        let started = Instant::now();
        let child = command.spawn()?;
        let mut process = Self { child, addr, ready_after: Duration::ZERO };
        while !answers(addr, path) {
            if let Some(status) = process.child.try_wait()? {
                return Err(format!("{command:?} ended at its start: {status}").into());
            }
            if started.elapsed() > PATIENCE {
                return Err(format!("{command:?} does not answer").into());
            }
            pause(Duration::from_millis(1));
        }
        process.ready_after = started.elapsed();
        Ok(process)
    }

    /// The same for one that speaks nothing but Socket.IO.
    pub fn start_quiet(command: Command, addr: SocketAddr) -> Outcome<Self> {
        Self::start(command, addr, "/socket.io/?EIO=4&transport=polling")
    }

    /// The CPU time it has used so far, to 10 ms.
    pub fn cpu(&self) -> Outcome<Duration> {
        let stat = self.proc("stat")?;
        // The second field is the name in parentheses and may contain anything.
        let (_, fields) = stat.rsplit_once(')').ok_or("odd /proc/PID/stat")?;
        let times = fields.split_whitespace().skip(11).take(2).map(str::parse::<u32>);
        Ok(TICK * times.sum::<Result<u32, _>>()?)
    }

    /// Its proportional set size: what it uses alone, and its part of what it shares.
    pub fn pss(&self) -> Outcome<u64> {
        value(&self.proc("smaps_rollup")?, "Pss:")
    }

    /// What it has in memory now.
    pub fn rss(&self) -> Outcome<u64> {
        value(&self.proc("status")?, "VmRSS:")
    }

    /// The most it had in memory since [`Self::forget_peak`].
    pub fn peak_rss(&self) -> Outcome<u64> {
        value(&self.proc("status")?, "VmHWM:")
    }

    /// Lets the peak begin at what it has in memory now.
    pub fn forget_peak(&self) -> Outcome {
        Ok(fs::write(format!("/proc/{}/clear_refs", self.child.id()), "5")?)
    }

    fn proc(&self, file: &str) -> Outcome<String> {
        Ok(fs::read_to_string(format!("/proc/{}/{file}", self.child.id()))?)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The value of `key` in bytes, in a file of `/proc` that counts in KiB.
fn value(text: &str, key: &str) -> Outcome<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(key)).ok_or_else(|| format!("no {key} in /proc"))?;
    let number = line.split_whitespace().next().unwrap_or_default();
    Ok(number.parse::<u64>()? << 10)
}

/// An address nobody listens on.
pub fn free_address() -> Outcome<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

fn answers(addr: SocketAddr, path: &str) -> bool {
    let ask = || -> std::io::Result<bool> {
        let mut stream = TcpStream::connect(addr)?;
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {addr}\r\nConnection: close\r\n\r\n")?;
        let mut start = [0; 12];
        stream.read_exact(&mut start)?;
        Ok(start.ends_with(b" 200"))
    };
    ask().unwrap_or(false)
}

/// Waits, with nothing else to do.
#[expect(clippy::disallowed_methods, reason = "no request is in flight here")]
pub fn pause(time: Duration) {
    thread::sleep(time);
}
