//! The numbers beside their targets. Knows not how they were measured.

use crate::measure::Sample;
use crate::statistics::median;
use std::fmt;

const MIB: f64 = 1_048_576.0;

/// Medians of one target in one scenario.
pub struct Scenario {
    cpu_us_per_request: f64,
    cpu_us_per_chunk: f64,
    requests_per_s: f64,
    p50_ms: f64,
    p99_ms: f64,
    idle_mib: f64,
    resident_mib: f64,
}

impl Scenario {
    pub fn new(samples: &[Sample], idle_bytes: u64) -> Self {
        let middle = |number: fn(&Sample) -> f64| median(&samples.iter().map(number).collect::<Vec<_>>());
        Self {
            cpu_us_per_request: middle(Sample::cpu_us_per_request),
            cpu_us_per_chunk: middle(Sample::cpu_us_per_chunk),
            requests_per_s: middle(|sample| sample.requests / sample.elapsed_ms * 1e3),
            p50_ms: middle(|sample| sample.p50_ms),
            p99_ms: middle(|sample| sample.p99_ms),
            idle_mib: idle_bytes as f64 / MIB,
            resident_mib: middle(|sample| sample.resident_max_bytes as f64) / MIB,
        }
    }
}

/// Every scenario, the bare proxy's numbers first.
pub struct Report {
    pub starts_ms: [f64; 2],
    pub whole: [Scenario; 2],
    pub stream: [Scenario; 2],
    pub many: [Scenario; 2],
    /// The gateway alone, governed on SQLite, and governed in memory.
    pub governed: [Scenario; 3],
}

/// What a row's target is a limit on.
enum Limit {
    Ratio(f64),
    Value(f64),
    /// Shown for comparison only.
    None,
}

struct Row {
    name: &'static str,
    bare: f64,
    gateway: f64,
    limit: Limit,
}

impl Row {
    fn of(name: &'static str, scenario: &[Scenario; 2], number: fn(&Scenario) -> f64, limit: Limit) -> Self {
        Self { name, bare: number(&scenario[0]), gateway: number(&scenario[1]), limit }
    }

    fn ratio(&self) -> f64 {
        self.gateway / self.bare
    }

    /// Nothing where there is no target; otherwise whether it is met.
    fn passes(&self) -> Option<bool> {
        match self.limit {
            Limit::Ratio(most) => Some(self.ratio() <= most),
            Limit::Value(most) => Some(self.gateway < most),
            Limit::None => None,
        }
    }

    fn verdict(&self) -> String {
        let word = |passes: Option<bool>| if passes == Some(true) { "PASS" } else { "FAIL" };
        match self.limit {
            Limit::Ratio(most) => format!("{} (at most {most:.2} x)", word(self.passes())),
            Limit::Value(most) => format!("{} (below {most})", word(self.passes())),
            Limit::None => String::new(),
        }
    }
}

impl Report {
    /// Whether every target is met.
    pub fn passes(&self) -> bool {
        self.rows().iter().all(|row| row.passes() != Some(false))
    }

    fn governed(&self, name: &'static str, place: usize) -> Row {
        let cpu = |place: usize| self.governed[place].cpu_us_per_request;
        Row { name, bare: cpu(0), gateway: cpu(place), limit: Limit::Ratio(1.5) }
    }

    fn rows(&self) -> Vec<Row> {
        let [bare_start, gateway_start] = self.starts_ms;
        vec![
            Row::of("CPU per request, us", &self.whole, |s| s.cpu_us_per_request, Limit::Ratio(1.6)),
            self.governed("CPU governed on SQLite, us *", 1),
            self.governed("CPU governed in memory, us *", 2),
            Row::of("requests a second", &self.whole, |s| s.requests_per_s, Limit::None),
            Row::of("CPU per paced chunk, us", &self.stream, |s| s.cpu_us_per_chunk, Limit::Ratio(1.4)),
            Row::of("p50 at 1,000 connections, ms", &self.many, |s| s.p50_ms, Limit::None),
            Row::of("p99 at 1,000 connections, ms", &self.many, |s| s.p99_ms, Limit::Ratio(1.2)),
            Row::of("memory idle, MiB", &self.whole, |s| s.idle_mib, Limit::Value(15.0)),
            Row::of("memory at 1,000 connections, MiB", &self.many, |s| s.resident_mib, Limit::Value(60.0)),
            Row {
                name: "start to first answer, ms",
                bare: bare_start,
                gateway: gateway_start,
                limit: Limit::Value(25.0),
            },
        ]
    }
}

impl fmt::Display for Report {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "{:34}{:>10}{:>10}{:>8}", "medians", "bare", "tollgate", "ratio")?;
        for row in self.rows() {
            let verdict = row.verdict();
            writeln!(out, "{:34}{:>10.2}{:>10.2}{:>8.2}  {verdict}", row.name, row.bare, row.gateway, row.ratio())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
