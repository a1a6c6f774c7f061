//! `community plugin test`: conversations with a bot, without a server.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::author::unfit;
use crate::{
    cli::Outcome,
    plugins::look::id_of,
    workbench::{
        self, build,
        report::size,
        script::{Performance, Report, Script},
        stage::Effort,
    },
};

/// What is to be tried.
struct Subject {
    component: PathBuf,
    id: String,
    scripts: Vec<PathBuf>,
}

/// `what` is a folder, a component, or already the first script.
pub async fn run(what: &Path, scripts: &[PathBuf]) -> Outcome {
    let subject = subject(what, scripts).await?;
    let (mut steps, mut failed) = (0, 0);
    for script in &subject.scripts {
        let (played, wrong) = play(&subject, script).await?;
        (steps, failed) = (steps + played, failed + wrong);
    }
    if failed > 0 {
        return Err(format!("{failed} of {steps} steps failed").into());
    }
    say!("all {steps} steps went as written");
    Ok(())
}

async fn subject(what: &Path, scripts: &[PathBuf]) -> Result<Subject, String> {
    fs::metadata(what).map_err(|error| unfit(what, &format!("cannot be read: {error}")))?;
    let is_component = what.extension().is_some_and(|end| end == "wasm");
    let (folder, scripts) = match what {
        what if what.is_dir() || is_component => (what, scripts.to_vec()),
        script => (Path::new("."), [&[script.to_owned()], scripts].concat()),
    };
    if is_component {
        if scripts.is_empty() {
            return Err(format!("name a script: community plugin test {} hello.txt", what.display()));
        }
        return Ok(Subject { component: what.to_owned(), id: id_of(what), scripts });
    }
    let scripts = if scripts.is_empty() { found(folder)? } else { scripts };
    Ok(Subject { component: build::latest(folder).await?, id: build::id(folder)?, scripts })
}

/// The scripts in a folder of a bot, by name.
fn found(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let place = folder.join("tests");
    let entries = fs::read_dir(&place).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut scripts: Vec<PathBuf> = entries.filter(|path| path.extension().is_some_and(|end| end == "txt")).collect();
    scripts.sort();
    if scripts.is_empty() {
        return Err(format!("{} has no conversations: write one into a file that ends in .txt", place.display()));
    }
    Ok(scripts)
}

/// Plays one script; says how many steps it has and how many of them failed.
async fn play(subject: &Subject, file: &Path) -> Result<(usize, usize), String> {
    let text = fs::read_to_string(file).map_err(|error| format!("{} cannot be read: {error}", file.display()))?;
    let script = Script::parse(&text).map_err(|reason| format!("{}, {reason}", file.display()))?;
    if script.steps.is_empty() {
        return Err(format!("{} has no steps: begin with `room` and a name, and let somebody say something", file.display()));
    }
    let begun = Performance::begin(&subject.component, &subject.id, &script, &workbench::cache()?).await;
    let mut performance = begun.map_err(|reason| format!("{}: {reason}", file.display()))?;
    say!("{}", file.display());
    let mut failed = 0;
    for (at, (line, step)) in script.steps.iter().enumerate() {
        let report = performance.play(*line, step, script.steps.get(at + 1).map(|(_, step)| step)).await;
        failed += usize::from(report.fault.is_some());
        tell(&report, text.lines().nth(line - 1).unwrap_or_default().trim());
    }
    for deed in performance.end().await {
        say!("            and then:  {deed}");
    }
    Ok((script.steps.len(), failed))
}

fn tell(report: &Report, line: &str) {
    let outcome = if report.fault.is_some() { "FAILED" } else { "ok" };
    let effort = report.effort.map(|effort| format!("   ({})", words(effort))).unwrap_or_default();
    say!("  {outcome:6} {:3}  {line}{effort}", report.line);
    for (level, line) in &report.log {
        say!("              log: {level} {line}");
    }
    for line in report.fault.iter().flat_map(|fault| fault.lines()) {
        say!("              {line}");
    }
}

/// What a call took: of several the last one.
pub fn words(effort: Effort) -> String {
    let calls = if effort.calls == 1 { String::new() } else { format!("{} calls, the last: ", effort.calls) };
    format!("{calls}{:.1} ms CPU, {}", effort.cpu.as_secs_f64() * 1000.0, size(effort.memory))
}
