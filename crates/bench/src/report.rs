//! The figures, one a line: `name value unit`. Lines that begin with `#` are for people.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::load::Figures;

/// Every figure so far, by name.
#[derive(Default)]
pub(crate) struct Report {
    figures: BTreeMap<String, f64>,
    errors: usize,
}

/// Figures that are to be reached, at 8 connections on SQLite.
const TARGETS: [(&str, f64); 24] = [
    ("discovery_sqlite_c8_cpu_us", 12.0),
    ("jwks_sqlite_c8_cpu_us", 12.0),
    ("sign_in_page_sqlite_c8_cpu_us", 100.0),
    ("client_credentials_jwt_sqlite_c8_cpu_us", 50.0),
    ("client_credentials_opaque_sqlite_c8_cpu_us", 110.0),
    ("code_flow_es256_sqlite_c8_cpu_us", 250.0),
    ("code_flow_rs256_sqlite_c8_cpu_us", 500.0),
    ("userinfo_sqlite_c8_cpu_us", 50.0),
    ("introspect_sqlite_c8_cpu_us", 50.0),
    ("refresh_sqlite_c8_cpu_us", 150.0),
    ("record_lookup_sqlite_p99_us", 20_000.0),
    ("record_lookup_postgres_p99_us", 20_000.0),
    ("rss_idle_sqlite", 25.0),
    ("rss_idle_postgres", 25.0),
    ("rss_peak_sqlite", 80.0),
    ("rss_peak_postgres", 80.0),
    ("recovery_codes_parallel_sqlite_rss_peak", 114.4),
    ("recovery_codes_parallel_postgres_rss_peak", 114.4),
    ("recovery_codes_parallel_sqlite_code_flow_p99_growth", 1.5),
    ("recovery_codes_parallel_postgres_code_flow_p99_growth", 1.5),
    ("backchannel_logout_sqlite_worst", 2_000.0),
    ("backchannel_logout_postgres_worst", 2_000.0),
    ("ready_sqlite", 50.0),
    ("ready_postgres", 50.0),
];

/// The most that a figure may grow with a full database.
const GROWTH: f64 = 4.0 / 3.0;

impl Report {
    /// Adds a figure and prints its line.
    pub(crate) fn add(&mut self, name: &str, value: f64, unit: &str) {
        let digits = usize::from(value < 100.0);
        println!("{name} {value:.digits$} {unit}");
        self.figures.insert(name.to_owned(), value);
    }

    /// Adds so much memory, in KiB.
    #[expect(clippy::cast_precision_loss, reason = "memory in MiB needs no 53 bits")]
    pub(crate) fn add_memory(&mut self, name: &str, kibibytes: u64) {
        self.add(name, kibibytes as f64 / 1024.0, "MiB");
    }

    /// Adds what a scenario cost; `name` says which, on what database, at how many connections,
    /// `suffix` what else is special.
    pub(crate) fn add_load(&mut self, name: &str, suffix: &str, figures: &Figures) {
        self.add(
            &format!("{name}_cpu_us{suffix}"),
            microseconds(figures.cpu),
            "us",
        );
        self.add(
            &format!("{name}_p50_us{suffix}"),
            microseconds(figures.p50),
            "us",
        );
        self.add(
            &format!("{name}_p99_us{suffix}"),
            microseconds(figures.p99),
            "us",
        );
        println!("{name}_rate{suffix} {:.0} per_s", figures.rate);
        println!("{name}_errors{suffix} {} count", figures.errors);
        if let Some(error) = &figures.first_error {
            println!("# {name}: {error}");
        }
        self.errors += figures.errors;
    }

    /// Prints how much each figure of a database grew between a name and the same name with a
    /// suffix.
    pub(crate) fn compare(&self, database: &str, suffix: &str) {
        for (name, full) in &self.figures {
            if !name.contains(&format!("_{database}")) {
                continue;
            }
            let Some(name) = name.strip_suffix(suffix) else {
                continue;
            };
            let Some(fresh) = self.figures.get(name).filter(|fresh| **fresh > 0.0) else {
                continue;
            };
            let ratio = full / fresh;
            let verdict = if ratio <= GROWTH {
                ""
            } else {
                "   # more than a third"
            };
            println!("{name}_growth {ratio:.2} ratio{verdict}");
        }
    }

    /// Prints which targets are met, of those that were measured.
    pub(crate) fn judge(&self) {
        for (name, target) in TARGETS {
            let Some(value) = self.figures.get(name) else {
                continue;
            };
            if *value <= target {
                println!("# met     {name}: {value:.1} of {target}");
            } else {
                println!(
                    "# MISSED  {name}: {value:.1} of {target}, by {:.1}",
                    value - target
                );
            }
        }
    }

    /// Operations that failed, of all scenarios.
    pub(crate) fn errors(&self) -> usize {
        self.errors
    }
}

fn microseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_all_scenarios_add_up() {
        let mut report = Report::default();
        for errors in [1, 2] {
            let figures = Figures {
                cpu: Duration::from_micros(9),
                p50: Duration::ZERO,
                p99: Duration::ZERO,
                rate: 1.0,
                errors,
                first_error: None,
            };
            report.add_load("discovery_sqlite_c8", "", &figures);
        }

        assert_eq!(report.errors(), 3);
        assert!((report.figures["discovery_sqlite_c8_cpu_us"] - 9.0).abs() < 1e-6);
    }
}
