//! Where a request comes from, as far as limits need to know.

use std::fmt;
use std::net::IpAddr;

/// The address of the client behind any trusted proxies, found in the extensions of every request.
///
/// It is personal data: it prints masked and is stored only as a keyed digest of
/// [`limit_subject`](Self::limit_subject).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ClientAddress(IpAddr);

impl ClientAddress {
    /// The client at that address.
    #[must_use]
    pub const fn new(address: IpAddr) -> Self {
        Self(address)
    }

    /// What is counted together: a whole IPv4 address (4 bytes), or the 64-bit network of an IPv6
    /// address (8 bytes), within which one client may take any address it likes.
    #[must_use]
    pub fn limit_subject(self) -> Vec<u8> {
        match self.0.to_canonical() {
            IpAddr::V4(address) => address.octets().to_vec(),
            IpAddr::V6(address) => address.octets().into_iter().take(8).collect(),
        }
    }
}

impl fmt::Debug for ClientAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientAddress(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject(address: &str) -> Vec<u8> {
        ClientAddress::new(address.parse().unwrap()).limit_subject()
    }

    #[test]
    fn addresses_of_one_ipv6_network_are_counted_together() {
        assert_eq!(
            subject("2001:db8:1:2:3:4:5:6"),
            subject("2001:db8:1:2:ffff::1")
        );
        assert_ne!(subject("2001:db8:1:2::1"), subject("2001:db8:1:3::1"));
    }

    #[test]
    fn an_ipv4_address_is_the_same_however_it_is_written() {
        assert_eq!(subject("192.0.2.1"), subject("::ffff:192.0.2.1"));
        assert_ne!(subject("192.0.2.1"), subject("192.0.2.2"));
    }
}
