//! Which addresses belong to the public Internet. Follows IANA's registries of special addresses; knows no name.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether a stranger may have the gateway connect there.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [first, second, third, _] = address.octets();
    let is_shared = first == 100 && (64..128).contains(&second);
    let is_protocol = (first, second, third) == (192, 0, 0);
    let is_benchmark = first == 198 && (second == 18 || second == 19);
    let is_relay = (first, second, third) == (192, 88, 99);
    // Azure's wire server answers to every virtual machine.
    let is_azure_host = address == Ipv4Addr::new(168, 63, 129, 16);
    let is_special = address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_documentation();
    let is_reserved = first == 0 || first >= 240;
    !(is_shared || is_protocol || is_benchmark || is_relay || is_azure_host || is_special || is_reserved)
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    if let Some(inner) = inner_v4(address) {
        return is_public_v4(inner);
    }
    let is_global_unicast = first & 0xe000 == 0x2000;
    let is_documentation = (first, second) == (0x2001, 0x0db8) || first == 0x3fff;
    let is_protocol = first == 0x2001 && second < 0x0200;
    is_global_unicast && !is_documentation && !is_protocol
}

/// The IPv4 address that an IPv6 address stands for: mapped, compatible, NAT64 or 6to4.
fn inner_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let segments = address.segments();
    let of = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match segments {
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0, 0, 0, 0, 0xffff, 0, high, low] => Some(of(high, low)),
        [0x0064, 0xff9b, 0, 0, 0, 0, high, low] | [0x0064, 0xff9b, 1, _, _, _, high, low] => Some(of(high, low)),
        [0x2002, high, low, ..] => Some(of(high, low)),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
