//! How assets are served.

use actix_web::App;
use actix_web::body::to_bytes;
use actix_web::dev::ServiceResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::HeaderName;
use actix_web::test::TestRequest;
use actix_web::test::{call_service, init_service};

use super::*;
use crate::PagesSettings;

async fn answer(request: TestRequest) -> ServiceResponse {
    let pages = Pages::new(PagesSettings::default()).unwrap();
    let app = App::new()
        .app_data(web::Data::new(pages))
        .configure(configure);
    call_service(&init_service(app).await, request.to_request()).await
}

fn header(response: &ServiceResponse, name: HeaderName) -> &str {
    response.headers().get(name).unwrap().to_str().unwrap()
}

#[actix_web::test]
async fn a_stylesheet_may_be_kept_for_ever_because_its_name_holds_its_hash() {
    let url = url("generic.css");

    let response = answer(TestRequest::get().uri(&url)).await;

    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(header(&response, CONTENT_TYPE), "text/css; charset=utf-8");
    assert_eq!(
        header(&response, CACHE_CONTROL),
        "public, max-age=31536000, immutable"
    );
    assert_eq!(header(&response, VARY), "accept-encoding");
    let hash = url
        .trim_start_matches("/assets/generic-")
        .trim_end_matches(".css");
    assert_eq!(header(&response, ETAG), format!("W/\"{hash}\""));
    assert_eq!(hash.len(), 16);
}

#[actix_web::test]
async fn gzip_goes_to_those_who_accept_it_and_to_nobody_else() {
    let encoding = async |accepted: Option<&'static str>| {
        let mut request = TestRequest::get().uri(&url("generic.css"));
        if let Some(accepted) = accepted {
            request = request.insert_header((ACCEPT_ENCODING, accepted));
        }
        let response = answer(request).await;
        let gzip = response
            .headers()
            .get(CONTENT_ENCODING)
            .is_some_and(|name| name == "gzip");
        let body = to_bytes(response.into_body()).await.unwrap();
        assert_eq!(gzip, body.starts_with(&[0x1f, 0x8b]));
        gzip
    };

    assert!(encoding(Some("gzip, deflate, br, zstd")).await);
    assert!(!encoding(Some("br")).await);
    assert!(!encoding(Some("gzip;q=0")).await);
    assert!(!encoding(None).await);
}

#[actix_web::test]
async fn a_browser_that_holds_the_file_is_told_so() {
    let url = url("main.js");
    let etag = header(&answer(TestRequest::get().uri(&url)).await, ETAG).to_owned();

    let held = answer(
        TestRequest::get()
            .uri(&url)
            .insert_header((IF_NONE_MATCH, etag)),
    )
    .await;
    let other = answer(
        TestRequest::get()
            .uri(&url)
            .insert_header((IF_NONE_MATCH, "\"0000000000000000\"")),
    )
    .await;

    assert_eq!(held.status(), StatusCode::NOT_MODIFIED);
    assert_eq!(other.status(), StatusCode::OK);
}

#[actix_web::test]
async fn a_name_without_the_right_hash_is_not_found() {
    for path in [
        "/assets/generic.css",
        "/assets/generic-0000000000000000.css",
        "/assets/x",
    ] {
        let response = answer(TestRequest::get().uri(path)).await;

        assert_eq!(response.status(), StatusCode::NOT_FOUND, "{path}");
        assert_eq!(header(&response, CACHE_CONTROL), "no-store");
    }
}

#[actix_web::test]
async fn the_generic_brand_serves_nothing_that_is_licensed_for_gov_uk_only() {
    for source in [
        "govuk.css",
        "images/govuk-crest.svg",
        "fonts/light-94a07e06a1-v2.woff2",
    ] {
        let response = answer(TestRequest::get().uri(&url(source))).await;

        assert_eq!(response.status(), StatusCode::NOT_FOUND, "{source}");
    }
}

#[actix_web::test]
async fn head_answers_without_a_body() {
    let response = answer(
        TestRequest::default()
            .method("HEAD".parse().unwrap())
            .uri(&url("start.js")),
    )
    .await;

    assert_eq!(response.status(), StatusCode::OK);
}

#[test]
fn stylesheets_name_images_and_fonts_by_their_hash() {
    let css = EMBEDDED
        .files
        .iter()
        .find(|file| file.source == "govuk.css")
        .unwrap();
    let css = String::from_utf8_lossy(css.plain);

    assert!(css.contains(&url("images/govuk-crest.svg")));
    assert!(css.contains(&url("fonts/bold-b542beb274-v2.woff2")));
    assert!(!css.contains("/assets/fonts/") && !css.contains("/assets/images/"));
}
