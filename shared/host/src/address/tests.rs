use super::*;

fn check(text: &str, expected: bool) {
    let address: IpAddr = text.parse().expect("an address");
    assert_eq!(is_public(address), expected, "{text}");
}

#[test]
fn addresses_of_the_internet_are_public() {
    for text in ["1.1.1.1", "8.8.8.8", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "2a00:1450::1"] {
        check(text, true);
    }
}

#[test]
fn addresses_of_machines_and_their_networks_are_not() {
    let private = [
        "0.0.0.0",
        "10.1.2.3",
        "100.64.0.1",
        "127.0.0.1",
        "169.254.169.254",
        "172.16.0.1",
        "192.0.0.192",
        "192.168.1.1",
        "198.18.0.1",
        "168.63.129.16",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
    ];
    for text in private {
        check(text, false);
        check(&format!("::ffff:{text}"), false);
        check(&format!("64:ff9b::{text}"), false);
    }
    for text in
        ["::", "::1", "fe80::1", "fc00::1", "fd00:ec2::254", "ff02::1", "2001:db8::1", "2002:7f00:1::", "2001::1"]
    {
        check(text, false);
    }
}
