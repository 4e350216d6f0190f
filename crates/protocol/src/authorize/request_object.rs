//! `request` and `request_uri`: what a client signed, put in the place of parameters (OpenID
//! Connect Core §6, RFC 9101 §5).
//!
//! It is read once, when the request comes. Everything after that, the proof of the redirect URI,
//! the interaction and its end, sees plain parameters: so an object may expire while its person
//! answers, is fetched once, and does not depend on keys that change meanwhile.

use std::collections::BTreeSet;

use model::Client;
use model::raw_pairs::{RawPairs, Repeated};
use url::Url;

use crate::authorize::error::Refusal;
use crate::outbound::FetchError;
use crate::provider::Provider;
use crate::request_object::{self, InvalidRequestObject};

/// The two ways in which an object comes; they exclude each other (OpenID Connect Core §6.1).
const CARRIERS: [&str; 2] = ["request", "request_uri"];

/// Parameters that have to say the same in both places (OpenID Connect Core §6.1, RFC 9101 §5).
const SAME_IN_BOTH: [&str; 2] = ["client_id", "response_type"];

/// How the object came.
#[derive(Clone, Copy)]
enum Carrier<'a> {
    Value(&'a str),
    Reference(&'a str),
}

/// Whether a request has an object.
pub(crate) fn is_in(pairs: &RawPairs) -> bool {
    pairs
        .iter()
        .any(|(name, value)| CARRIERS.contains(&name) && !value.is_empty())
}

/// The parameters of a request with what its object says in their place.
///
/// What the object says wins. What it does not say may stand beside it where the request is one
/// of OAuth 2.0 too, as OpenID Connect Core §6.1 has it; where there is no `response_type` outside
/// it is a request of RFC 9101, whose §6.3 lets only the object speak. A parameter that is
/// repeated outside stays repeated, so that it is refused.
pub(crate) async fn resolve(
    provider: &Provider,
    client: &Client,
    pairs: &RawPairs,
) -> Result<RawPairs, Refusal> {
    let carrier = Carrier::of(pairs)?;
    let fetched;
    let object = match carrier {
        Carrier::Value(object) => object,
        Carrier::Reference(uri) => {
            fetched = fetch(provider, client, uri).await?;
            fetched.trim()
        }
    };
    let (keys, issuer) = (&provider.client_keys, provider.issuer.as_str());
    let now = provider.store.clock().now();
    let object = request_object::verify(object, client, keys, issuer, now)
        .await
        .map_err(|invalid| carrier.refused(invalid))?;
    for name in SAME_IN_BOTH {
        if !is_same_in_both(name, pairs, &object.parameters) {
            return Err(carrier.invalid(&format!("its {name} is not that of the request")));
        }
    }
    Ok(merged(pairs, object.parameters))
}

impl<'a> Carrier<'a> {
    fn of(pairs: &'a RawPairs) -> Result<Self, Refusal> {
        let once = |name| {
            pairs.one(name).map_err(|Repeated(name)| {
                Refusal::invalid_request(format!("The parameter {name} is repeated."))
            })
        };
        match (once("request")?, once("request_uri")?) {
            (Some(object), None) => Ok(Self::Value(object)),
            (None, Some(uri)) => Ok(Self::Reference(uri)),
            _ => Err(Refusal::invalid_request(
                "The parameters request and request_uri exclude each other.",
            )),
        }
    }

    fn refused(self, invalid: InvalidRequestObject) -> Refusal {
        match (invalid, self) {
            (InvalidRequestObject::Unsigned, Self::Value(_)) => Refusal::new(
                "request_not_supported",
                "A request object has to be signed.",
            ),
            (InvalidRequestObject::Unsigned, Self::Reference(_)) => Refusal::new(
                "request_uri_not_supported",
                "A request object has to be signed.",
            ),
            (invalid, carrier) => carrier.invalid(&invalid.to_string()),
        }
    }

    /// `invalid_request_uri` is also for a reference to what is invalid (OpenID Connect Core
    /// §3.1.2.6).
    fn invalid(self, why: &str) -> Refusal {
        match self {
            Self::Value(_) => Refusal::new(
                "invalid_request_object",
                format!("The request object is refused: {why}."),
            ),
            Self::Reference(_) => Refusal::new(
                "invalid_request_uri",
                format!("The request object at the request_uri is refused: {why}."),
            ),
        }
    }
}

/// What stands at a URI that the client registered, compared with its fragment and asked for
/// without it (OpenID Connect Core §6.2). It is asked for each time: what is there may change.
async fn fetch(provider: &Provider, client: &Client, uri: &str) -> Result<String, Refusal> {
    let invalid = |description: String| Refusal::new("invalid_request_uri", description);
    let registered = Url::parse(uri)
        .ok()
        .filter(|uri| client.settings.request_uris.contains(uri));
    let Some(mut url) = registered else {
        return Err(invalid(
            "The request_uri is not one that this client registered.".to_owned(),
        ));
    };
    url.set_fragment(None);
    let unread = |why: FetchError| {
        invalid(format!(
            "The request object at the request_uri could not be read: {why}."
        ))
    };
    let body = provider.request_objects.fetch(&url).await.map_err(unread)?;
    // What is no text is no JWS either, and is refused as such.
    Ok(String::from_utf8(body).unwrap_or_default())
}

/// `client_id` has to be outside, where the client was found by it; either may be left out inside.
pub(super) fn is_same_in_both(name: &str, outside: &RawPairs, inside: &[(String, String)]) -> bool {
    let Some(outside) = outside.first(name).filter(|value| !value.is_empty()) else {
        return true;
    };
    // The words of a response type are in no order (RFC 6749 §3.1.1).
    let is_same = |value: &str| match name {
        "response_type" => words(value) == words(outside),
        _ => value == outside,
    };
    inside
        .iter()
        .filter(|(it, _)| it == name)
        .all(|(_, value)| is_same(value))
}

fn words(value: &str) -> BTreeSet<&str> {
    value.split(' ').collect()
}

fn merged(outside: &RawPairs, inside: Vec<(String, String)>) -> RawPairs {
    let is_inside = |name: &str| inside.iter().any(|(it, _)| it == name);
    let times = |name: &str| outside.iter().filter(|(it, _)| *it == name).count();
    let speaks_outside = outside
        .first("response_type")
        .is_some_and(|value| !value.is_empty());
    let kept = outside.iter().filter(|(name, _)| match *name {
        name if CARRIERS.contains(&name) => false,
        name if name == "client_id" || times(name) > 1 => true,
        name => speaks_outside && !is_inside(name),
    });
    let kept: Vec<(String, String)> = kept
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let inside = inside.into_iter().filter(|(name, _)| name != "client_id");
    kept.into_iter().chain(inside).collect()
}
