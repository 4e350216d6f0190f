//! The picture that an authenticator app reads.

use model::Secret;
use qrcode::render::svg;
use qrcode::{EcLevel, QrCode};

/// A QR code (ISO/IEC 18004) as an `svg` element with its quiet zone, one unit a module; styles give
/// it its size. `None` when the text is longer than a QR code holds, about 2,300 bytes.
pub(super) fn svg(text: &Secret<String>) -> Option<Secret<String>> {
    let bytes = text.reveal().as_bytes();
    let code = QrCode::with_error_correction_level(bytes, EcLevel::M).ok()?;
    let file = code
        .render::<svg::Color<'_>>()
        .module_dimensions(1, 1)
        .build();
    // Inside a page an XML declaration is an error.
    let element = file.find("<svg").and_then(|start| file.get(start..))?;
    Some(Secret::new(element.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_one_element_with_room_around_it() {
        let drawn = svg(&Secret::new("otpauth://totp/x?secret=GEZDGNBV".to_owned())).unwrap();

        let drawn = drawn.reveal();
        assert!(drawn.starts_with("<svg ") && drawn.ends_with("</svg>"));
        // Version 3 has 29 modules; 4 of quiet zone on each side (ISO/IEC 18004 §6.3.8).
        assert!(drawn.contains("viewBox=\"0 0 37 37\""), "{drawn}");
        assert!(drawn.contains("M4 4h"), "{drawn}");
    }

    #[test]
    fn a_text_that_is_too_long_has_none() {
        assert_eq!(svg(&Secret::new("x".repeat(3_000))), None);
    }
}
