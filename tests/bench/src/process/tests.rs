use super::{resident_kib, ticks};

#[test]
fn ticks_are_user_and_system_time() {
    let check = |stat: &str, expected: Option<u64>| assert_eq!(ticks(stat), expected, "{stat}");
    check("7 (a) b) S 1 7 7 0 -1 4194304 100 0 0 0 52 3 0 0 20 0 1 0 99 0 0", Some(55));
    check("7 (cut off", None);
}

#[test]
fn resident_memory_is_read_in_kib() {
    assert_eq!(resident_kib("VmHWM:\t 900 kB\nVmRSS:\t    812 kB\n"), Some(812));
    assert_eq!(resident_kib("Name: x\n"), None);
}
