use super::open_files_max;

#[test]
fn the_soft_limit_of_open_files_is_read() {
    let check = |limits: &str, expected: u64| assert_eq!(open_files_max(limits), expected, "{limits}");
    check("Limit  Soft Limit  Hard Limit  Units\nMax open files            1024      4096      files\n", 1024);
    check("Max open files            unlimited      unlimited      files\n", u64::MAX);
    check("", u64::MAX);
}
