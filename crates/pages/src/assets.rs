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
mod tests;
