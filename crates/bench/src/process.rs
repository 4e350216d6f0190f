//! What a running process costs, as `/proc` tells it.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::time::Duration;

/// A process by its id.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Process(pub(crate) u32);

/// The processor time that a process has used up to some moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct CpuTime {
    /// Nanoseconds of each living thread, by thread id.
    threads: BTreeMap<u32, u64>,
    /// Of the whole process, ended threads too, to the clock tick.
    ticks: u64,
}

/// Clock ticks a second; Linux shows 100 to user space on every platform.
const TICKS_PER_SECOND: u64 = 100;

impl CpuTime {
    /// The time used since an earlier reading.
    ///
    /// Exact to the nanosecond while no thread ended in between; the time of a thread that ended
    /// is lost to its own count, so then it is exact to the clock tick.
    pub(crate) fn since(&self, earlier: &Self) -> Duration {
        let has_lost_one = earlier
            .threads
            .keys()
            .any(|thread| !self.threads.contains_key(thread));
        if has_lost_one {
            let ticks = self.ticks.saturating_sub(earlier.ticks);
            return Duration::from_millis(ticks * (1000 / TICKS_PER_SECOND));
        }
        let nanoseconds = |time: &Self| time.threads.values().sum::<u64>();
        Duration::from_nanos(nanoseconds(self).saturating_sub(nanoseconds(earlier)))
    }
}

impl Process {
    /// Processor time used up to now.
    ///
    /// # Errors
    ///
    /// The process has ended.
    pub(crate) fn cpu_time(self) -> io::Result<CpuTime> {
        let mut threads = BTreeMap::new();
        for entry in fs::read_dir(format!("/proc/{}/task", self.0))? {
            let entry = entry?;
            // A thread may end between the listing and the reading.
            let Ok(text) = fs::read_to_string(entry.path().join("schedstat")) else {
                continue;
            };
            let thread = entry
                .file_name()
                .to_string_lossy()
                .parse()
                .map_err(io::Error::other)?;
            threads.insert(
                thread,
                run_time(&text).ok_or_else(|| io::Error::other(text.clone()))?,
            );
        }
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.0))?;
        let ticks = cpu_ticks(&stat).ok_or_else(|| io::Error::other(stat.clone()))?;
        Ok(CpuTime { threads, ticks })
    }

    /// Memory in use now, in KiB.
    ///
    /// # Errors
    ///
    /// The process has ended.
    pub(crate) fn resident(self) -> io::Result<u64> {
        self.status("VmRSS:")
    }

    /// The most memory that was ever in use, in KiB.
    ///
    /// # Errors
    ///
    /// The process has ended.
    pub(crate) fn most_resident(self) -> io::Result<u64> {
        self.status("VmHWM:")
    }

    fn status(self, field: &str) -> io::Result<u64> {
        let text = fs::read_to_string(format!("/proc/{}/status", self.0))?;
        kibibytes(&text, field).ok_or_else(|| io::Error::other(format!("no {field}")))
    }
}

/// The first number of a `schedstat` line: nanoseconds on a processor.
fn run_time(schedstat: &str) -> Option<u64> {
    schedstat.split_whitespace().next()?.parse().ok()
}

/// `utime` and `stime` of a `stat` line, the 14th and 15th field. The second, the program's name,
/// may hold spaces and parentheses, so counting begins after its last parenthesis.
fn cpu_ticks(stat: &str) -> Option<u64> {
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(user + system)
}

fn kibibytes(status: &str, field: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(field))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_time_is_read_past_a_name_with_parentheses() {
        let stat = "77 (a (b) c) S 1 77 77 0 -1 4194560 500 0 0 0 120 30 0 0 20 0 4 0 900 0 0";

        assert_eq!(cpu_ticks(stat), Some(150));
    }

    #[test]
    fn memory_is_read_by_its_field() {
        let status = "Name:\tx\nVmHWM:\t   20480 kB\nVmRSS:\t   10240 kB\n";

        assert_eq!(kibibytes(status, "VmHWM:"), Some(20_480));
        assert_eq!(kibibytes(status, "VmRSS:"), Some(10_240));
        assert_eq!(kibibytes(status, "VmSwap:"), None);
    }

    #[test]
    fn threads_that_live_count_to_the_nanosecond() {
        let earlier = CpuTime {
            threads: BTreeMap::from([(1, 1_000)]),
            ticks: 5,
        };
        let later = CpuTime {
            threads: BTreeMap::from([(1, 4_500), (2, 500)]),
            ticks: 9,
        };

        assert_eq!(later.since(&earlier), Duration::from_nanos(4_000));
    }

    #[test]
    fn a_thread_that_ended_leaves_the_whole_to_the_clock_ticks() {
        let earlier = CpuTime {
            threads: BTreeMap::from([(1, 1_000), (2, 9_000)]),
            ticks: 5,
        };
        let later = CpuTime {
            threads: BTreeMap::from([(1, 4_500)]),
            ticks: 9,
        };

        assert_eq!(later.since(&earlier), Duration::from_millis(40));
    }

    #[test]
    fn this_very_process_uses_time_and_memory() {
        let process = Process(std::process::id());
        let before = process.cpu_time().unwrap();

        let sum: u64 = (0..5_000_000_u64).map(std::hint::black_box).sum();

        assert!(sum > 0);
        assert!(process.cpu_time().unwrap().since(&before) > Duration::ZERO);
        assert!(process.resident().unwrap() > 0);
        assert!(process.most_resident().unwrap() >= process.resident().unwrap() / 2);
    }
}
