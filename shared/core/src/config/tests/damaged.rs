//! 10,000 damaged configurations: none panics, none hangs, every refusal names its place.

use std::time::{Duration, Instant};

use super::fake::Fake;
use crate::config::{Environment, Mode, check};

const SEEDS: &[&str] = &[
    include_str!("seeds/minimal.yaml"),
    include_str!("seeds/many_providers.yaml"),
    include_str!("seeds/routing.yaml"),
    include_str!("seeds/caching.yaml"),
    include_str!("seeds/anchors.yaml"),
    include_str!("seeds/callbacks.yaml"),
    include_str!("seeds/enterprise.yaml"),
    include_str!("seeds/includes.yaml"),
    include_str!("seeds/flow_style.yaml"),
    include_str!("seeds/unicode.yaml"),
];
const CASES: usize = 10_000;
const PIECES: &[&str] = &[
    "\t",
    "\n",
    "\r\n",
    ": ",
    "- ",
    "? ",
    "[",
    "]",
    "{",
    "}",
    ",",
    "&a ",
    "*a",
    "<<: ",
    "!!str ",
    "!!int ",
    "|\n",
    ">-\n",
    "'",
    "\"",
    "#",
    "%",
    "@",
    "---\n",
    "...\n",
    "\0",
    "\u{feff}",
    "é",
    "os.environ/X",
    "include: [config.yaml]\n",
    "1e999",
    "0x",
    "99999999999999999999",
];

/// A generator of its own, so that a failing case can be run again by its number.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % bound.max(1) as u64) as usize
    }
}

fn damaged(case: usize) -> Vec<u8> {
    let mut random = Random(case as u64);
    let mut bytes = SEEDS[case % SEEDS.len()].as_bytes().to_vec();
    for _ in 0..=random.below(4) {
        if random.below(2) == 0 {
            damage_bytes(&mut bytes, &mut random);
        } else {
            damage_lines(&mut bytes, &mut random);
        }
    }
    bytes
}

fn damage_bytes(bytes: &mut Vec<u8>, random: &mut Random) {
    let place = random.below(bytes.len());
    match random.below(5) {
        0 => bytes.truncate(place),
        1 if !bytes.is_empty() => bytes[place] = random.below(256) as u8,
        2 if !bytes.is_empty() => drop(bytes.remove(place)),
        3 => {
            let end = (place + random.below(40)).min(bytes.len());
            drop(bytes.drain(place..end));
        }
        _ => {
            let piece = PIECES[random.below(PIECES.len())];
            drop(bytes.splice(place..place, piece.bytes()));
        }
    }
}

fn damage_lines(bytes: &mut Vec<u8>, random: &mut Random) {
    let mut lines: Vec<Vec<u8>> = bytes.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    let (one, other) = (random.below(lines.len()), random.below(lines.len()));
    match random.below(5) {
        0 => drop(lines.remove(one)),
        1 => lines.swap(one, other),
        2 => lines.insert(other, lines[one].clone()),
        3 => drop(lines[one].splice(0..0, b" ".repeat(random.below(6)))),
        _ => {
            let indent = lines[one].iter().take_while(|byte| **byte == b' ').count();
            drop(lines[one].drain(..indent.min(random.below(6))));
        }
    }
    *bytes = lines.join(&b'\n');
}

fn check_case(case: usize, fake: &Fake) {
    let mode = [Mode::Boot, Mode::BootStrict, Mode::Check, Mode::CheckStrict][case % 4];
    let begun = Instant::now();
    let report = check("config.yaml", fake, mode);
    assert!(begun.elapsed() < Duration::from_secs(1), "case {case} took {:?}", begun.elapsed());
    for notice in &report.notices {
        assert!(fake.exists(&notice.file) && notice.line >= 1 && notice.column >= 1, "case {case}: {notice:?}");
        assert!(!notice.message.is_empty() && !notice.message.ends_with('.'), "case {case}: {notice:?}");
    }
    let refused = report.notices.iter().any(|notice| notice.severity == crate::config::Severity::Error);
    assert_eq!(refused, report.verdict == crate::config::Verdict::Errors, "case {case}");
    assert!(serde_json::to_string(&report).is_ok());
}

#[test]
fn no_damage_to_a_file_panics_or_hangs() {
    let begun = Instant::now();
    let mut refused = 0;
    for case in 0..CASES {
        let fake = Fake::with("config.yaml", damaged(case)).and("models.yaml", SEEDS[0]).set("OPENAI_API_KEY", "sk");
        check_case(case, &fake);
        refused += usize::from(fake.load(Mode::Boot).is_err());
    }
    // Damage that is never noticed, or always fatal, would test little.
    assert!((1_000..9_500).contains(&refused), "{refused}");
    assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", begun.elapsed());
}

#[test]
fn the_undamaged_files_are_served() {
    for seed in SEEDS {
        let fake = Fake::with("config.yaml", *seed).and("models.yaml", SEEDS[0]).set("OPENAI_API_KEY", "sk");
        let loaded = fake.load(Mode::BootStrict).unwrap_or_else(|refusal| panic!("{refusal}"));
        assert!(!loaded.config.models.is_empty());
    }
}
