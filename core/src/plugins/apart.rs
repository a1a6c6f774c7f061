//! Compiling in a process of its own, whose memory and time are limited: a component can be made to cost a compiler as much as it likes,
//! and nothing stops a compiler that has begun. The process leaves the code in the cache, where the server finds it.

use std::{
    fs::{self, DirBuilder},
    hash::{DefaultHasher, Hash, Hasher},
    io::{self, Read, Write},
    os::unix::{fs::DirBuilderExt, process::ExitStatusExt},
    path::{Path, PathBuf},
    process::{self, Command, Output, Stdio},
    sync::OnceLock,
    thread,
    time::Duration,
};

use clap::Args;
use rustix::process::{Resource, Rlimit, Signal, setrlimit};
use wasmtime::{Engine, component::Component};

use super::{
    component::{CRASHED, too_slow, uncompilable},
    engine::{self, GuestEngine},
    source::hex,
};
use crate::{config::PluginLimits, threads::stand_back};

/// What the process ends with when its time is up.
const TIME_IS_UP: i32 = 124;

/// The program that compiles when its command line says so.
static PROGRAM: OnceLock<PathBuf> = OnceLock::new();

/// From now on `program`, whose command `compile-component` takes an [`Order`], compiles the components that are not part of it. Unless
/// this is called they are compiled right here, as in tests, for which the server is a library.
pub fn compile_apart(program: PathBuf) {
    // Whoever comes first has said the same.
    let _ = PROGRAM.set(program);
}

/// What the process is told; the component is on its standard input.
#[derive(Args)]
pub struct Order {
    /// The folder of compiled code.
    folder: PathBuf,
    /// The most memory, in bytes.
    memory: u64,
    /// The most time, in milliseconds: on the clock, and little more than that on all cores together.
    millis: u64,
    /// Whether the component runs where there is space for large ones.
    #[arg(long)]
    large: bool,
}

impl Order {
    /// Limits this process, and compiles. The cache has the code then.
    ///
    /// # Errors
    /// What the compiler does not like.
    pub fn carry_out(&self) -> Result<(), String> {
        stand_back();
        end_after(Duration::from_millis(self.millis)).map_err(|error| error.to_string())?;
        // One more than the limit is where the system would kill without saying why. Data is what is written to: address space may be
        // reserved in any amount. What breaks down leaves no copy of its memory behind.
        for (resource, most) in [(Resource::Data, self.memory), (Resource::Cpu, self.millis / 1000 + 1), (Resource::Core, 0)] {
            let limit = Rlimit { current: Some(most), maximum: Some(most.saturating_add(1)) };
            // Where the system has no such limit, or a lower one, it goes without.
            let _ = setrlimit(resource, limit);
        }
        let mut bytes = Vec::new();
        io::stdin().lock().read_to_end(&mut bytes).map_err(|error| error.to_string())?;
        let compiler = engine::compiler(&self.folder, self.large).map_err(|error| error.to_string())?;
        Component::new(&compiler, &bytes).map(drop).map_err(|error| format!("{error:#}"))
    }

    fn give_to(&self, program: &Path, bytes: &[u8]) -> io::Result<Output> {
        let mut command = Command::new(program);
        command.arg("compile-component").args(self.large.then_some("--large"));
        command.arg("--").arg(&self.folder).args([self.memory, self.millis].map(|number| number.to_string()));
        // It needs no secrets.
        command.env_clear().stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut process = command.spawn()?;
        // One that has ended already says why when it is waited for.
        process.stdin.take().map_or(Ok(()), |mut stdin| stdin.write_all(bytes)).or_else(|error| match error.kind() {
            io::ErrorKind::BrokenPipe => Ok(()),
            _ => Err(error),
        })?;
        process.wait_with_output()
    }
}

/// Ends this process after `time`, whatever it is at: whoever waits for it has given up by then.
fn end_after(time: Duration) -> io::Result<()> {
    #[expect(clippy::disallowed_methods, reason = "this thread is its own")]
    let clock = move || {
        thread::sleep(time);
        process::exit(TIME_IS_UP)
    };
    thread::Builder::new().name("clock".to_owned()).spawn(clock).map(drop)
}

/// Lets a process compile the component of plugin `id`, unless that went well before. The sentence says what the limits did not allow.
pub fn compile(id: &str, bytes: &[u8], large: bool, engine: &GuestEngine, limits: &PluginLimits) -> Result<(), String> {
    let (Some(program), Some(folder)) = (PROGRAM.get(), engine.cache()) else { return Ok(()) };
    // Beside the cache, which removes what it does not know.
    let notes = folder.with_file_name("compiled");
    let (note, mark) = (notes.join(id), mark(bytes, engine.wasmtime(large)));
    if fs::read_to_string(&note).is_ok_and(|known| known == mark) {
        return Ok(());
    }
    let millis = limits.compile.0.as_millis().try_into().unwrap_or(u64::MAX);
    let order = Order { folder: folder.to_owned(), memory: limits.compile_memory.0, millis, large };
    let output =
        order.give_to(program, bytes).map_err(|error| format!("cannot be compiled, as no process can be started for that: {error}"))?;
    judge(&output, limits)?;
    // Without a note it is done again at the next start, that is all.
    let _ = DirBuilder::new().recursive(true).mode(0o700).create(&notes).and_then(|()| fs::write(note, mark));
    Ok(())
}

/// What stands for a component and the compiler for which it went well.
fn mark(bytes: &[u8], compiler: &Engine) -> String {
    let mut hasher = DefaultHasher::new();
    compiler.precompile_compatibility_hash().hash(&mut hasher);
    format!("{} {:016x}", hex(bytes), hasher.finish())
}

fn judge(output: &Output, limits: &PluginLimits) -> Result<(), String> {
    let said = String::from_utf8_lossy(&output.stderr);
    let ended_by = |signal: Signal| output.status.signal() == Some(signal.as_raw());
    if output.status.success() {
        Ok(())
    } else if ended_by(Signal::XCPU) || output.status.code() == Some(TIME_IS_UP) {
        Err(too_slow(limits.compile))
    } else if ended_by(Signal::KILL) || said.contains("memory allocation of") {
        // It did not get what it asked for, or the system had too little for everybody.
        let most = limits.compile_memory;
        Err(format!("needs more than {most} of memory to compile: build it smaller, or raise limits.compile_memory in its section"))
    } else if output.status.code() == Some(1) {
        Err(uncompilable(said.trim().trim_start_matches("community: ")))
    } else {
        Err(CRASHED.to_owned())
    }
}
