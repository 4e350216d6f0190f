//! Every value of the discovery document has a test that uses it. Whoever advertises more adds
//! the test, and names it here.

use std::collections::BTreeSet;
use std::path::Path;

use acceptance::App;
use serde_json::Value;

/// Member, values (parted by commas), and a test that uses them. `true`, `false` and addresses are
/// values, too; `{issuer}` stands for the beginning of the latter.
const EXERCISES: &[(&str, &str, &str)] = &[
    (
        "issuer",
        "{issuer}",
        "the_issuer_is_an_origin_without_a_trailing_slash",
    ),
    ("authorization_endpoint", "{issuer}/authorize", ENDPOINTS),
    ("token_endpoint", "{issuer}/token", ENDPOINTS),
    ("userinfo_endpoint", "{issuer}/userinfo", ENDPOINTS),
    ("jwks_uri", "{issuer}/jwks", ENDPOINTS),
    ("revocation_endpoint", "{issuer}/revoke", ENDPOINTS),
    ("introspection_endpoint", "{issuer}/introspect", ENDPOINTS),
    (
        "pushed_authorization_request_endpoint",
        "{issuer}/par",
        PUSHED,
    ),
    (
        "require_pushed_authorization_requests",
        "false",
        "who_need_not_push_is_answered_either_way_and_who_must_is_not",
    ),
    ("end_session_endpoint", "{issuer}/end-session", ENDPOINTS),
    (
        "check_session_iframe",
        "{issuer}/session/check",
        "the_check_may_be_framed_and_runs_one_script",
    ),
    ("backchannel_logout_supported", "true", BACK),
    ("backchannel_logout_session_supported", "true", BACK),
    ("frontchannel_logout_supported", "true", FRONT),
    ("frontchannel_logout_session_supported", "true", FRONT),
    ("service_documentation", "{issuer}/developers", ENDPOINTS),
    ("op_policy_uri", "{issuer}/privacy", ENDPOINTS),
    (
        "scopes_supported",
        "openid, profile, email, offline_access",
        "every_scope_releases_its_claims_and_offline_access_a_refresh_token",
    ),
    ("scopes_supported", "trn, national_insurance", TEACHERS),
    (
        "claims_supported",
        "iss, sub, aud, exp, iat, auth_time, nonce, acr, amr, sid, at_hash",
        ID_TOKEN,
    ),
    (
        "claims_supported",
        "email, email_verified, updated_at",
        "every_scope_releases_its_claims_and_offline_access_a_refresh_token",
    ),
    (
        "claims_supported",
        "name, given_name, middle_name, family_name, preferred_name, birthdate, trn, \
         trn_lookup_status, trn_verification_level, ni_number",
        TEACHERS,
    ),
    (
        "claims_supported",
        "previous_user_id",
        "after_a_merge_the_other_account_is_known_by_both_names",
    ),
    ("claims_supported", "c_hash", TYPES),
    ("claim_types_supported", "normal", TEACHERS),
    (
        "response_types_supported",
        "code, id_token, id_token token, code id_token, code token, code id_token token",
        TYPES,
    ),
    (
        "response_modes_supported",
        "query, fragment, form_post",
        TYPES,
    ),
    (
        "grant_types_supported",
        "authorization_code, refresh_token",
        "a_person_signs_in_stays_and_signs_out",
    ),
    ("grant_types_supported", "client_credentials", METHODS),
    ("grant_types_supported", "implicit", TYPES),
    (
        "prompt_values_supported",
        "none",
        "prompt_none_never_shows_a_page",
    ),
    (
        "prompt_values_supported",
        "login",
        "prompt_login_asks_for_a_new_code_though_the_session_lives",
    ),
    (
        "prompt_values_supported",
        "consent",
        "consent_is_remembered_until_the_service_wants_more_or_asks_again",
    ),
    (
        "prompt_values_supported",
        "select_account",
        "select_account_offers_the_account_of_the_session_or_another",
    ),
    (
        "acr_values_supported",
        "Cl",
        "a_request_that_accepts_one_factor_only_is_told_of_one",
    ),
    (
        "acr_values_supported",
        "Cl.Cm",
        "acr_values_offer_a_second_factor_and_take_no_for_an_answer",
    ),
    ("subject_types_supported", "public", ID_TOKEN),
    ("subject_types_supported", "pairwise", PAIRWISE),
    (
        "id_token_signing_alg_values_supported",
        "RS256, PS256, ES256, EdDSA",
        SIGNED,
    ),
    (
        "userinfo_signing_alg_values_supported",
        "RS256, PS256, ES256, EdDSA",
        SIGNED,
    ),
    (
        "token_endpoint_auth_methods_supported",
        SECRETS_AND_KEYS,
        METHODS,
    ),
    (
        "token_endpoint_auth_methods_supported",
        "none",
        "a_public_client_redeems_with_its_id_alone",
    ),
    (
        "token_endpoint_auth_signing_alg_values_supported",
        "RS256, PS256, ES256, EdDSA, HS256",
        METHODS,
    ),
    (
        "revocation_endpoint_auth_methods_supported",
        SECRETS_AND_KEYS,
        METHODS,
    ),
    (
        "revocation_endpoint_auth_methods_supported",
        "none",
        "a_public_client_revokes_its_own_tokens",
    ),
    (
        "revocation_endpoint_auth_signing_alg_values_supported",
        "RS256, PS256, ES256, EdDSA, HS256",
        METHODS,
    ),
    (
        "introspection_endpoint_auth_methods_supported",
        SECRETS_AND_KEYS,
        METHODS,
    ),
    (
        "introspection_endpoint_auth_signing_alg_values_supported",
        "RS256, PS256, ES256, EdDSA, HS256",
        METHODS,
    ),
    (
        "code_challenge_methods_supported",
        "S256",
        "only_s256_challenges_are_taken",
    ),
    (
        "dpop_signing_alg_values_supported",
        "RS256, PS256, ES256, EdDSA",
        "a_proof_in_every_algorithm_that_is_advertised_binds_a_token_and_opens_userinfo",
    ),
    (
        "authorization_response_iss_parameter_supported",
        "true",
        MODES,
    ),
    (
        "claims_parameter_supported",
        "true",
        "each_place_tells_what_was_asked_for_there_and_again_after_a_refresh",
    ),
    ("request_parameter_supported", "true", OBJECTS),
    ("request_uri_parameter_supported", "true", REFERENCES),
    ("require_request_uri_registration", "true", REFERENCES),
    (
        "request_object_signing_alg_values_supported",
        "RS256, PS256, ES256, EdDSA",
        OBJECTS,
    ),
    ("display_values_supported", "page, popup, touch", DISPLAY),
    ("ui_locales_supported", "en", DISPLAY),
];

const BACK: &str = "a_client_is_told_in_a_token_that_the_published_keys_verify";
const DISPLAY: &str = "every_display_and_any_language_leads_to_the_same_pages";
const FRONT: &str = "every_client_of_the_session_is_told_in_a_frame_before_the_browser_goes_on";
const OBJECTS: &str = "a_request_signed_in_every_algorithm_that_is_advertised_is_answered";
const REFERENCES: &str = "nothing_is_fetched_that_is_not_registered";
const TYPES: &str = "every_response_type_gives_what_it_names_in_every_mode";
const ENDPOINTS: &str = "every_endpoint_takes_its_methods_and_no_others";
const ID_TOKEN: &str = "an_id_token_says_this_and_nothing_else";
const METHODS: &str = "every_way_to_authenticate_works_at_every_endpoint_that_advertises_it";
const MODES: &str = "the_state_comes_back_byte_for_byte_with_the_code_in_both_modes";
const PAIRWISE: &str = "clients_of_different_sectors_cannot_compare_whom_they_know";
const PUSHED: &str = "a_service_pushes_its_request_and_its_person_signs_in_by_its_name";
const SIGNED: &str = "an_id_token_and_userinfo_in_every_algorithm_verify_with_the_published_keys";
const TEACHERS: &str = "every_claim_arrives_in_its_type";

const SECRETS_AND_KEYS: &str =
    "client_secret_basic, client_secret_post, client_secret_jwt, private_key_jwt";

#[tokio::test]
async fn every_value_that_is_advertised_has_a_test_and_every_test_a_value() {
    let app = App::start().await;
    let path = "/.well-known/openid-configuration";

    let advertised = values(&app.wire().get(path).await.json());

    let exercised: BTreeSet<(String, String)> = EXERCISES
        .iter()
        .flat_map(|(member, values, _)| {
            let values = values.replace("{issuer}", acceptance::ISSUER);
            let values: Vec<String> = values.split(", ").map(str::to_owned).collect();
            values
                .into_iter()
                .map(|value| ((*member).to_owned(), value))
        })
        .collect();
    let untested: Vec<_> = advertised.difference(&exercised).collect();
    assert!(
        untested.is_empty(),
        "advertised without a test: {untested:?}"
    );
    let gone: Vec<_> = exercised.difference(&advertised).collect();
    assert!(gone.is_empty(), "tested, but not advertised: {gone:?}");
}

#[test]
fn every_test_that_is_named_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut source = String::new();
    for directory in ["tests/acceptance", "crates/protocol/src"] {
        read_into(&mut source, &root.join(directory));
    }

    for (member, values, test) in EXERCISES {
        assert!(
            source.contains(&format!("fn {test}()")),
            "{member} {values}: there is no test {test}"
        );
    }
}

/// Each member with each of its values.
fn values(document: &Value) -> BTreeSet<(String, String)> {
    let text = |value: &Value| {
        value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned)
    };
    let members = document.as_object().unwrap();
    members
        .iter()
        .flat_map(|(member, value)| {
            let values = match value {
                Value::Array(values) => values.iter().map(text).collect(),
                value => vec![text(value)],
            };
            values.into_iter().map(|value| (member.clone(), value))
        })
        .collect()
}

fn read_into(source: &mut String, directory: &Path) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read_into(source, &path);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            source.push_str(&std::fs::read_to_string(path).unwrap());
        }
    }
}
