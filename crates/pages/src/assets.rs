//! Stylesheets, scripts, icons and fonts, embedded and served under names that hold the hash of
//! their content, so that a browser may keep them for ever.

use actix_web::http::header::{
    ACCEPT_ENCODING, AcceptEncoding, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, Encoding,
    Header, IF_NONE_MATCH, IfNoneMatch, VARY,
};
use actix_web::{HttpRequest, HttpResponse, web};

use crate::{Brand, ErrorPage, Pages};

/// One embedded file.
struct Asset {
    brand: AssetBrand,
    /// Its name before hashing, for example `generic.css` or `images/favicon.svg`.
    source: &'static str,
    /// The last segment of its URL, for example `generic-1f0c5a31b2d44e90.css`.
    name: &'static str,
    content_type: &'static str,
    /// Weak, because the plain and the gzip form share it (RFC 9110 §8.8.3).
    etag: &'static str,
    plain: &'static [u8],
    gzip: Option<&'static [u8]>,
}

/// Which brand's pages use a file. What a brand does not use it does not serve: the fonts and
/// the crest are licensed for `gov.uk` hosts only.
#[derive(Clone, Copy, PartialEq, Eq)]
enum AssetBrand {
    Both,
    Generic,
    Govuk,
}

struct Embedded {
    files: &'static [Asset],
    govuk_logo: &'static str,
}

static EMBEDDED: Embedded = include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// Serves `/assets/{name}` by GET and HEAD. Needs `web::Data<Pages>` in the application.
pub fn configure(config: &mut web::ServiceConfig) {
    config.service(
        web::resource("/assets/{name}")
            .route(web::get().to(asset))
            .route(web::head().to(asset)),
    );
}

/// Where an embedded file is served: `/assets/generic-1f0c5a31b2d44e90.css` for `generic.css`.
/// `source` must be one of the names in `build.rs`; any other gives a URL that answers 404.
#[must_use]
pub fn url(source: &str) -> String {
    let found = EMBEDDED.files.iter().find(|file| file.source == source);
    format!("/assets/{}", found.map_or(source, |file| file.name))
}

pub(crate) fn govuk_logo() -> &'static str {
    EMBEDDED.govuk_logo
}

async fn asset(
    pages: web::Data<Pages>,
    name: web::Path<String>,
    request: HttpRequest,
) -> HttpResponse {
    let brand = pages.settings().brand;
    match EMBEDDED
        .files
        .iter()
        .find(|file| file.name == *name && file.belongs_to(brand))
    {
        Some(file) => file.respond(&request),
        None => pages.error(ErrorPage::NotFound, None),
    }
}

impl Asset {
    fn belongs_to(&self, brand: Brand) -> bool {
        match self.brand {
            AssetBrand::Both => true,
            AssetBrand::Generic => brand == Brand::Generic,
            AssetBrand::Govuk => brand == Brand::Govuk,
        }
    }

    fn respond(&self, request: &HttpRequest) -> HttpResponse {
        if self.is_held_by(request) {
            return HttpResponse::NotModified()
                .insert_header((ETAG, self.etag))
                .insert_header((CACHE_CONTROL, IMMUTABLE))
                .insert_header((VARY, ACCEPT_ENCODING.as_str()))
                .finish();
        }
        let mut response = HttpResponse::Ok();
        response
            .insert_header((CONTENT_TYPE, self.content_type))
            .insert_header((CACHE_CONTROL, IMMUTABLE))
            .insert_header((ETAG, self.etag))
            .insert_header((VARY, ACCEPT_ENCODING.as_str()));
        match self.gzip.filter(|_| accepts_gzip(request)) {
            Some(gzip) => response
                .insert_header((CONTENT_ENCODING, "gzip"))
                .body(gzip),
            None => response.body(self.plain),
        }
    }

    /// RFC 9110 §13.1.2: `If-None-Match` names this content, or `*`.
    fn is_held_by(&self, request: &HttpRequest) -> bool {
        if !request.headers().contains_key(IF_NONE_MATCH) {
            return false;
        }
        match IfNoneMatch::parse(request) {
            Ok(IfNoneMatch::Any) => true,
            Ok(IfNoneMatch::Items(tags)) => tags.iter().any(|tag| tag.to_string() == self.etag),
            Err(_) => false,
        }
    }
}

/// RFC 9110 §12.5.3. No header means no compression: such a client did not ask for it.
fn accepts_gzip(request: &HttpRequest) -> bool {
    request.headers().contains_key(ACCEPT_ENCODING)
        && AcceptEncoding::parse(request).is_ok_and(|accepted| {
            accepted.negotiate([Encoding::gzip(), Encoding::identity()].iter())
                == Some(Encoding::gzip())
        })
}

const IMMUTABLE: &str = "public, max-age=31536000, immutable";

#[cfg(test)]
mod tests {
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
}
