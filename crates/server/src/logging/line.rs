//! The shape of a log line.

use std::cell::RefCell;
use std::fmt::{self, Write};

use chrono::DateTime;
use model::{Clock as _, SystemClock};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use crate::request_id;

/// How an event becomes a line.
///
/// JSON: `{"time":"..","level":"INFO","target":"..","request":"..","message":"..",..}`.
/// Text: the same in the same order, for reading.
#[derive(Clone, Copy, Debug)]
pub(super) enum Line {
    Json,
    Text,
}

impl<S, N> FormatEvent<S, N> for Line
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        _: &FmtContext<'_, S, N>,
        writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        self.write(writer, event)
    }
}

impl Line {
    fn write(self, mut out: impl Write, event: &Event<'_>) -> fmt::Result {
        let metadata = event.metadata();
        match self {
            Self::Json => {
                out.write_str("{\"time\":\"")?;
                write_now(&mut out)?;
                write!(out, "\",\"level\":\"{}\"", metadata.level())?;
                write!(out, ",\"target\":\"{}\"", metadata.target())?;
                if let Some(id) = request_id::current() {
                    write!(out, ",\"request\":\"{id}\"")?;
                }
                let mut fields = Fields {
                    out,
                    line: self,
                    result: Ok(()),
                };
                event.record(&mut fields);
                fields.result?;
                fields.out.write_str("}\n")
            }
            Self::Text => {
                write_now(&mut out)?;
                write!(out, " {:<5} {}", metadata.level(), metadata.target())?;
                if let Some(id) = request_id::current() {
                    write!(out, " request={id}")?;
                }
                let mut fields = Fields {
                    out,
                    line: self,
                    result: Ok(()),
                };
                event.record(&mut fields);
                fields.result?;
                fields.out.write_char('\n')
            }
        }
    }
}

/// Writes the time as `2026-11-22T16:20:01.123Z`.
///
/// Formatting a date costs more than the rest of a line; it is done once a second and thread.
fn write_now(out: &mut impl Write) -> fmt::Result {
    thread_local! {
        static SECOND: RefCell<(i64, String)> = const { RefCell::new((i64::MIN, String::new())) };
    }
    let now = SystemClock.now();
    SECOND.with_borrow_mut(|(second, text)| {
        if *second != now.seconds() {
            *second = now.seconds();
            text.clear();
            let date = DateTime::from_timestamp(*second, 0).unwrap_or_default();
            write!(text, "{}", date.format("%Y-%m-%dT%H:%M:%S"))?;
        }
        write!(out, "{text}.{:03}Z", now.millis().rem_euclid(1000))
    })
}

/// Writes an event's fields as they come.
struct Fields<W> {
    out: W,
    line: Line,
    result: fmt::Result,
}

impl<W: Write> Fields<W> {
    fn text(&mut self, field: &Field, value: fmt::Arguments<'_>) {
        self.field(field, |line, out| match line {
            Line::Json => {
                out.write_char('"')?;
                Escaped(out).write_fmt(value)?;
                out.write_char('"')
            }
            Line::Text => OneLine(out).write_fmt(value),
        });
    }

    fn plain(&mut self, field: &Field, value: impl fmt::Display) {
        self.field(field, |_, out| write!(out, "{value}"));
    }

    fn field(&mut self, field: &Field, value: impl FnOnce(Line, &mut W) -> fmt::Result) {
        if self.result.is_err() {
            return;
        }
        let name = field.name();
        let written = match self.line {
            Line::Json => write!(self.out, ",\"{name}\":"),
            Line::Text if name == "message" => self.out.write_char(' '),
            Line::Text => write!(self.out, " {name}="),
        };
        self.result = written.and_then(|()| value(self.line, &mut self.out));
    }
}

impl<W: Write> Visit for Fields<W> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.text(field, format_args!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.text(field, format_args!("{value}"));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.plain(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.plain(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.plain(field, value);
    }
}

/// Writes text inside a JSON string (RFC 8259 §7).
struct Escaped<'a, W>(&'a mut W);

impl<W: Write> Write for Escaped<'_, W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut rest = text;
        while let Some(at) = rest.find(|c: char| c == '"' || c == '\\' || c.is_control()) {
            let (plain, special) = rest.split_at(at);
            self.0.write_str(plain)?;
            let mut characters = special.chars();
            match characters.next() {
                Some(c @ ('"' | '\\')) => write!(self.0, "\\{c}")?,
                Some('\n') => self.0.write_str("\\n")?,
                Some(c) => write!(self.0, "\\u{:04x}", u32::from(c))?,
                None => {}
            }
            rest = characters.as_str();
        }
        self.0.write_str(rest)
    }
}

/// Writes text without control characters, so that nobody can forge a line.
struct OneLine<'a, W>(&'a mut W);

impl<W: Write> Write for OneLine<'_, W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.chars().try_for_each(|c| {
            if c.is_control() {
                self.0.write_str(" ")
            } else {
                self.0.write_char(c)
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;

    fn logged(line: Line, log: impl FnOnce()) -> String {
        #[derive(Clone, Default)]
        struct Kept(Arc<Mutex<Vec<u8>>>);
        impl std::io::Write for Kept {
            fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
                self.0.lock().unwrap().extend_from_slice(bytes);
                Ok(bytes.len())
            }
            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }
        let kept = Kept::default();
        let writer = kept.clone();
        let layer = tracing_subscriber::fmt::layer()
            .event_format(line)
            .with_writer(move || writer.clone());
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), log);
        String::from_utf8(kept.0.lock().unwrap().clone()).unwrap()
    }

    #[test]
    fn a_json_line_is_one_object_whatever_is_in_it() {
        let line = logged(Line::Json, || {
            tracing::warn!(cause = %"a \"quote\"\nand\tmore \u{7f}", count = 3_u64, "a {}", "b\\c");
        });

        let object: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(object["level"], "WARN");
        assert_eq!(object["message"], "a b\\c");
        assert_eq!(object["cause"], "a \"quote\"\nand\tmore \u{7f}");
        assert_eq!(object["count"], 3);
        assert_eq!(line.lines().count(), 1);
        let time = object["time"].as_str().unwrap();
        assert!(DateTime::parse_from_rfc3339(time).is_ok(), "{time}");
    }

    #[test]
    fn a_text_line_stays_one_line() {
        let line = logged(Line::Text, || {
            tracing::info!(cause = "one\ntwo\u{1b}[31m", "message");
        });

        assert_eq!(line.lines().count(), 1);
        assert!(line.ends_with(" INFO  server::logging::line::tests message cause=one two [31m\n"));
    }
}
