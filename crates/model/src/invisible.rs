//! Characters that nobody sees and that pasted text brings along.

/// Whether a character is white space or takes no room: zero-width characters, soft hyphens and
/// the marks that turn the direction of writing.
pub(crate) fn is_invisible(character: char) -> bool {
    character.is_whitespace() || is_zero_width(character)
}

/// Whether a character takes no room and is not white space.
pub(crate) const fn is_zero_width(character: char) -> bool {
    matches!(
        character,
        '\u{ad}'
            | '\u{61c}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{2064}'
            | '\u{2066}'..='\u{206f}'
            | '\u{feff}'
    )
}
