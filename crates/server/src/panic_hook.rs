//! Logs panics where they happen, without what they say: a panic's words are made of values, and
//! those may be anybody's.

/// Replaces the standard hook, which prints the words.
pub(crate) fn install() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        let place = place.as_deref().unwrap_or("an unknown place");
        // Only words that stand in the source are known to hold no value.
        let words = panic.payload().downcast_ref::<&'static str>();
        let words = words.copied().unwrap_or("the words are left out");
        tracing::error!(place, words, "a panic");
    }));
}
