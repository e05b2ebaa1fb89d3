//! A range of addresses: one, or all that begin alike (RFC 4632, RFC 4291).

use std::net::IpAddr;

/// An address, or a range such as `10.0.0.0/8` or `fd00::/8`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    /// Its first bits as written; the others do not matter.
    bits: u128,
    mask: u128,
    is_v4: bool,
}

impl Network {
    /// `None` where the text is neither. Bits behind the prefix may be set, as with LiteLLM's trusted proxies.
    pub fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = match text.trim().split_once('/') {
            Some((address, prefix)) if prefix.bytes().all(|byte| byte.is_ascii_digit()) => {
                (address, Some(prefix.parse::<u32>().ok()?))
            }
            Some(_) => return None,
            None => (text.trim(), None),
        };
        let written: IpAddr = address.parse().ok()?;
        let canonical = written.to_canonical();
        let (bits, width) = bits(canonical);
        // `::ffff:10.0.0.0/104` is `10.0.0.0/8`.
        let lost = if written.is_ipv6() && canonical.is_ipv4() { 96 } else { 0 };
        let prefix = prefix.map_or(Some(width), |prefix| prefix.checked_sub(lost)).filter(|prefix| *prefix <= width)?;
        let mask = if prefix == 0 { 0 } else { u128::MAX << (width - prefix) };
        Some(Self { bits: bits & mask, mask, is_v4: canonical.is_ipv4() })
    }

    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        let (bits, _) = bits(address);
        address.is_ipv4() == self.is_v4 && bits & self.mask == self.bits
    }
}

fn bits(address: IpAddr) -> (u128, u32) {
    match address {
        IpAddr::V4(address) => (u128::from(u32::from(address)), 32),
        IpAddr::V6(address) => (u128::from(address), 128),
    }
}
