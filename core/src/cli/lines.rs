//! The log as lines of text for files and collectors: those of [`tracing_subscriber`] without colours, written in a third of the
//! time. Every request writes one.

use std::fmt::{self, Debug, Write};

use tracing::{
    Event, Level, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    field::RecordFields,
    fmt::{
        FmtContext, FormatEvent, FormatFields, FormattedFields,
        format::Writer,
        time::{FormatTime, SystemTime},
    },
    registry::{LookupSpan, Scope},
};

/// `2026-01-31T12:00:00.000000Z  INFO span{id="1"}: target: message field="text" other=1`.
pub struct Lines;

impl<S, N> FormatEvent<S, N> for Lines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, ctx: &FmtContext<'_, S, N>, mut line: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        SystemTime.format_time(&mut line)?;
        line.write_str(padded(*event.metadata().level()))?;
        for span in ctx.event_scope().into_iter().flat_map(Scope::from_root) {
            line.write_str(span.name())?;
            if let Some(fields) = span.extensions().get::<FormattedFields<N>>().filter(|fields| !fields.is_empty()) {
                line.write_char('{')?;
                line.write_str(fields)?;
                line.write_char('}')?;
            }
            line.write_str(": ")?;
        }
        line.write_str(event.metadata().target())?;
        line.write_str(": ")?;
        ctx.format_fields(line.by_ref(), event)?;
        line.write_char('\n')
    }
}

/// With a space on both sides.
fn padded(level: Level) -> &'static str {
    match level {
        Level::ERROR => " ERROR ",
        Level::WARN => "  WARN ",
        Level::INFO => "  INFO ",
        Level::DEBUG => " DEBUG ",
        Level::TRACE => " TRACE ",
    }
}

impl<'w> FormatFields<'w> for Lines {
    fn format_fields<R: RecordFields>(&self, line: Writer<'w>, fields: R) -> fmt::Result {
        let mut visitor = Fields { line: Plain(line), separator: "", outcome: Ok(()) };
        fields.record(&mut visitor);
        visitor.outcome
    }
}

struct Fields<'w> {
    line: Plain<'w>,
    separator: &'static str,
    outcome: fmt::Result,
}

impl<'w> Fields<'w> {
    fn record(&mut self, field: &Field, write: impl FnOnce(&mut Plain<'w>) -> fmt::Result) {
        self.outcome = self.outcome.and_then(|()| {
            self.line.0.write_str(self.separator)?;
            self.separator = " ";
            if field.name() != "message" {
                self.line.0.write_str(field.name())?;
                self.line.0.write_char('=')?;
            }
            write(&mut self.line)
        });
    }
}

impl Visit for Fields<'_> {
    /// Most fields are text that needs no escaping, and to find that out at once is quicker than to look at each character.
    fn record_str(&mut self, field: &Field, value: &str) {
        if !value.bytes().all(|byte| matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\') {
            return self.record_debug(field, &value);
        }
        self.record(field, |line| {
            line.0.write_char('"')?;
            line.0.write_str(value)?;
            line.0.write_char('"')
        });
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.record(field, |line| write!(line, "{value:?}"));
    }
}

/// Writes text without line breaks and other control characters, by which what is logged could pass for a line of its own.
struct Plain<'w>(Writer<'w>);

impl Write for Plain<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
            return self.0.write_str(text);
        }
        text.chars().try_for_each(|c| if c.is_control() { write!(self.0, "{}", c.escape_default()) } else { self.0.write_char(c) })
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io,
        sync::{Arc, Mutex},
    };

    use tracing::subscriber::with_default;

    use super::*;

    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Log {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(act: impl FnOnce()) -> String {
        let log = Log::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt().event_format(Lines).fmt_fields(Lines).with_writer(move || writer.clone()).finish();
        with_default(subscriber, act);
        let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        text.split_once('Z').expect("a time").1.to_owned()
    }

    #[test]
    fn a_line_says_where_and_what() {
        let line = logged(|| {
            let _span = tracing::info_span!("request", id = "1").entered();
            tracing::info!(method = "GET", status = 200, "answered");
        });
        let target = module_path!();
        assert_eq!(line, format!("  INFO request{{id=\"1\"}}: {target}: answered method=\"GET\" status=200\n"));
    }

    #[test]
    fn text_is_quoted_so_that_it_can_be_read_again() {
        let line = logged(|| tracing::info!(plain = "a b", quoted = r#"say "a\b""#, foreign = "Zoë", empty = "", "text"));
        assert!(line.contains(r#"plain="a b" quoted="say \"a\\b\"" foreign="Zoë" empty="""#), "{line}");
    }

    #[test]
    fn o24_nothing_breaks_out_of_its_line() {
        let forged = "\n2026 \u{1b}[31m";
        let line = logged(|| tracing::warn!(quoted = forged, shown = %forged, "{forged}"));
        assert!(line.ends_with('\n') && !line.trim_end_matches('\n').contains(char::is_control), "{line:?}");
    }
}
