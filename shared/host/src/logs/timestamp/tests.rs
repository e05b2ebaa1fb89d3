use super::*;

#[test]
fn time_is_utc_with_microseconds() {
    let (mut first, mut second, mut theirs) = (String::new(), String::new(), String::new());
    write(&mut first).expect("written");
    write(&mut second).expect("written");
    Formatter.format_time(&mut Writer::new(&mut theirs)).expect("written");
    assert_eq!((first.len(), first.chars().last(), &first[10..11]), (theirs.len(), Some('Z'), "T"));
    assert!(first <= second && second <= theirs, "{first} {second} {theirs}");
}
