//! Where a request really comes from: `X-Forwarded-*` and `X-Request-Id` are believed only from
//! the configured proxies.

use std::net::IpAddr;

use actix_web::HttpMessage as _;
use actix_web::dev::ServiceRequest;
use actix_web::http::header::{
    FORWARDED, HeaderMap, HeaderName, X_FORWARDED_FOR, X_FORWARDED_HOST, X_FORWARDED_PROTO,
};
use ipnet::IpNet;
use model::ClientAddress;

use crate::request_id::RequestId;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What only a trusted proxy may say; from anybody else it is removed, so that nothing further
/// inside can believe it by mistake.
const PROXY_HEADERS: [HeaderName; 5] = [
    X_FORWARDED_FOR,
    X_FORWARDED_PROTO,
    X_FORWARDED_HOST,
    FORWARDED,
    REQUEST_ID,
];

/// The proxies in front of this server.
#[derive(Clone, Debug, Default)]
pub struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    /// Trusts the proxies in these networks.
    #[must_use]
    pub fn new(networks: Vec<IpNet>) -> Self {
        Self(networks)
    }

    /// Stores the [`ClientAddress`] in the request's extensions, removes what a stranger may not
    /// say, and returns the request's id.
    pub(crate) fn admit(&self, request: &mut ServiceRequest) -> RequestId {
        let peer = request.peer_addr().map(|peer| peer.ip().to_canonical());
        let is_trusted = peer.is_some_and(|peer| self.trusts(peer));
        let client = match peer {
            Some(peer) if is_trusted => Some(self.client_behind(peer, request.headers())),
            peer => peer,
        };
        if let Some(client) = client {
            request.extensions_mut().insert(ClientAddress::new(client));
        }
        if !is_trusted {
            for header in PROXY_HEADERS {
                request.headers_mut().remove(header);
            }
            return RequestId::mint();
        }
        let given = request
            .headers()
            .get(REQUEST_ID)
            .and_then(|id| id.to_str().ok());
        given
            .and_then(RequestId::parse)
            .unwrap_or_else(RequestId::mint)
    }

    /// Whether nobody between the client and us can read along, as far as we can tell: it came by
    /// our own TLS, from this machine, or from a proxy, which answers for what is before it.
    pub(crate) fn vouch_for(&self, request: &ServiceRequest) -> bool {
        let peer = request.peer_addr().map(|peer| peer.ip().to_canonical());
        request.app_config().secure()
            || peer.is_none_or(|peer| peer.is_loopback() || self.trusts(peer))
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }

    /// Walks from the nearest proxy outwards while the speaker is trusted. What the last trusted
    /// one says is the client; where it says nothing readable, it stands for the client itself.
    fn client_behind(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let lines: Vec<&str> = headers
            .get_all(X_FORWARDED_FOR)
            .map(|line| line.to_str().unwrap_or("?"))
            .collect();
        let hops = lines.iter().rev().flat_map(|line| line.rsplit(','));
        let mut client = peer;
        for hop in hops {
            let Some(address) = parse_hop(hop.trim()) else {
                break;
            };
            client = address;
            if !self.trusts(address) {
                break;
            }
        }
        client
    }
}

/// An address, alone or with a port: `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]:80`.
fn parse_hop(hop: &str) -> Option<IpAddr> {
    let address = hop.parse::<IpAddr>().ok();
    let with_port = || {
        hop.parse()
            .map(|socket: std::net::SocketAddr| socket.ip())
            .ok()
    };
    let in_brackets = || hop.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    address
        .or_else(with_port)
        .or_else(in_brackets)
        .map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn proxies() -> TrustedProxies {
        TrustedProxies::new(vec![
            "10.0.0.0/8".parse().unwrap(),
            "fd00::/8".parse().unwrap(),
        ])
    }

    /// The client that is found for a request of `peer` with these header lines.
    fn client(peer: &str, lines: &[&str]) -> String {
        let mut request = TestRequest::default().peer_addr(format!("{peer}:1234").parse().unwrap());
        for line in lines {
            request = request.append_header((X_FORWARDED_FOR, *line));
        }
        let mut request = request.to_srv_request();
        proxies().admit(&mut request);
        let found = *request.extensions().get::<ClientAddress>().unwrap();
        let all = [
            "10.0.0.1",
            "10.0.0.2",
            "192.0.2.1",
            "192.0.2.2",
            "203.0.113.9",
            "2001:db8::1",
        ];
        let known = |address: &&&str| found == ClientAddress::new(address.parse().unwrap());
        all.iter()
            .find(known)
            .map_or_else(|| "another".to_owned(), ToString::to_string)
    }

    #[test]
    fn a_strangers_word_about_its_origin_is_ignored() {
        assert_eq!(client("192.0.2.1", &["203.0.113.9"]), "192.0.2.1");
    }

    #[test]
    fn a_trusted_proxys_word_is_taken() {
        assert_eq!(client("10.0.0.1", &["192.0.2.1"]), "192.0.2.1");
        assert_eq!(client("10.0.0.1", &["192.0.2.1:4711"]), "192.0.2.1");
        assert_eq!(client("10.0.0.1", &["[2001:db8::1]:4711"]), "2001:db8::1");
        assert_eq!(client("[fd00::1]", &["192.0.2.1"]), "192.0.2.1");
        assert_eq!(
            client("[::ffff:10.0.0.1]", &["::ffff:192.0.2.1"]),
            "192.0.2.1"
        );
    }

    #[test]
    fn what_the_client_wrote_before_the_proxies_is_not_believed() {
        assert_eq!(
            client("10.0.0.1", &["203.0.113.9, 192.0.2.1, 10.0.0.2"]),
            "192.0.2.1"
        );
        assert_eq!(
            client("10.0.0.1", &["203.0.113.9", "192.0.2.1", "10.0.0.2"]),
            "192.0.2.1"
        );
    }

    #[test]
    fn an_unreadable_hop_ends_the_walk_at_the_proxy_that_wrote_it() {
        assert_eq!(client("10.0.0.1", &["203.0.113.9, unknown"]), "10.0.0.1");
        assert_eq!(
            client("10.0.0.1", &["203.0.113.9, unknown, 10.0.0.2"]),
            "10.0.0.2"
        );
        assert_eq!(client("10.0.0.1", &[]), "10.0.0.1");
    }

    #[test]
    fn plain_text_is_vouched_for_on_this_machine_and_behind_the_proxies_only() {
        let vouched = |peer: &str| {
            let request = TestRequest::default().peer_addr(peer.parse().unwrap());
            proxies().vouch_for(&request.to_srv_request())
        };

        for peer in [
            "127.0.0.1:1",
            "[::1]:1",
            "10.0.0.1:1",
            "[::ffff:10.0.0.1]:1",
        ] {
            assert!(vouched(peer), "{peer}");
        }
        for peer in ["192.0.2.1:1", "[2001:db8::1]:1", "11.0.0.1:1"] {
            assert!(!vouched(peer), "{peer}");
        }
    }

    #[test]
    fn a_stranger_can_neither_forward_nor_name_its_request() {
        let request = |peer: &str| {
            let mut request = TestRequest::default()
                .peer_addr(peer.parse().unwrap())
                .insert_header(("X-Forwarded-Proto", "https"))
                .insert_header(("X-Forwarded-Host", "evil.example"))
                .insert_header(("Forwarded", "host=evil.example"))
                .insert_header(("X-Request-Id", "chosen-by-the-peer"))
                .to_srv_request();
            let id = proxies().admit(&mut request).to_string();
            (
                id,
                request.headers().len(),
                request.connection_info().host().to_owned(),
            )
        };

        let (id, headers, host) = request("192.0.2.1:1");
        assert_ne!(id, "chosen-by-the-peer");
        assert_eq!((headers, host.as_str()), (0, "localhost:8080"));

        let (id, headers, host) = request("10.0.0.1:1");
        assert_eq!(id, "chosen-by-the-peer");
        assert_eq!((headers, host.as_str()), (4, "evil.example"));
    }
}
