//! Forms and their headers, as programs post them to `/token` and `/userinfo`. The first line is
//! the `Authorization` header, the rest the form.
#![no_main]

use actix_web::test::TestRequest;
use libfuzzer_sys::fuzz_target;
use model::raw_pairs::RawPairs;

fuzz_target!(|input: &[u8]| {
    let split = input.iter().position(|byte| *byte == b'\n');
    let (authorization, form) = match split {
        Some(at) => (&input[..at], &input[at + 1..]),
        None => (&[][..], input),
    };
    let mut request = TestRequest::post()
        .uri("/token")
        .insert_header(("content-type", "application/x-www-form-urlencoded"));
    if let Ok(value) = actix_web::http::header::HeaderValue::from_bytes(authorization) {
        request = request.insert_header(("authorization", value));
    }
    let request = request.to_http_request();
    let _ = protocol::fuzzing::token_request(&request, form);
    let _ = protocol::fuzzing::bearer_token(&request, form);

    let pairs = RawPairs::parse(form);
    assert_eq!(RawPairs::parse(pairs.to_query().as_bytes()), pairs);
});
